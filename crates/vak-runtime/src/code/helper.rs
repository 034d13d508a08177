//! The compiler as a process of its own: what runs on the other side of [`super::compiler`].
//!
//! It bounds itself before it reads anything, takes a module from its standard input, writes machine code to its standard
//! output, and ends. It opens no file, and has no environment that anybody but its parent has set.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::parent_id;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::{Resource, Rlimit, Signal, getrlimit, set_parent_process_death_signal, setrlimit};
use vak_model::StackClass;
use vak_package::Bounds;

use super::Identity;
use crate::Profile;
use crate::config::Allocation;
use crate::engine::new_engine;

/// The first word of a helper's command line. No skill can have this name.
pub(super) const VERB: &str = "__compile";

/// What an answer begins with, before the identity of the engine that compiled.
pub(super) const MAGIC: &[u8; 16] = b"vak-compiled-1\r\n";

/// What the parent orders, as the words after [`VERB`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) profile: Profile,
    /// The engine that the parent runs; a helper that has another one refuses.
    pub(super) identity: Identity,
    pub(super) memory_bytes: u64,
    pub(super) cpu_seconds: u64,
    pub(super) code_bytes: u64,
    /// The process that ordered.
    pub(super) parent: u32,
}

/// How a helper ends, as its exit code says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum End {
    /// The code is on standard output.
    Compiled = 0,
    /// The engine refuses the module; standard output says why.
    Refused = 10,
    /// The system refused memory.
    Memory = 11,
    /// The engine is not the one that was ordered.
    OtherEngine = 12,
    /// The order can't be read or followed; standard error says why.
    Unable = 13,
}

impl End {
    pub(super) const ALL: [Self; 5] = [Self::Compiled, Self::Refused, Self::Memory, Self::OtherEngine, Self::Unable];
}

/// Whether this program is its own helper.
static IS_A_HELPER: AtomicBool = AtomicBool::new(false);

pub(super) fn this_program_is_a_helper() -> bool {
    IS_A_HELPER.load(Ordering::Relaxed)
}

/// Serves as the compiler if `words`, a process's whole command line, order so; a program calls it before anything else.
///
/// With it, [`crate::CompileWith::this_program`] is a helper.
///
/// ```no_run
/// fn main() -> std::process::ExitCode {
///     vak_runtime::compiler_main(std::env::args_os()).unwrap_or_else(|| everything_else())
/// }
/// # fn everything_else() -> std::process::ExitCode { std::process::ExitCode::SUCCESS }
/// ```
pub fn compiler_main(words: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    IS_A_HELPER.store(true, Ordering::Relaxed);
    let mut words = words.into_iter().skip(1);
    if words.next()? != VERB {
        return None;
    }
    let words: Vec<_> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    let end = Order::parse(&words).map_or(Ok(End::Unable), |order| serve(&order)).unwrap_or_else(|error| {
        // If standard error is gone as well, the exit code still speaks.
        let _ = writeln!(io::stderr(), "{error}");
        End::Unable
    });
    Some(ExitCode::from(end as u8))
}

impl Order {
    pub(super) fn words(&self) -> [String; 7] {
        let Self { profile, identity, memory_bytes, cpu_seconds, code_bytes, parent } = self;
        [
            VERB.to_owned(),
            profile.name().to_owned(),
            identity.digest().to_string(),
            memory_bytes.to_string(),
            cpu_seconds.to_string(),
            code_bytes.to_string(),
            parent.to_string(),
        ]
    }

    fn parse(words: &[String]) -> Option<Self> {
        let [profile, identity, memory_bytes, cpu_seconds, code_bytes, parent] = words else { return None };
        Some(Self {
            profile: Profile::named(profile)?,
            identity: Identity::of_digest(identity.parse().ok()?),
            memory_bytes: memory_bytes.parse().ok()?,
            cpu_seconds: cpu_seconds.parse().ok()?,
            code_bytes: code_bytes.parse().ok()?,
            parent: parent.parse().ok()?,
        })
    }
}

fn serve(order: &Order) -> io::Result<End> {
    confine(order)?;
    let engine = match new_engine(order.profile, StackClass::Standard, Allocation::OnDemand, None) {
        Ok(engine) => engine,
        Err(error) if crate::guest::is_out_of_memory(&error) => return Ok(End::Memory),
        Err(error) => return Err(io::Error::other(format!("{error:#}"))),
    };
    if Identity::of(&engine, order.profile) != order.identity {
        return Ok(End::OtherEngine);
    }
    let mut wasm = Vec::new();
    io::stdin().lock().take(Bounds::MAX_FILE_BYTES as u64).read_to_end(&mut wasm)?;
    // Not through the standard library's stdout: it looks for the ends of lines in what it writes.
    let mut output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    match engine.precompile_module(&wasm) {
        Ok(code) => {
            output.write_all(MAGIC)?;
            output.write_all(order.identity.digest().as_bytes())?;
            output.write_all(&code)?;
            Ok(End::Compiled)
        }
        Err(error) if crate::guest::is_out_of_memory(&error) => Ok(End::Memory),
        Err(error) => {
            output.write_all(vak_model::printable(&format!("{error:#}"), 400).as_bytes())?;
            Ok(End::Refused)
        }
    }
}

/// Bounds this process, for good.
fn confine(order: &Order) -> io::Result<()> {
    let limits = [
        (Resource::Core, 0),
        (Resource::As, order.memory_bytes),
        (Resource::Cpu, order.cpu_seconds),
        (Resource::Fsize, order.code_bytes),
    ];
    for (resource, wanted) in limits {
        let allowed = getrlimit(resource).maximum.map_or(wanted, |maximum| maximum.min(wanted));
        setrlimit(resource, Rlimit { current: Some(allowed), maximum: Some(allowed) })?;
    }
    // Nobody waits for the code once the parent is gone; and it may be gone already.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    if parent_id() == order.parent { Ok(()) } else { Err(io::Error::other("the process that ordered is gone")) }
}

#[cfg(test)]
mod tests {
    use vak_model::Digest;

    use super::*;

    #[test]
    fn an_order_reads_back_from_its_words_and_half_an_order_is_none() {
        for profile in Profile::ALL {
            let identity = Identity::of_digest(Digest::from_bytes([7; 32]));
            let order = Order { profile, identity, memory_bytes: 1 << 30, cpu_seconds: 9, code_bytes: 5, parent: 1 };
            let words = order.words();
            assert_eq!(words[0], VERB);
            assert_eq!(Order::parse(&words[1..]), Some(order));
            assert_eq!(Order::parse(&words[1..6]), None);
            assert_eq!(Order::parse(&words), None);
        }
    }

    #[test]
    fn other_command_lines_are_left_to_the_program() {
        for words in [&["vak-run"][..], &["vak-run", "calculator"], &["vak-run", "x", VERB], &[]] {
            assert!(compiler_main(words.iter().map(OsString::from)).is_none(), "{words:?}");
        }
    }
}
