//! Whose fault an error is, what it is called, and what a process then exits with.
//!
//! One table holds every error code; all else is derived from it by exhaustive matches, so that a new kind of
//! error cannot compile without a place in it.

use std::fmt;

use serde::{Serialize, Serializer};

/// Whose fault it is; one exit code each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The skill ran and reported a failure of its own.
    Skill,
    /// The command line or the input was wrong.
    Usage,
    /// A file, a store, the network, the log or a tool was not there.
    Environment,
    /// The artefact is malformed.
    Malformed,
    /// Nobody trusted vouches for the artefact.
    Untrusted,
    /// The skill asks for something that it may not have.
    Denied,
    /// A limit was reached.
    Limit,
    /// The skill trapped or broke its contract.
    Broken,
    /// Two things that must be equal are not.
    Mismatch,
    /// A bug in VAK.
    Bug,
}

impl Fault {
    /// The process's exit code for this fault. 0 is no fault's.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Skill => 1,
            Self::Usage => 2,
            Self::Environment => 3,
            Self::Malformed => 4,
            Self::Untrusted => 5,
            Self::Denied => 6,
            Self::Limit => 7,
            Self::Broken => 8,
            Self::Mismatch => 9,
            Self::Bug => 70,
        }
    }

    /// What a report says of a run that ended with this fault.
    #[must_use]
    pub const fn status(self) -> Status {
        match self {
            Self::Skill => Status::Failed,
            Self::Usage | Self::Malformed => Status::Invalid,
            Self::Environment | Self::Bug => Status::Error,
            Self::Untrusted => Status::Untrusted,
            Self::Denied => Status::Denied,
            Self::Limit => Status::Limit,
            Self::Broken => Status::Trap,
            Self::Mismatch => Status::Mismatch,
        }
    }
}

/// How a run ended, as reports name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The skill answered.
    Ok,
    /// The skill reported a failure of its own.
    Failed,
    /// The input or the artefact is invalid.
    Invalid,
    /// The environment, or VAK itself, failed.
    Error,
    /// Nobody trusted vouches for the skill.
    Untrusted,
    /// Something was asked for that is not permitted.
    Denied,
    /// A limit was reached.
    Limit,
    /// The skill trapped or broke its contract.
    Trap,
    /// Two things that must be equal are not.
    Mismatch,
}

impl Status {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Invalid => "invalid",
            Self::Error => "error",
            Self::Untrusted => "untrusted",
            Self::Denied => "denied",
            Self::Limit => "limit",
            Self::Trap => "trap",
            Self::Mismatch => "mismatch",
        }
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $word:literal, $fault:ident;)+) => {
        /// The stable name of an error: a dotted word that scripts may match on.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The dotted word.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }

            /// Whose fault it is.
            #[must_use]
            pub const fn fault(self) -> Fault {
                match self { $(Self::$name => Fault::$fault),+ }
            }

            /// One sentence on what it means.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim_ascii()),+ }
            }
        }
    };
}

codes! {
    /// The skill ran and reported a failure; its error is on stdout.
    SkillFailed = "skill.failed", Skill;
    /// A golden case did not give what the manifest says.
    GoldenFailed = "golden.failed", Skill;

    /// The command line does not say something that can be done.
    UsageArguments = "usage.arguments", Usage;
    /// The manifest lists no function of that name.
    UsageExport = "usage.export", Usage;
    /// The input is not JSON.
    InputJson = "input.json", Usage;
    /// The input is JSON, but not what the skill's input schema allows.
    InputSchema = "input.schema", Usage;
    /// The input is larger than inputs may be.
    InputSize = "input.size", Usage;

    /// No skill of that name was found.
    SkillUnknown = "skill.unknown", Environment;
    /// The skill's folder holds no built module.
    SkillNotBuilt = "skill.not_built", Environment;
    /// A file could not be read.
    FileRead = "file.read", Environment;
    /// A file could not be written.
    FileWrite = "file.write", Environment;
    /// No toolchain here can build WebAssembly.
    ToolchainMissing = "toolchain.missing", Environment;
    /// The folder holds no source that can be built, or that of several languages.
    BuildProject = "build.project", Environment;
    /// The compiler refused the skill's source.
    BuildFailed = "build.failed", Environment;
    /// No `skill.yaml` for the module was found, and it holds no manifest.
    ManifestNotFound = "manifest.not_found", Environment;
    /// `signature` in `skill.yaml` can't be filled in place without changing anything else.
    ManifestNotEditable = "manifest.not_editable", Environment;
    /// The command that was to sign failed, took too long, or did not answer with a signature.
    SignerFailed = "signature.signer", Environment;
    /// There is no such key file.
    KeyMissing = "key.missing", Environment;
    /// The key file does not hold a usable Ed25519 key.
    KeyUnusable = "key.unusable", Environment;
    /// The secret key's file belongs to somebody else, or others than its owner may read it.
    KeyExposed = "key.exposed", Environment;
    /// The secret key is encrypted, and the passphrase is missing or wrong.
    KeyLocked = "key.locked", Environment;
    /// There is a key file of that name already, and key files are never overwritten.
    KeyExists = "key.exists", Environment;
    /// There is no trust root.
    TrustMissing = "trust.missing", Environment;
    /// The trust root, or a change of it, says something that it can't say.
    TrustMalformed = "trust.malformed", Environment;
    /// The store's index is damaged, or of a format that is not known.
    StoreIndex = "store.index", Environment;
    /// The store holds as much as it may.
    StoreFull = "store.full", Environment;
    /// The lock file is none, or of a format that is not known.
    LockMalformed = "lock.malformed", Environment;
    /// The gate's file says something that it can't say.
    GateMalformed = "gate.malformed", Environment;
    /// The operator's policy is none, or says what it can't say.
    PolicyMalformed = "policy.malformed", Environment;
    /// The host could not give the memory that the limits allow.
    HostMemory = "host.memory", Environment;
    /// The engine could not be set up on this machine.
    HostEngine = "host.engine", Environment;
    /// The compiler's process could not be run, or is no part of this program.
    HostCompiler = "host.compiler", Environment;
    /// As many skills are running as the host has room for.
    HostBusy = "host.busy", Environment;
    /// What is to be done can't be put on record, so it is not done.
    AuditUnavailable = "audit.unavailable", Environment;

    /// The file is larger than artefacts may be.
    ArtefactSize = "artefact.size", Malformed;
    /// The file is not a well-formed WebAssembly module of the accepted features.
    ArtefactMalformed = "artefact.malformed", Malformed;
    /// The module exceeds a bound that keeps compiling it cheap.
    ArtefactBounds = "artefact.bounds", Malformed;
    /// The engine refused to compile the module.
    ArtefactCompile = "artefact.compile", Malformed;
    /// The module has no function, allocator or memory that the manifest or the ABI calls for.
    ExportMissing = "export.missing", Malformed;
    /// The module exports it, with another type.
    ExportType = "export.type", Malformed;
    /// The module imports a host function with another type than it has.
    ImportType = "import.type", Malformed;
    /// Neither the module nor a file beside it holds a manifest.
    ManifestMissing = "manifest.missing", Malformed;
    /// The manifest is not in the strict subset of YAML, or not canonical JSON inside a module.
    ManifestSyntax = "manifest.syntax", Malformed;
    /// The manifest says something that it can't say.
    ManifestInvalid = "manifest.invalid", Malformed;
    /// The manifest states a limit above its ceiling, or of zero.
    ManifestLimit = "manifest.limit", Malformed;
    /// An input or output schema of the manifest is no usable JSON Schema.
    ManifestSchema = "manifest.schema", Malformed;
    /// The folder is no OCI image layout of skills, or two of its manifests match.
    LayoutMalformed = "layout.malformed", Malformed;
    /// The signature is not written in the form that signatures have.
    SignatureMalformed = "signature.malformed", Malformed;
    /// The list of what the artefact is made of is not written in the form that such lists have.
    SbomMalformed = "sbom.malformed", Malformed;
    /// The provenance is no signed statement of the form that provenance has.
    ProvenanceMalformed = "provenance.malformed", Malformed;

    /// The skill is not signed.
    SignatureMissing = "signature.missing", Untrusted;
    /// The skill carries a signature of a form that VAK does not take, such as one of separately signed parts.
    SignatureUnsupported = "signature.unsupported", Untrusted;
    /// The signature is broken: it is for other bytes, or was not made by the key that it names.
    SignatureInvalid = "signature.invalid", Untrusted;
    /// No key that signed the skill is trusted for its name.
    SignatureUntrusted = "signature.untrusted", Untrusted;
    /// Too few of the keys that are trusted for the skill's name have signed it.
    SignatureThreshold = "signature.threshold", Untrusted;
    /// The keys that signed the skill are not valid yet, or no longer.
    SignatureExpired = "signature.expired", Untrusted;
    /// A key that signed the skill is revoked.
    SignatureRevoked = "signature.revoked", Untrusted;
    /// The trust root denies this skill, whoever signed it.
    TrustDenied = "trust.denied", Untrusted;
    /// No builder that is trusted has signed the provenance.
    ProvenanceUntrusted = "provenance.untrusted", Untrusted;
    /// Nobody who signed the older version has signed the newer one.
    UpgradeSigner = "upgrade.signer", Untrusted;
    /// Too few root keys have signed the trust root.
    TrustUnsigned = "trust.unsigned", Untrusted;
    /// The trust root has expired.
    TrustExpired = "trust.expired", Untrusted;

    /// The module imports what its manifest does not declare.
    ImportUndeclared = "import.undeclared", Denied;
    /// Nothing says that the golden cases were green for these bytes, or something says that they were red.
    GoldenNotGreen = "golden.not_green", Denied;
    /// A check that the gate requires could not be made, or holds only in part.
    GateRequired = "gate.required", Denied;
    /// The artefact was built by another builder than may be, or in another way.
    ProvenanceBuilder = "provenance.builder", Denied;
    /// The newer version asks for capabilities that the older one did without.
    UpgradeCapability = "upgrade.capability", Denied;
    /// The newer version raises limits.
    UpgradeLimits = "upgrade.limits", Denied;
    /// The newer version refuses inputs that the older one took, or gives outputs that it never gave.
    UpgradeSchema = "upgrade.schema", Denied;
    /// Whether the newer version's schemas fit the older one's can't be decided.
    SchemaUndecided = "schema.undecided", Denied;
    /// The version's number promises less change than there is.
    UpgradeSemver = "upgrade.semver", Denied;
    /// The manifest asks for a capability that the operator does not grant.
    CapabilityDenied = "capability.denied", Denied;

    /// The fuel is used up.
    LimitFuel = "limit.fuel", Limit;
    /// The wall-clock time is used up.
    LimitTime = "limit.time", Limit;
    /// The processor time is used up.
    LimitCpu = "limit.cpu", Limit;
    /// More memory was asked for than allowed.
    LimitMemory = "limit.memory", Limit;
    /// More table elements were asked for than allowed.
    LimitTable = "limit.table", Limit;
    /// The output is larger than allowed.
    LimitOutput = "limit.output", Limit;
    /// More was logged than allowed.
    LimitLog = "limit.log", Limit;
    /// More host calls were made than allowed.
    LimitHostCalls = "limit.host_calls", Limit;
    /// More handles were open than allowed.
    LimitHandles = "limit.handles", Limit;
    /// Compiling the module takes longer than allowed.
    LimitCompileTime = "limit.compile_time", Limit;
    /// Compiling the module takes more memory than allowed.
    LimitCompileMemory = "limit.compile_memory", Limit;
    /// The module needs more than one slot of the host's pool has.
    LimitPool = "limit.pool", Limit;

    /// The call stack is exhausted.
    TrapStackOverflow = "trap.stack_overflow", Broken;
    /// The skill executed `unreachable`, as a panic does.
    TrapUnreachable = "trap.unreachable", Broken;
    /// The skill reached outside its memory.
    TrapMemory = "trap.memory_out_of_bounds", Broken;
    /// The skill reached outside a table.
    TrapTable = "trap.table_out_of_bounds", Broken;
    /// The skill called through a table entry that is empty or of another type.
    TrapIndirectCall = "trap.indirect_call", Broken;
    /// An integer was divided by zero.
    TrapDivideByZero = "trap.divide_by_zero", Broken;
    /// An integer operation overflowed.
    TrapIntegerOverflow = "trap.integer_overflow", Broken;
    /// A float has no integer to be converted to.
    TrapConversion = "trap.bad_conversion", Broken;
    /// The skill trapped in another way.
    TrapOther = "trap.other", Broken;
    /// The skill's allocator did not give a block of its memory for the input.
    AllocPointer = "alloc.pointer", Broken;
    /// The output does not lie in the skill's memory.
    OutputPointer = "output.pointer", Broken;
    /// What a host call was given does not lie in the skill's memory.
    HostPointer = "host.pointer", Broken;
    /// The output is not UTF-8, or begins with a byte order mark.
    OutputEncoding = "output.encoding", Broken;
    /// The output is not one JSON value.
    OutputJson = "output.json", Broken;
    /// The output is JSON, but not what the skill's output schema promises.
    OutputSchema = "output.schema", Broken;

    /// `skill.yaml` and the manifest inside the module differ.
    ManifestDrift = "manifest.drift", Mismatch;
    /// The signature in `skill.yaml` is for another build, or not the one inside the module.
    SignatureDrift = "signature.drift", Mismatch;
    /// The provenance is that of another artefact.
    ProvenanceSubject = "provenance.subject", Mismatch;
    /// The version is older than the one that it is to replace, or has the same number and other bytes.
    UpgradeDowngrade = "upgrade.downgrade", Mismatch;
    /// The artefact that it is to replace is another skill.
    UpgradeOther = "upgrade.other", Mismatch;
    /// The trust root is older than one that was seen before, skips a version, or is another of the same version.
    TrustRollback = "trust.rollback", Mismatch;
    /// The trust root does not have the fingerprint that was asked for.
    TrustFingerprint = "trust.fingerprint", Mismatch;
    /// Building the skill twice gave two different modules.
    BuildDiffers = "build.differs", Mismatch;
    /// A file of the store is not what its index says.
    StoreMismatch = "store.mismatch", Mismatch;
    /// The store holds another artefact under that name and version.
    StoreConflict = "store.conflict", Mismatch;
    /// A file of an OCI image layout is not what its descriptor says.
    LayoutMismatch = "layout.mismatch", Mismatch;
    /// A skill is not the one that the lock file pins.
    LockDrift = "lock.drift", Mismatch;
    /// A limit, or what a skill may not do, was tried by a probe and does not bind, or could not be shown to.
    LimitUnbound = "limit.unbound", Mismatch;
    /// The log, or a proof from it, is not what its checkpoint was signed for.
    AuditMismatch = "audit.mismatch", Mismatch;

    /// Something that can't happen did.
    InternalBug = "internal.bug", Bug;
}

impl Code {
    /// The process's exit code for this error.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        self.fault().exit_code()
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_has_its_own_lower_case_dotted_word_and_a_sentence() {
        let words: BTreeSet<_> = Code::ALL.iter().map(|code| code.word()).collect();
        assert_eq!(words.len(), Code::ALL.len());
        for code in Code::ALL {
            let (area, rest) = code.word().split_once('.').expect("a dot");
            assert!([area, rest].iter().all(|part| part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')));
            assert!(code.meaning().ends_with('.'), "{code}");
        }
    }

    #[test]
    fn no_code_exits_with_success() {
        assert!(Code::ALL.iter().all(|code| code.exit_code() != 0));
    }
}
