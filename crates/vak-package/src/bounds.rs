//! How large and how dear a module may be, and why one is refused.

use vak_model::Code;
use wasmparser::BinaryReaderError;

/// How large a module and its parts may be. The fields are counts unless their names say bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Of the file: reading, hashing and compiling are linear in it. Default 16 MiB, at most [`Bounds::MAX_FILE_BYTES`].
    pub file_bytes: usize,
    /// Function types, globals and tables each: tables that the engine builds per module. Default 10,000.
    pub definitions: u32,
    /// Functions: each costs a compilation. Default 50,000.
    pub functions: u32,
    /// Locals of all functions together, which a few bytes declare by the thousand. Default 1,000,000.
    pub locals: u64,
    /// Of one function's body: register allocation is worse than linear in it. Default 1 MiB.
    pub body_bytes: usize,
    /// Imports. Default 256.
    pub imports: u32,
    /// Exports. Default 1,024.
    pub exports: u32,
    /// Element and data segments together. Default 10,000.
    pub segments: u32,
    /// Elements that the element segments list together. Default 100,000.
    pub elements: u64,
    /// Elements that all tables begin with together: the engine lays them out when it compiles. Default 1,000,000.
    pub table_elements: u64,
    /// Blocks, branches, calls and bulk operations of one function: compiling is quadratic in them. Default 10,000.
    pub control: u64,
    /// The sum of the squares of `control` over all functions. Default 400,000,000.
    pub control_squares: u64,
    /// Targets of one `br_table`. Default 65,536.
    pub branch_targets: u32,
    /// Blocks within blocks. Default 1,000.
    pub nesting: u32,
}

impl Bounds {
    /// The largest file that anybody may allow.
    pub const MAX_FILE_BYTES: usize = 64 << 20;
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            file_bytes: 16 << 20,
            definitions: 10_000,
            functions: 50_000,
            locals: 1_000_000,
            body_bytes: 1 << 20,
            imports: 256,
            exports: 1_024,
            segments: 10_000,
            elements: 100_000,
            table_elements: 1_000_000,
            control: 10_000,
            control_squares: 400_000_000,
            branch_targets: 65_536,
            nesting: 1_000,
        }
    }
}

/// Why bytes are no module that VAK takes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    /// The file is too large to be looked at.
    #[error("the module has {bytes} bytes, more than {max}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The bound.
        max: usize,
    },
    /// Not a WebAssembly module at all; says what it looks like instead.
    #[error("not a WebAssembly module: {0}")]
    NotWasm(&'static str),
    /// Malformed, invalid, or of a feature that is off.
    #[error("{message} (at byte {offset})")]
    Malformed {
        /// What the parser says.
        message: String,
        /// Where in the file.
        offset: usize,
    },
    /// Dearer to compile than allowed.
    #[error("the module has {count} {what}, more than {max}")]
    Bounds {
        /// What there is too much of.
        what: &'static str,
        /// How much.
        count: u64,
        /// The bound.
        max: u64,
    },
    /// A section that decides about the skill's identity is not where or what it must be.
    #[error("{0}")]
    Identity(&'static str),
}

impl ScanError {
    /// What the error is called.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::TooLarge { .. } => Code::ArtefactSize,
            Self::Bounds { .. } => Code::ArtefactBounds,
            Self::NotWasm(_) | Self::Malformed { .. } | Self::Identity(_) => Code::ArtefactMalformed,
        }
    }
}

impl From<BinaryReaderError> for ScanError {
    fn from(error: BinaryReaderError) -> Self {
        Self::Malformed { message: vak_model::printable(error.message(), 200), offset: error.offset() }
    }
}
