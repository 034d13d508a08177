//! Why there is no project, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use vak_cli::{Failure, quote};
use vak_model::{Code, InvalidName, SkillName};

use crate::name::{all_reserved, another};

/// Why there is no project.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    // The caller's.
    /// What was typed is no name.
    #[error("{source}")]
    Name {
        /// What a name is. Not a cause: the message has it.
        source: InvalidName,
        /// A name that is like it.
        suggestion: String,
    },
    /// The name means something else.
    #[error("`{}` is a reserved name: {why}", name.base())]
    Reserved {
        /// The name.
        name: SkillName,
        /// What it means.
        why: &'static str,
    },
    /// The name would be that of two skills.
    #[error("there is a skill `{}` already: by that name `{}` is found", name.base(), folder.display())]
    Doubled {
        /// The name.
        name: SkillName,
        /// The skill that has it.
        folder: PathBuf,
    },
    /// Something is in the way.
    #[error("`{}` is there already, and nothing is overwritten", folder.display())]
    InUse {
        /// What is in the way.
        folder: PathBuf,
        /// The name.
        name: SkillName,
    },
    /// There is no folder to make the project in.
    #[error("`{}` is no folder to make a project in", path.display())]
    NoFolder {
        /// What was named.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The guest kit is not where it was said to be.
    #[error("`{}` is not the guest kit: {why}", path.display())]
    NoSdk {
        /// What was named.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A kit was named for a skill that is written without one.
    #[error("a skill in WAT is written without a guest kit")]
    NeedsNoSdk(SkillName),

    // The environment's.
    /// The files can't be written.
    #[error("failed to make `{}`", path.display())]
    Write {
        /// The project's folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    pub(crate) fn no_sdk(path: &Path, why: &str) -> Self {
        Self::NoSdk { path: path.to_owned(), why: why.to_owned() }
    }

    /// What the error is called.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Name { .. }
            | Self::Reserved { .. }
            | Self::Doubled { .. }
            | Self::InUse { .. }
            | Self::NoFolder { .. }
            | Self::NoSdk { .. }
            | Self::NeedsNoSdk(_) => Code::UsageArguments,
            Self::Write { .. } => Code::FileWrite,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let code = error.code();
        match &error {
            // The message has the source already.
            Error::Name { suggestion, .. } => {
                Self::new(code, error.to_string()).next(call(suggestion), "a name like it")
            }
            Error::Reserved { name, .. } => {
                let listed = |failure: Self, (label, names): (&'static str, String)| failure.fact(label, names);
                with_another(all_reserved().into_iter().fold(Self::of(code, &error), listed), name)
            }
            Error::Doubled { name, .. } => with_another(Self::of(code, &error), name),
            Error::InUse { name, .. } => with_another(Self::of(code, &error), name)
                .next(format!("{} --dir DIR", call(name.as_str())), "in another folder"),
            Error::NoFolder { path, source } if source.kind() == io::ErrorKind::NotFound => {
                Self::of(code, &error).next(format!("mkdir -p {}", quote(&path.to_string_lossy())), "make it")
            }
            Error::NoSdk { .. } => {
                Self::of(code, &error).next("vak-skill-new NAME --sdk vendored", "with the kit inside this tool")
            }
            Error::NeedsNoSdk(name) => {
                Self::of(code, &error).next(format!("{} --lang wat", call(name.as_str())), "without `--sdk`")
            }
            Error::NoFolder { .. } | Error::Write { .. } => {
                Self::of(code, &error).next("vak-skill-new NAME --dir DIR", "in a folder that you may write to")
            }
        }
    }
}

fn with_another(failure: Failure, name: &SkillName) -> Failure {
    failure.next(call(&another(name.as_str())), "another name")
}

fn call(name: &str) -> String {
    format!("vak-skill-new {name}")
}
