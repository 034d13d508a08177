//! Machine code: where it comes from, and the one place where it is loaded.
//!
//! Loading code means to run it later, unchecked. So there are two sources and no third: a compiler that is this program
//! itself, or the helper that the operator named ([`compiler`]), and the cache, whose entries are authenticated with a key
//! that only this user has ([`cache`]). Whether a skill may run at all was decided before: neither source is asked about
//! bytes that nobody admitted.

mod cache;
mod compiler;
mod entry;
mod folder;
mod helper;
mod identity;

use std::ops::Range;

use wasmtime::{Engine, Module};

pub(crate) use cache::Cache;
pub use cache::{CacheError, CacheSize};
pub use compiler::CompileWith;
pub(crate) use compiler::compile;
pub use helper::compiler_main;
pub(crate) use identity::{EntryName, Identity};

/// The largest machine code of one module, in bytes: what a helper answers and an entry holds is read into memory.
const MAX_CODE_BYTES: u64 = 256 << 20;

/// Machine code that may be loaded.
///
/// The contract of this type: the bytes are, unchanged, what `Engine::precompile_module` gave in a program that the
/// operator trusts as this one. Only the modules below this one can make a value of it.
pub(crate) struct Code {
    /// The code, and what its source has put around it.
    bytes: Vec<u8>,
    code: Range<usize>,
}

impl Code {
    /// The bytes of the machine code alone.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(self.code.clone()).unwrap_or_default()
    }

    /// Makes the code ready to be instantiated. Code for another engine is an error.
    #[expect(unsafe_code, reason = "the engine can't check machine code, so its caller has to vouch for it")]
    pub(crate) fn load(&self, engine: &Engine) -> wasmtime::Result<Module> {
        // SAFETY: the bytes are the unchanged output of `Engine::precompile_module`, by the contract of this type. They
        // lie in memory of this process that nobody else can write to, and the engine copies them before it looks at
        // them. Output of another version or for another machine is refused by the engine itself.
        unsafe { Module::deserialize(engine, self.bytes()) }
    }
}
