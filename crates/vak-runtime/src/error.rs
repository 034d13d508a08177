//! What can go wrong on the way from an admitted package to an answer, sorted by whose fault it is.

use std::time::Duration;

use vak_model::{Code, ExportName, LimitKind};
use vak_package::{JsonError, ScanError, SchemaError, SchemaViolation};
use vak_policy::GrantError;
use wasmtime::Trap;

use crate::record::RecordError;

/// The engine can't be set up here.
#[derive(Debug, thiserror::Error)]
#[error("the engine could not be set up: {message}")]
pub struct EngineError {
    message: String,
}

impl EngineError {
    pub(crate) fn new(error: wasmtime::Error) -> Self {
        Self { message: vak_model::printable(&format!("{error:#}"), 400) }
    }

    /// What the error is called.
    #[must_use]
    pub const fn code(&self) -> Code {
        Code::HostEngine
    }
}

/// A module could not be compiled.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// A body of a function, which was not read before, is malformed or out of bounds.
    #[error(transparent)]
    Malformed(#[from] ScanError),
    /// The engine refused it.
    #[error("the engine refused the module: {0}")]
    Refused(String),
    /// Compiling it took too long.
    #[error("compiling the module takes more than {} ms", .0.as_millis())]
    Time(Duration),
    /// Compiling it took too much memory.
    #[error("compiling the module takes more memory than {} MiB", .0 >> 20)]
    Memory(u64),
    /// It needs more than a slot of the host's pool has.
    #[error("the module does not fit into the host's pool: {0}")]
    Slot(String),
    /// The helper can't be run, or is no helper for this engine.
    #[error("the compiler's process can't be used")]
    Helper(#[source] std::io::Error),
    /// The system had no memory for it, or somebody else killed the helper.
    #[error("the host has no memory to compile the module")]
    HostMemory,
    /// The compiler has a bug, and the module found it.
    #[error("the compiler broke down: {0}")]
    Crashed(String),
    /// There is no engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl CompileError {
    /// What the error is called.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Malformed(error) => error.code(),
            Self::Refused(_) => Code::ArtefactCompile,
            Self::Time(_) => Code::LimitCompileTime,
            Self::Memory(_) => Code::LimitCompileMemory,
            Self::Slot(_) => Code::LimitPool,
            Self::Helper(_) => Code::HostCompiler,
            Self::HostMemory => Code::HostMemory,
            Self::Crashed(_) => Code::InternalBug,
            Self::Engine(error) => error.code(),
        }
    }
}

/// A compiled skill could not be made ready for calls.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// A schema of the manifest can't be used.
    #[error("the {which} schema of `{export}` can't be used")]
    Schema {
        /// The function.
        export: ExportName,
        /// `input` or `output`.
        which: &'static str,
        /// Why.
        source: SchemaError,
    },
    /// The manifest needs a capability that the grant does not hold.
    #[error(transparent)]
    NotGranted(#[from] GrantError),
    /// The engine can't link what was checked.
    #[error("the module can't be linked: {0}")]
    Link(String),
}

impl PrepareError {
    /// What the error is called.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Schema { .. } => Code::ManifestSchema,
            Self::NotGranted(_) => Code::CapabilityDenied,
            Self::Link(_) => Code::InternalBug,
        }
    }
}

/// A call did not end with an answer of the skill.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The caller's fault: no such function.
    #[error("the skill has no function `{0}`")]
    UnknownExport(String),
    /// The caller's fault: the input.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The skill reached a limit.
    #[error("{}", describe_limit(*.kind, *.limit))]
    Limit {
        /// Which one.
        kind: LimitKind,
        /// Where it stood, in the unit of its kind.
        limit: u64,
    },
    /// The skill trapped.
    #[error("the skill trapped: {0}")]
    Trap(TrapKind),
    /// The skill broke the ABI or its own promise.
    #[error("the skill broke its contract")]
    Contract(#[from] ContractError),
    /// The host had no memory for what the limits allow.
    #[error("the host has no memory for what the skill may use")]
    HostMemory,
    /// The pool has no slot left.
    #[error("the host runs as many skills as it has room for")]
    Busy,
    /// The system had no thread that would interrupt the skill.
    #[error("the system has no thread to interrupt the skill with")]
    NoTicker(#[source] std::io::Error),
    /// What the skill asked for could not be put on record, and was not done.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Something that can't happen did.
    #[error("internal error: {0}")]
    Internal(String),
}

impl CallError {
    /// What the error is called.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::UnknownExport(_) => Code::UsageExport,
            Self::Input(error) => error.code(),
            Self::Limit { kind, .. } => kind.code(),
            Self::Trap(kind) => kind.code(),
            Self::Contract(error) => error.code(),
            Self::HostMemory => Code::HostMemory,
            Self::Busy => Code::HostBusy,
            Self::NoTicker(_) => Code::HostEngine,
            Self::Record(error) => error.code(),
            Self::Internal(_) => Code::InternalBug,
        }
    }
}

fn describe_limit(kind: LimitKind, limit: u64) -> String {
    let what = match kind {
        LimitKind::Fuel => "the fuel is used up",
        LimitKind::Time => "the time is used up",
        LimitKind::Cpu => "the processor time is used up",
        LimitKind::Memory => "more memory was asked for than allowed",
        LimitKind::Table => "more table elements were asked for than allowed",
        LimitKind::Stack => "the call stack is exhausted",
        LimitKind::Output => "the output is larger than allowed",
        LimitKind::Log => "more was logged than allowed",
        LimitKind::HostCalls => "more host calls were made than allowed",
        LimitKind::Handles => "more handles were open than allowed",
    };
    format!("{what} (`{kind}` is {limit} {unit})", unit = kind.unit())
}

/// What is wrong with an input.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// Too large to be looked at.
    #[error("the input has {bytes} bytes, more than {max}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The bound.
        max: usize,
    },
    /// Not JSON.
    #[error("the input is not JSON")]
    Json(#[from] JsonError),
    /// Not what the schema allows.
    #[error("the input does not match the input schema")]
    Schema(#[from] SchemaViolation),
}

impl InputError {
    /// What the error is called.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::TooLarge { .. } => Code::InputSize,
            Self::Json(_) => Code::InputJson,
            Self::Schema(_) => Code::InputSchema,
        }
    }
}

/// How a skill broke its contract.
#[derive(Debug, thiserror::Error)]
pub enum ContractError {
    /// `vak_alloc` gave no usable block.
    #[error("`vak_alloc` answered {ptr}, which has no room for {len} bytes in a memory of {memory}")]
    Alloc {
        /// The pointer it gave.
        ptr: u32,
        /// What was asked for, in bytes.
        len: usize,
        /// The memory's size in bytes.
        memory: usize,
    },
    /// The output is not in the memory.
    #[error("the output of {len} bytes at {ptr} does not lie in a memory of {memory}")]
    OutputPointer {
        /// Where it is said to be.
        ptr: u32,
        /// How long.
        len: u32,
        /// The memory's size in bytes.
        memory: usize,
    },
    /// A request, or the room for a response, is not in the memory.
    #[error("the {len} bytes at {ptr} that a host call was given do not lie in a memory of {memory}")]
    HostPointer {
        /// Where they are said to be.
        ptr: u32,
        /// How many.
        len: u32,
        /// The memory's size in bytes.
        memory: usize,
    },
    /// The output is not JSON.
    #[error("the output is not JSON")]
    Json(#[source] JsonError),
    /// The output is not what the schema promises.
    #[error("the output does not match the output schema")]
    Schema(#[source] SchemaViolation),
}

impl ContractError {
    /// What the error is called.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Alloc { .. } => Code::AllocPointer,
            Self::OutputPointer { .. } => Code::OutputPointer,
            Self::HostPointer { .. } => Code::HostPointer,
            Self::Json(JsonError::Encoding) => Code::OutputEncoding,
            Self::Json(JsonError::Syntax(_)) => Code::OutputJson,
            Self::Schema(_) => Code::OutputSchema,
        }
    }
}

/// How a skill trapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrapKind {
    /// The call stack is exhausted.
    #[error("call stack exhausted")]
    StackOverflow,
    /// `unreachable` was executed.
    #[error("`unreachable` executed, as a panic does")]
    Unreachable,
    /// Outside the memory.
    #[error("out of bounds memory access")]
    MemoryOutOfBounds,
    /// Outside a table.
    #[error("out of bounds table access")]
    TableOutOfBounds,
    /// Through an empty table entry, or one of another type.
    #[error("indirect call to an empty entry or another type")]
    IndirectCall,
    /// Integer division by zero.
    #[error("integer division by zero")]
    DivideByZero,
    /// Integer overflow.
    #[error("integer overflow")]
    IntegerOverflow,
    /// A float without an integer.
    #[error("invalid conversion of a float to an integer")]
    BadConversion,
    /// Another trap of the engine's.
    #[error("{0}")]
    Other(Trap),
}

impl TrapKind {
    pub(crate) const fn of(trap: Trap) -> Self {
        match trap {
            Trap::StackOverflow => Self::StackOverflow,
            Trap::UnreachableCodeReached => Self::Unreachable,
            Trap::MemoryOutOfBounds => Self::MemoryOutOfBounds,
            Trap::TableOutOfBounds => Self::TableOutOfBounds,
            Trap::IndirectCallToNull | Trap::BadSignature => Self::IndirectCall,
            Trap::IntegerDivisionByZero => Self::DivideByZero,
            Trap::IntegerOverflow => Self::IntegerOverflow,
            Trap::BadConversionToInteger => Self::BadConversion,
            other => Self::Other(other),
        }
    }

    /// What the error is called.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::StackOverflow => Code::TrapStackOverflow,
            Self::Unreachable => Code::TrapUnreachable,
            Self::MemoryOutOfBounds => Code::TrapMemory,
            Self::TableOutOfBounds => Code::TrapTable,
            Self::IndirectCall => Code::TrapIndirectCall,
            Self::DivideByZero => Code::TrapDivideByZero,
            Self::IntegerOverflow => Code::TrapIntegerOverflow,
            Self::BadConversion => Code::TrapConversion,
            Self::Other(_) => Code::TrapOther,
        }
    }
}
