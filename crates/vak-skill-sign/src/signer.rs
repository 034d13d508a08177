//! A command that signs: an agent, a token, a key service, without code for any of them here.
//!
//! It gets the message on its standard input and answers with the signature on its standard output. It has a time to do so
//! in; then it is killed, and what it started with it. What it answers counts for nothing until it is verified.

use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use vak_cli::Failure;
use vak_model::Code;

const SIGNATURE_BYTES: usize = 64;

/// How often it is looked whether a command that has answered has ended.
const POLL: Duration = Duration::from_millis(5);

/// Has `command`, a line for the shell, sign `message`.
pub(crate) fn sign(command: &str, message: &[u8], timeout: Duration) -> Result<[u8; SIGNATURE_BYTES], Failure> {
    let failed = |what: String| Failure::new(Code::SignerFailed, what).fact("signer", command);
    let deadline = Instant::now() + timeout;
    let mut child = start(command).map_err(|error| failed("the signer can't be run".to_owned()).caused_by(&error))?;
    let answer = answer(&mut child, message, deadline);
    let status = answer.as_ref().and_then(|_| wait(&mut child, deadline));
    let (Some(answer), Some(status)) = (answer, status) else {
        end(&mut child);
        return Err(failed(format!("the signer did not answer within {} ms", timeout.as_millis())));
    };
    if !status.success() {
        return Err(failed(format!("the signer failed: {status}")));
    }
    <[u8; SIGNATURE_BYTES]>::try_from(answer.as_slice()).map_err(|_| {
        let count = if answer.len() > SIGNATURE_BYTES { "more".to_owned() } else { answer.len().to_string() };
        failed(format!("the signer answered with {count} bytes instead of {SIGNATURE_BYTES}"))
    })
}

/// Starts the command in a process group of its own, so that all of it can be ended.
fn start(command: &str) -> std::io::Result<Child> {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
    shell.spawn()
}

/// What the command answers until it closes its output: one byte more than a signature at most.
fn answer(child: &mut Child, message: &[u8], deadline: Instant) -> Option<Vec<u8>> {
    // The message fits into the pipe, so writing does not wait. A command that does not read it is its own affair.
    let _ = child.stdin.take().map(|mut stdin| stdin.write_all(message));
    let stdout = child.stdout.take()?;
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut answer = Vec::new();
        let read = stdout.take(SIGNATURE_BYTES as u64 + 1).read_to_end(&mut answer);
        // Nobody listens any more when the time is over.
        let _ = sender.send(read.map(|_| answer).unwrap_or_default());
    });
    receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()
}

fn wait(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < deadline => thread::sleep(POLL),
            Ok(None) | Err(_) => return None,
        }
    }
}

/// Ends a command that has not ended, and what it started.
fn end(child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        // The child is not waited for yet, so the group is still its own.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(600);

    fn said(command: &str, timeout: Duration) -> String {
        let failure = sign(command, &[7; 42], timeout).expect_err(command);
        assert_eq!(failure.code(), Code::SignerFailed);
        failure.message().to_owned()
    }

    #[test]
    fn a_signer_gets_the_message_and_gives_64_bytes() {
        let echo = "test \"$(wc -c | tr -d ' ')\" = 42 && printf '%064d' 0";
        assert_eq!(sign(echo, &[7; 42], LONG).expect("a signature"), [b'0'; 64]);
    }

    #[test]
    fn what_is_no_signature_is_none() {
        assert_eq!(said("printf 1234", LONG), "the signer answered with 4 bytes instead of 64");
        assert!(said("cat /dev/zero", LONG).starts_with("the signer failed: "), "its output is not read to its end");
        assert_eq!(said("printf '%065d' 0", LONG), "the signer answered with more bytes instead of 64");
        assert_eq!(said("exit 3", LONG), "the signer failed: exit status: 3");
    }

    #[test]
    fn a_signer_that_does_not_end_is_ended_with_all_that_it_started() {
        let started = Instant::now();
        let short = Duration::from_millis(50);
        for command in ["sleep 1000", "sleep 1000 & printf '%064d' 0", "exec >&-; sleep 1000"] {
            assert_eq!(said(command, short), "the signer did not answer within 50 ms", "{command}");
        }
        assert!(started.elapsed() < LONG);
    }
}
