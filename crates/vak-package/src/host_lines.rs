//! The recorded world of a golden case: the host calls that it states, with what each is answered.

use base64ct::{Base64, Encoding as _};
use serde_json::{Map, Value};
use vak_model::{Contents, HostAnswer, HostCall, HostErrorLine, HostLine, Manifest, Text, printable};

use crate::manifest::{any, at_most};
use crate::mistakes::Read;
use crate::reader::{Mapping, Reader, did_you_mean, listed, nearest};

/// What the message of an error is if the case states none.
const STATED: &str = "as the golden case states";

/// The forms of contents: exactly one of them is stated.
const FORMS: [&str; 3] = ["text", "json", "base64"];

/// Reads what stands below `host`.
pub(crate) fn lines<'v>(reader: &mut Reader<'v>, value: &'v Value) -> Read<Vec<HostLine>> {
    let lines = reader.list(value, line)?;
    at_most(reader, lines.len(), Manifest::MAX_HOST_LINES).map(|()| lines)
}

fn line<'v>(reader: &mut Reader<'v>, value: &'v Value) -> Read<HostLine> {
    let keys = &["call", "request", "body", "response", "failed", "denied"];
    let parts = reader.mapping(value, "a host call", keys)?;
    let call = parts.required(reader, "call", "fs_read", call);
    let request = parts.optional(reader, "request", request);
    let body = parts.nullable(reader, "body", body);
    let answer = answer(reader, &parts, call.as_ref().ok().copied());
    Ok(HostLine { call: call?, request: request?, body: body?, answer: answer? })
}

fn call(reader: &mut Reader<'_>, value: &Value) -> Read<HostCall> {
    let name = reader.string(value)?;
    let known = HostCall::ALL.map(HostCall::name);
    HostCall::named(&name).ok_or_else(|| {
        let right = nearest(&name, &known).map_or_else(|| format!("there are {}", listed(&known)), did_you_mean);
        reader.refuse(&format!("`{}` is not a host call", printable(&name, 80)), &right)
    })
}

fn request(reader: &mut Reader<'_>, value: &Value) -> Read<Map<String, Value>> {
    match value {
        Value::Object(fields) => Ok(fields.clone()),
        other => Err(reader.refuse_kind(other, "it is a mapping of fields of the request")),
    }
}

fn body<'v>(reader: &mut Reader<'v>, value: &'v Value) -> Read<Contents> {
    let parts = reader.mapping(value, "a body", &FORMS)?;
    contents(reader, &parts)?.ok_or_else(|| none_of(reader, &parts, "a body"))
}

/// Exactly one of `response`, `failed` and `denied`.
fn answer<'v>(reader: &mut Reader<'v>, parts: &Mapping<'v>, call: Option<HostCall>) -> Read<HostAnswer> {
    let keys = ["response", "failed", "denied"];
    match keys.map(|key| parts.value(key)) {
        [Some(value), None, None] => {
            reader.below("response", |reader| response(reader, value, call)).map(HostAnswer::Done)
        }
        [None, Some(value), None] => reader.below("failed", |reader| error(reader, value)).map(HostAnswer::Failed),
        [None, None, Some(value)] => reader.below("denied", |reader| error(reader, value)).map(HostAnswer::Denied),
        [None, None, None] => Err(keys
            .iter()
            .find_map(|key| parts.misspelt(key))
            .unwrap_or_else(|| reader.refuse("a host call has no answer", "add `response`, `failed` or `denied`"))),
        _ => Err(reader.refuse("a host call has more than one answer", &format!("keep one of {}", listed(&keys)))),
    }
}

/// The response's bytes. That of `http_fetch` has a line of JSON before its body.
fn response<'v>(reader: &mut Reader<'v>, value: &'v Value, call: Option<HostCall>) -> Read<Vec<u8>> {
    let has_head = call == Some(HostCall::HttpFetch);
    let keys: &[&str] = if has_head { &["head", "text", "json", "base64"] } else { &FORMS };
    let parts = reader.mapping(value, if has_head { "a response of `http_fetch`" } else { "a response" }, keys)?;
    let stated = contents(reader, &parts)?;
    if has_head {
        let head = parts.required(reader, "head", "{ status: 200, url: \"https://example.com/\", headers: [] }", any);
        let mut bytes = canonical(&head?);
        bytes.push(b'\n');
        bytes.extend(stated.map(into_bytes).unwrap_or_default());
        return Ok(bytes);
    }
    stated.map(into_bytes).ok_or_else(|| none_of(reader, &parts, "a response"))
}

fn into_bytes(contents: Contents) -> Vec<u8> {
    match contents {
        Contents::Bytes(bytes) => bytes,
        Contents::Json(value) => canonical(&value),
    }
}

/// The same bytes however the manifest writes the value. What can't be written, which no value of a manifest is, is `null`.
fn canonical(value: &Value) -> Vec<u8> {
    serde_json_canonicalizer::to_vec(value).unwrap_or_else(|_| b"null".to_vec())
}

/// What is stated in one of the forms; none if no form is there.
fn contents<'v>(reader: &mut Reader<'v>, parts: &Mapping<'v>) -> Read<Option<Contents>> {
    match FORMS.map(|form| parts.value(form)) {
        [None, None, None] => Ok(None),
        [Some(value), None, None] => {
            let text = reader.below("text", |reader| reader.string(value))?;
            Ok(Some(Contents::Bytes(text.into_bytes())))
        }
        [None, Some(value), None] => Ok(Some(Contents::Json(value.clone()))),
        [None, None, Some(value)] => {
            reader.below("base64", |reader| base64(reader, value)).map(|bytes| Some(Contents::Bytes(bytes)))
        }
        _ => Err(reader.refuse("the bytes are stated more than once", &format!("keep one of {}", listed(&FORMS)))),
    }
}

fn none_of(reader: &mut Reader<'_>, parts: &Mapping<'_>, what: &str) -> crate::mistakes::Noted {
    FORMS
        .iter()
        .find_map(|form| parts.misspelt(form))
        .unwrap_or_else(|| reader.refuse(&format!("{what} states no bytes"), &format!("add one of {}", listed(&FORMS))))
}

fn base64(reader: &mut Reader<'_>, value: &Value) -> Read<Vec<u8>> {
    let text = reader.string(value)?;
    Base64::decode_vec(&text)
        .map_err(|_| reader.refuse("the text is not base64", "write the alphabet of RFC 4648 with its padding"))
}

fn error<'v>(reader: &mut Reader<'v>, value: &'v Value) -> Read<HostErrorLine> {
    let parts = reader.mapping(value, "an error", &["code", "message"])?;
    let code = parts.required(reader, "code", "fs.not_found", |reader, value| {
        let code = reader.string(value)?;
        if HostErrorLine::is_code(&code) {
            return Ok(code);
        }
        let wrong = format!("`{}` is not a code", printable(&code, 80));
        Err(reader.refuse(&wrong, "write one such as `fs.not_found` or `policy.ungranted`"))
    });
    let message = parts.nullable(reader, "message", Reader::text::<Text>);
    let stated = || Text::try_from(STATED.to_owned()).unwrap_or_default();
    Ok(HostErrorLine { code: code?, message: message?.unwrap_or_else(stated) })
}
