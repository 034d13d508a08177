//! `--record-host`: a run as a golden case, with its host calls and what each was answered, ready to be pasted.
//!
//! What is written is what the guest got: secrets of the operator's were taken out before that.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use base64ct::{Base64, Encoding as _};
use serde_json::{Map, Value, json};
use vak_abi::Verdict;
use vak_cli::{Failure, Ui, quote};
use vak_model::{Code, Decision, Effect, HostCall, Manifest};
use vak_package::{ManifestDocument, parse_json};
use vak_runtime::{Answer, CallError, Ended, RecordError, Recorder, Summary};

/// How much of requests and responses is kept, in bytes: a manifest has no room for more.
const MAX_KEPT_BYTES: usize = 256 << 10;

/// A host call, and what it was answered.
struct Call {
    effect: Effect,
    body: Option<Vec<u8>>,
    ended: Option<Ended>,
    response: Vec<u8>,
}

/// The calls of a run, unless they are more than a case can state.
#[derive(Default)]
struct Calls {
    kept: Vec<Call>,
    bytes: usize,
    is_too_much: bool,
}

impl Calls {
    /// Makes room for so many bytes more; none is left, then everything is forgotten.
    fn has_room(&mut self, bytes: usize) -> bool {
        self.bytes = self.bytes.saturating_add(bytes);
        self.is_too_much |= self.bytes > MAX_KEPT_BYTES || self.kept.len() > Manifest::MAX_HOST_LINES;
        if self.is_too_much {
            self.kept = Vec::new();
        }
        !self.is_too_much
    }
}

/// A run that is written down.
pub(crate) struct Recording {
    file: PathBuf,
    calls: Arc<Mutex<Calls>>,
}

struct Pen(Arc<Mutex<Calls>>);

impl Recorder for Pen {
    fn intent(&mut self, effect: &Effect, _: &Decision) -> Result<(), RecordError> {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if calls.has_room(0) {
            calls.kept.push(Call { effect: effect.clone(), body: None, ended: None, response: Vec::new() });
        }
        Ok(())
    }

    fn outcome(&mut self, result: &Summary<'_>) -> Result<(), RecordError> {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (body, response) = (result.request, result.response.unwrap_or_default());
        if calls.has_room(body.map_or(0, <[u8]>::len) + response.len())
            && let Some(call) = calls.kept.last_mut()
        {
            call.body = body.map(<[u8]>::to_vec);
            call.ended = Some(result.ended);
            call.response = response.to_vec();
        }
        Ok(())
    }
}

impl Recording {
    /// A recording that goes into a file which is not there yet.
    pub(crate) fn new(file: &Path) -> Result<Self, Failure> {
        if file.symlink_metadata().is_ok() {
            let shown = quote(&file.to_string_lossy());
            return Err(Failure::new(Code::FileWrite, format!("`{}` is there already", file.display()))
                .next(format!("rm {shown}"), "removes it, if it is of no use any more"));
        }
        Ok(Self { file: file.to_owned(), calls: Arc::default() })
    }

    pub(crate) fn recorder(&self) -> Box<dyn Recorder> {
        Box::new(Pen(Arc::clone(&self.calls)))
    }

    /// Writes the case, if the skill has given an answer.
    pub(crate) fn finish(
        self,
        export: &str,
        input: &[u8],
        result: &Result<Answer, CallError>,
        manifest: &Manifest,
        ui: &mut Ui,
    ) -> Result<(), Failure> {
        let file = self.file.display().to_string();
        let Ok(answer) = result else {
            return Ok(ui.note(&format!("note: the skill gave no answer, so `{file}` is not written"))?);
        };
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let unfit = |why: &str| {
            let message = format!("`{file}` is not written: the run is no golden case");
            Failure::new(Code::FileWrite, message).fact("why", why.to_owned())
        };
        if calls.is_too_much {
            return Err(unfit("its host calls are more, or larger, than skill.yaml has room for"));
        }
        let text = case(export, input, answer, &calls.kept).ok_or_else(|| unfit("its answer is not JSON"))?;
        check(&text, manifest).map_err(|why| unfit(&why))?;
        write(&self.file, &text)
            .map_err(|error| Failure::new(Code::FileWrite, format!("failed to write `{file}`")).caused_by(&error))?;
        let count = calls.kept.len();
        Ok(ui.note(&format!("recorded: {file}, a golden case with {count} host calls, to paste below `tests:`"))?)
    }
}

/// Whether a manifest with this case can be read.
fn check(text: &str, manifest: &Manifest) -> Result<(), String> {
    let exports: Vec<Value> = manifest.exports.iter().map(|export| json!({ "name": export.name })).collect();
    let head = json!({
        "name": "recorded", "version": "1.0.0", "description": "", "module": "recorded.wasm", "exports": exports,
    });
    let head = head.as_object().into_iter().flatten().fold(String::new(), |mut head, (key, value)| {
        let _ = writeln!(head, "{key}: {value}");
        head
    });
    ManifestDocument::from_yaml(&format!("{head}tests:\n{text}")).map(drop).map_err(|error| error.to_string())
}

/// The case, as an entry below `tests:`.
fn case(export: &str, input: &[u8], answer: &Answer, calls: &[Call]) -> Option<String> {
    let (key, output) = match answer.verdict() {
        Verdict::Done => ("output", parse_json(answer.bytes()).ok()?),
        Verdict::Failed => ("error", parse_json(answer.bytes()).ok()?),
    };
    let input = parse_json(input).ok()?;
    let mut text = String::from("  - name: recorded\n");
    for (key, value) in [("export", &Value::from(export)), ("input", &input), (key, &output)] {
        let _ = writeln!(text, "    {key}: {}", yaml(value));
    }
    let _ = writeln!(text, "    host:{}", if calls.is_empty() { " []" } else { "" });
    for call in calls {
        line(call, &mut text);
    }
    Some(text)
}

/// One call, as an entry below `host:`.
fn line(call: &Call, text: &mut String) {
    let name = call.effect.call();
    let _ = writeln!(text, "      - call: {name}");
    let body = call.body.as_ref().filter(|body| !body.is_empty());
    // What a model is asked is the request as a whole, and has nothing behind it.
    let whole = body.filter(|_| name == HostCall::Reason).and_then(|body| parse_json(body).ok());
    let request = whole.as_ref().and_then(Value::as_object).cloned().unwrap_or_else(|| call.effect.request());
    if !request.is_empty() {
        let _ = writeln!(text, "        request: {}", yaml(&Value::Object(request)));
    }
    if let Some(body) = body.filter(|_| whole.is_none()) {
        let _ = writeln!(text, "        body: {}", yaml(&Value::Object(contents(body))));
    }
    let error = || error(&call.response);
    let (key, answer) = match call.ended.map(Ended::word) {
        Some("denied") => ("denied", error()),
        Some("failed") => ("failed", error()),
        _ => ("response", response(name, &call.response)),
    };
    let _ = writeln!(text, "        {key}: {}", yaml(&answer));
}

/// The code and the message that the guest was given.
fn error(response: &[u8]) -> Value {
    parse_json(response).unwrap_or_default()
}

fn response(call: HostCall, bytes: &[u8]) -> Value {
    match call {
        HostCall::FsRead | HostCall::KvGet | HostCall::Random => Value::Object(contents(bytes)),
        HostCall::HttpFetch => {
            let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
            let (head, body) = bytes.split_at(end);
            let mut parts = contents(body.get(1..).unwrap_or_default());
            parts.insert("head".to_owned(), parse_json(head).unwrap_or_default());
            Value::Object(parts)
        }
        _ => parse_json(bytes).map_or_else(|_| Value::Object(contents(bytes)), |value| json!({ "json": value })),
    }
}

/// Bytes as a text, if they are one.
fn contents(bytes: &[u8]) -> Map<String, Value> {
    let (form, text) = match std::str::from_utf8(bytes) {
        Ok(text) => ("text", text.to_owned()),
        Err(_) => ("base64", Base64::encode_string(bytes)),
    };
    Map::from_iter([(form.to_owned(), Value::from(text))])
}

/// A value on one line of YAML: JSON, in which all that YAML does not take is escaped.
fn yaml(value: &Value) -> String {
    let escaped = |c: char| match c {
        '\u{fffe}' | '\u{ffff}' => format!("\\u{:04x}", u32::from(c)),
        c => vak_model::printable_json(c.encode_utf8(&mut [0; 4])),
    };
    value.to_string().chars().map(escaped).collect()
}

/// Puts the file where nothing is: whole, or not at all, and for its owner alone.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".vak-").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.persist_noclobber(path).map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recorded_reads_as_the_same_bytes_whatever_is_in_them() {
        let all: String = (0..0x3000u32).chain(0xfdd0..0x1_0100).filter_map(char::from_u32).collect();
        for bytes in [all.as_bytes(), b"\xff\xfe\0", b"", b"- a: *b # c\n\t'\"\\"] {
            let call = Call {
                effect: Effect::KvSet { key: vak_model::KvKey::try_from("k").expect("a key"), bytes: 1 },
                body: Some(bytes.to_vec()),
                ended: Some(Ended::Done),
                response: b"{}".to_vec(),
            };
            let mut text = String::from("  - name: recorded\n    input: {}\n    output: {}\n    host:\n");
            line(&call, &mut text);
            line(
                &Call { effect: Effect::Random { bytes: 1 }, body: None, response: bytes.to_vec(), ..call },
                &mut text,
            );
            let head =
                "name: r\nversion: 1.0.0\ndescription: r\nmodule: r.wasm\nexports: [{ name: execute }]\ntests:\n";
            let manifest = ManifestDocument::from_yaml(&format!("{head}{text}"));
            let manifest = manifest.unwrap_or_else(|error| panic!("{error}\n{}", &text[..200]));
            let host = manifest.manifest().tests[0].host.as_ref().expect("calls");
            let body = Some(vak_model::Contents::Bytes(bytes.to_vec())).filter(|_| !bytes.is_empty());
            assert_eq!(host[0].body, body);
            assert_eq!(host[1].answer, vak_model::HostAnswer::Done(bytes.to_vec()));
        }
    }

    #[test]
    fn a_run_that_no_manifest_has_room_for_is_forgotten() {
        let calls = Arc::new(Mutex::new(Calls::default()));
        let mut pen = Pen(Arc::clone(&calls));
        let bytes = vec![0; MAX_KEPT_BYTES / 2];
        for too_much in [false, false, true, true] {
            let decision = Decision::Allowed { policies: Vec::new() };
            pen.intent(&Effect::Random { bytes: 1 }, &decision).expect("heard");
            let summary = Summary { ended: Ended::Done, request: None, response: Some(&bytes) };
            pen.outcome(&summary).expect("heard");
            let calls = calls.lock().expect("not poisoned");
            assert_eq!((calls.is_too_much, calls.kept.is_empty()), (too_much, too_much));
        }
    }
}
