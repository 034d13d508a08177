//! Compiling: in a process that can be stopped, or in this one.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use wasmtime::Engine;

use super::helper::{self, End, MAGIC, Order};
use super::{Code, Identity, MAX_CODE_BYTES};
use crate::config::CompileBounds;
use crate::error::CompileError;
use crate::{Profile, RuntimeConfig};

/// Which process compiles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CompileWith {
    /// This one. A compilation can't be stopped once it has begun, and what it takes of memory nobody bounds: a module
    /// of a few hundred kilobytes that passes the reader's bounds can still take many seconds and hundreds of
    /// megabytes. For modules that somebody vouches for.
    #[default]
    InProcess,
    /// A process of its own, bounded in time and memory: the program at this path is run as a compiler. It has to be one
    /// that calls [`crate::compiler_main`] and is built with the same version of this crate, such as `vak-run`. Its
    /// answer is machine code that is then run, so it is trusted as this program is.
    Helper(PathBuf),
}

/// The program that this process runs, even if the file that it came from was replaced since.
const THIS_PROGRAM: &str = "/proc/self/exe";

/// How many helpers one process runs at once.
const MAX_HELPERS: usize = 2;

/// How many threads a helper compiles with, at most.
const MAX_THREADS: usize = 4;

/// How much of what a helper says is kept, in bytes.
const MAX_SAID_BYTES: u64 = 2_000;

impl CompileWith {
    /// This program as its own helper, if its main function has called [`crate::compiler_main`]; else this process.
    #[must_use]
    pub fn this_program() -> Self {
        if helper::this_program_is_a_helper() { Self::Helper(THIS_PROGRAM.into()) } else { Self::InProcess }
    }
}

/// Compiles a module that was read and admitted.
pub(crate) fn compile(
    config: &RuntimeConfig,
    engine: &Engine,
    (profile, identity): (Profile, Identity),
    wasm: &[u8],
) -> Result<Code, CompileError> {
    match &config.compile_with {
        CompileWith::InProcess => match engine.precompile_module(wasm) {
            Ok(bytes) => Ok(Code { code: 0..bytes.len(), bytes }),
            Err(error) if crate::guest::is_out_of_memory(&error) => Err(CompileError::HostMemory),
            Err(error) => Err(CompileError::Refused(vak_model::printable(&format!("{error:#}"), 400))),
        },
        CompileWith::Helper(program) => Errand::new(wasm)?.run(program, profile, identity, config.compile_bounds),
    }
}

/// What goes to a helper, and what comes back: files without a name, in memory.
struct Errand {
    wasm: File,
    answer: File,
    said: File,
}

impl Errand {
    fn new(wasm: &[u8]) -> Result<Self, CompileError> {
        let memory = || memfd_create("vak-compile", MemfdFlags::CLOEXEC).map(File::from).map_err(io::Error::from);
        let made = || -> io::Result<Self> {
            let errand = Self { wasm: memory()?, answer: memory()?, said: memory()? };
            // At its place rather than at the end: the helper reads from where the file stands.
            errand.wasm.write_all_at(wasm, 0)?;
            Ok(errand)
        };
        made().map_err(CompileError::Helper)
    }

    fn run(
        self,
        program: &Path,
        profile: Profile,
        identity: Identity,
        bounds: CompileBounds,
    ) -> Result<Code, CompileError> {
        let _turn = Turn::take();
        let threads = thread::available_parallelism().map_or(1, |threads| threads.get().min(MAX_THREADS));
        // The clock's limit is the one that counts; this one holds should nobody be left to look at the clock.
        let cpu_seconds = (bounds.time.as_secs() + 1).saturating_mul(threads as u64);
        let order = Order {
            profile,
            identity,
            memory_bytes: bounds.memory_bytes,
            cpu_seconds,
            code_bytes: MAX_CODE_BYTES,
            parent: std::process::id(),
        };
        let child = self.command(program, &order, threads).and_then(|mut command| command.spawn());
        let end = child.and_then(|child| wait(child, bounds.time)).map_err(CompileError::Helper)?;
        self.judge(end, identity, bounds)
    }

    fn command(&self, program: &Path, order: &Order, threads: usize) -> io::Result<Command> {
        let handed = |file: &File| file.try_clone().map(|file| Stdio::from(OwnedFd::from(file)));
        let mut command = Command::new(program);
        command
            .arg0("vak-compiler")
            .args(order.words())
            .env_clear()
            .env("RAYON_NUM_THREADS", threads.to_string())
            .current_dir("/")
            .stdin(handed(&self.wasm)?)
            .stdout(handed(&self.answer)?)
            .stderr(handed(&self.said)?);
        Ok(command)
    }

    /// What came of it.
    fn judge(&self, end: Ended, identity: Identity, bounds: CompileBounds) -> Result<Code, CompileError> {
        let code = |status: ExitStatus| End::ALL.into_iter().find(|end| status.code() == Some(*end as i32));
        let status = match end {
            Ended::Killed => return Err(CompileError::Time(bounds.time)),
            Ended::ByItself(status) => status,
        };
        match (code(status), status.signal().and_then(Signal::from_named_raw)) {
            (Some(End::Compiled), _) => self.code(identity),
            (Some(End::Refused), _) => Err(CompileError::Refused(shown(&self.answer))),
            (Some(End::Memory), _) => Err(CompileError::Memory(bounds.memory_bytes)),
            (Some(End::OtherEngine), _) => Err(foreign("it has another engine")),
            (Some(End::Unable), _) => Err(foreign(&shown(&self.said))),
            (None, Some(Signal::XCPU)) => Err(CompileError::Time(bounds.time)),
            (None, Some(Signal::XFSZ)) => Err(CompileError::Memory(MAX_CODE_BYTES)),
            (None, Some(Signal::KILL)) => Err(CompileError::HostMemory),
            (None, _) if ran_out_of_memory(&shown(&self.said)) => Err(CompileError::Memory(bounds.memory_bytes)),
            (None, _) => Err(CompileError::Crashed(format!("{status}: {}", shown(&self.said)))),
        }
    }

    /// The machine code of an answer that says that it is one.
    fn code(&self, identity: Identity) -> Result<Code, CompileError> {
        let bytes = read(&self.answer, MAX_CODE_BYTES).map_err(CompileError::Helper)?;
        let head = [&MAGIC[..], identity.digest().as_bytes()].concat();
        if !bytes.starts_with(&head) {
            return Err(foreign("it does not answer as a compiler does"));
        }
        Ok(Code { code: head.len()..bytes.len(), bytes })
    }
}

/// The helper is not what it has to be.
fn foreign(why: &str) -> CompileError {
    CompileError::Helper(io::Error::other(why.to_owned()))
}

/// How a helper ended.
enum Ended {
    ByItself(ExitStatus),
    /// By us, when its time was over.
    Killed,
}

/// Waits for the end, and brings it about when the time is over.
fn wait(mut child: Child, time: Duration) -> io::Result<Ended> {
    let pid = Pid::from_child(&child);
    let (ended, is_over) = mpsc::channel::<()>();
    let watchdog = thread::Builder::new().name("vak-compile".to_owned()).spawn(move || {
        let late = is_over.recv_timeout(time) == Err(RecvTimeoutError::Timeout);
        // The helper is not taken from the process table before this thread has ended: the number is still its own.
        late && kill_process(pid, Signal::KILL).is_ok()
    });
    let watchdog = match watchdog {
        Ok(watchdog) => watchdog,
        Err(error) => {
            child.kill()?;
            child.wait()?;
            return Err(error);
        }
    };
    let end = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while matches!(waitid(WaitId::Pid(pid), end), Err(rustix::io::Errno::INTR)) {}
    drop(ended);
    let killed = watchdog.join().unwrap_or(false);
    let status = child.wait()?;
    Ok(if killed && status.signal() == Some(Signal::KILL.as_raw()) { Ended::Killed } else { Ended::ByItself(status) })
}

/// Whether a helper that was aborted has said that memory, or a thread's stack, was the reason.
fn ran_out_of_memory(said: &str) -> bool {
    said.contains("memory allocation of") || said.contains("has overflowed its stack")
}

/// The beginning of a text that a helper has written.
fn shown(file: &File) -> String {
    let bytes = read(file, MAX_SAID_BYTES).unwrap_or_default();
    vak_model::printable(String::from_utf8_lossy(&bytes).trim(), 400)
}

/// At most `max` bytes from the beginning of a file.
fn read(file: &File, max: u64) -> io::Result<Vec<u8>> {
    let len = file.metadata()?.len().min(max);
    let mut bytes = vec![0; usize::try_from(len).map_err(io::Error::other)?];
    file.read_exact_at(&mut bytes, 0)?;
    Ok(bytes)
}

/// One of the helpers that may run at once.
struct Turn;

static RUNNING: Mutex<usize> = Mutex::new(0);
static ONE_ENDED: Condvar = Condvar::new();

impl Turn {
    /// Waits until it is there.
    fn take() -> Self {
        let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let free = ONE_ENDED.wait_while(running, |running| *running >= MAX_HELPERS);
        *free.unwrap_or_else(PoisonError::into_inner) += 1;
        Self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *RUNNING.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        ONE_ENDED.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn no_more_helpers_run_at_once_than_may() {
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let _turn = Turn::take();
                        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        thread::yield_now();
                        now.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert!((1..=MAX_HELPERS).contains(&most.load(Ordering::SeqCst)), "{most:?}");
    }
}
