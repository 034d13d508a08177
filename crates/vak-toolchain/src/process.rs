//! Running other programs with every side bounded: no input, a deadline, and a limit to the output that is kept.
//!
//! A program past its deadline is killed. What it started itself may run on, but is not waited for: an own process
//! group would let all be killed at once, and would also keep a terminal's Ctrl-C from reaching the program.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use crate::text::brief;

/// How much of a stream is kept, its end: a compiler can say more than memory should hold.
const MAX_OUTPUT: usize = 64 * 1024;

/// How long the output of a program that ended is waited for; a left-behind child may hold the pipe open for ever.
const OUTPUT_GRACE: Duration = Duration::from_secs(2);

/// The longest pause between two looks at a running program.
const MAX_PAUSE: Duration = Duration::from_millis(50);

/// Another program could not be run to a good end.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It can't be started, or not be watched.
    #[error("`{}` can't be run", program.display())]
    Run {
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It was killed at its deadline.
    #[error("`{}` did not finish within {limit:?}", program.display())]
    Timeout {
        /// The program.
        program: PathBuf,
        /// The time it was given.
        limit: Duration,
    },
    /// It ran and reported a failure.
    #[error("`{}` failed: {said}", program.display())]
    Failed {
        /// The program.
        program: PathBuf,
        /// The line of its output that best says why, printable and short.
        said: String,
    },
}

/// Runs `command` and returns the end of its stdout.
///
/// # Errors
/// It can't be run, is not done within `limit`, or exits with another status than 0.
pub(crate) fn run(mut command: Command, limit: Duration) -> Result<String, ProcessError> {
    let program = PathBuf::from(command.get_program());
    let failed = |source| ProcessError::Run { program: program.clone(), source };
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(failed)?;
    let (stdout, stderr) = (child.stdout.take().map(keep_tail), child.stderr.take().map(keep_tail));
    let status = wait(&mut child, limit).map_err(failed)?;
    match status {
        None => Err(ProcessError::Timeout { program, limit }),
        Some(status) if status.success() => Ok(String::from_utf8_lossy(&collect(stdout)).into_owned()),
        Some(status) => Err(ProcessError::Failed { said: said(status, &collect(stderr)), program }),
    }
}

/// A command for asking `program` something: in English, without rustup downloading a toolchain to answer it, and not
/// in the current folder, whose `rust-toolchain.toml` could name any program.
pub(crate) fn question(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("LC_ALL", "C").env("RUSTUP_AUTO_INSTALL", "0");
    if program.is_absolute() {
        command.current_dir("/");
    }
    command
}

fn said(status: ExitStatus, stderr: &[u8]) -> String {
    if stderr.trim_ascii().is_empty() { status.to_string() } else { brief(stderr) }
}

/// Waits until the child ends, or kills it at the deadline and returns nothing.
fn wait(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let begun = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        let left = limit.saturating_sub(begun.elapsed());
        if left.is_zero() {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(pause.min(left));
        pause = (pause * 2).min(MAX_PAUSE);
    }
}

/// Reads a stream to its end on another thread and hands over the last [`MAX_OUTPUT`] bytes.
fn keep_tail(mut stream: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let (mut tail, mut buffer) = (Vec::new(), [0; 8 * 1024]);
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            tail.extend_from_slice(&buffer[..count]);
            let excess = tail.len().saturating_sub(MAX_OUTPUT);
            tail.drain(..excess);
        }
        // Nobody listens any more once the deadline has passed.
        let _ = sender.send(tail);
    });
    receiver
}

fn collect(stream: Option<Receiver<Vec<u8>>>) -> Vec<u8> {
    stream.and_then(|receiver| receiver.recv_timeout(OUTPUT_GRACE).ok()).unwrap_or_default()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration) -> Result<String, ProcessError> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        run(command, limit)
    }

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn a_program_that_hangs_is_killed_at_its_deadline() {
        let begun = Instant::now();
        let stopped = shell("exec sleep 30", Duration::from_millis(200));
        assert!(matches!(stopped, Err(ProcessError::Timeout { .. })), "{stopped:?}");
        assert!(begun.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn only_the_end_of_a_long_output_is_kept() {
        let output = shell("head -c 300000 /dev/zero; echo end", LONG).expect("output");
        assert_eq!(output.len(), MAX_OUTPUT);
        assert!(output.ends_with("end\n"));
    }

    #[test]
    fn a_program_gets_no_input() {
        assert_eq!(shell("cat", LONG).expect("an end"), "");
    }

    #[test]
    fn a_failure_says_why() {
        for (script, why) in [
            ("echo 'error: no luck' >&2; exit 3", "`/bin/sh` failed: error: no luck"),
            ("exit 3", "`/bin/sh` failed: exit status: 3"),
        ] {
            assert_eq!(shell(script, LONG).expect_err("a failure").to_string(), why);
        }
        let missing = run(Command::new("/nowhere/tool"), LONG).expect_err("nothing there");
        assert_eq!(missing.to_string(), "`/nowhere/tool` can't be run");
    }
}
