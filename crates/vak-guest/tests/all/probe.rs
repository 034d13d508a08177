//! The header in a process of its own, under the compiler's sanitizers where it has them.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;

/// What makes a read or write outside of a block, and any undefined operation, the end of the process.
const SANITIZERS: &str = "-fsanitize=address,undefined";

/// The answers to all `requests`, each of which begins with what to do; none if no C compiler is here.
pub(crate) fn ask(requests: &[Vec<u8>]) -> Option<Vec<Vec<u8>>> {
    let program = program()?;
    let mut child = Command::new(program)
        .env("ASAN_OPTIONS", "detect_leaks=0")
        .env("UBSAN_OPTIONS", "halt_on_error=1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the probe");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input: Vec<u8> = requests.iter().flat_map(|request| framed(request)).collect();
    let writer = thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("an end");
    assert!(output.status.success(), "the probe ended with {}", output.status);
    writer.join().expect("no panic").expect("all was read");
    let answers = unframed(&output.stdout);
    assert_eq!(answers.len(), requests.len());
    Some(answers)
}

/// The same for requests of one kind, answers as text.
pub(crate) fn ask_each<T: AsRef<[u8]>>(what: char, texts: &[T]) -> Option<Vec<String>> {
    let requests: Vec<_> = texts.iter().map(|text| [what.to_string().as_bytes(), text.as_ref()].concat()).collect();
    let text = |answer| String::from_utf8(answer).expect("an answer is UTF-8");
    Some(ask(&requests)?.into_iter().map(text).collect())
}

/// What is answered instead of a value.
pub(crate) const NOTHING: &str = r#"{"error":"output: not complete"}"#;

fn framed(request: &[u8]) -> Vec<u8> {
    let len = u32::try_from(request.len()).expect("a short request");
    [&len.to_le_bytes(), request].concat()
}

fn unframed(mut rest: &[u8]) -> Vec<Vec<u8>> {
    let mut answers = Vec::new();
    while let Some((len, after)) = rest.split_first_chunk::<4>() {
        let (answer, after) = after.split_at(u32::from_le_bytes(*len) as usize);
        answers.push(answer.to_vec());
        rest = after;
    }
    answers
}

/// What is compiled, and what with.
const HEADER: &str = include_str!("../../include/vak.h");
const SOURCE: &str = include_str!("probe.c");

/// The probe, compiled once for every test: it is called by what it is made of.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn program() -> Option<&'static Path> {
    static PROGRAM: OnceLock<Option<PathBuf>> = OnceLock::new();
    PROGRAM.get_or_init(|| compile(&[SANITIZERS]).or_else(|| compile(&[]))).as_deref().or_else(|| {
        eprintln!("skipped: no C compiler is here, neither `cc` nor `clang`");
        None
    })
}

fn compile(flags: &[&str]) -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let mut hasher = DefaultHasher::new();
    (HEADER, SOURCE, flags).hash(&mut hasher);
    let program = folder.join(format!("probe-{:016x}", hasher.finish()));
    if program.is_file() {
        return Some(program);
    }
    // Another process may compile the same; whoever is last puts the same thing in its place.
    let work = folder.join(format!("probe-{}", std::process::id()));
    let works = |compiler: &&&str| {
        let mut command = Command::new(compiler);
        command.args(["-std=c11", "-O1", "-g", "-fwrapv", "-fno-strict-aliasing"]).args(flags);
        command.arg("-I").arg(here.join("include")).arg(here.join("tests/all/probe.c")).arg("-o").arg(&work);
        command.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    };
    ["cc", "clang"].iter().find(works)?;
    fs::rename(&work, &program).expect("the same folder");
    Some(program)
}
