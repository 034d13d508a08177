//! What can go wrong, by whose fault, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use vak_cli::{Failure, Place, quote};
use vak_model::Code;
use vak_package::{FileError, ManifestError, Mistake, PackageError};
use vak_toolchain::{NotFound, TARGET};

use crate::Trial;
use crate::source::place;

/// Why there is no artefact.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    // The author's.
    /// There is no `skill.yaml`, or it can't be read.
    #[error("{source}")]
    NoManifest {
        /// What the system said.
        source: FileError,
        /// Folders near by that have one.
        near: Vec<PathBuf>,
    },
    /// The manifest is no text.
    #[error("`{}` is not UTF-8", .0.display())]
    NotText(PathBuf),
    /// There are mistakes in the manifest, its schemas or its golden cases.
    #[error("{}: {mistakes}", place(file, mistakes.position()))]
    Manifest {
        /// The `skill.yaml`.
        file: PathBuf,
        /// What is wrong with it. Not a source: the message has it, behind its place.
        mistakes: ManifestError,
    },
    /// There is no source code that could be built.
    #[error("`{}` has no source code of a skill: no {}", dir.display(), looked_for.join(", no "))]
    NoProject {
        /// The folder.
        dir: PathBuf,
        /// What would be source code, for each language.
        looked_for: Vec<&'static str>,
    },
    /// There is more than one thing to build.
    #[error("`{}` has source code in several languages: {}", dir.display(), found.join(", "))]
    SeveralProjects {
        /// The folder.
        dir: PathBuf,
        /// What was found there.
        found: Vec<&'static str>,
    },
    /// A toolchain of one language was asked for, and the skill is written in another.
    #[error("`--toolchain` chooses a compiler for Rust, and this skill is written in {0}")]
    OtherLanguage(&'static str),
    /// The text of a module is wrong.
    #[error("{place}: {what}")]
    Wat {
        /// File, line and column.
        place: Place,
        /// What is wrong.
        what: String,
    },
    /// Cargo does not take the project for one.
    #[error("cargo can't read `{}`", manifest.display())]
    Project {
        /// The `Cargo.toml`.
        manifest: PathBuf,
        /// What cargo said, line by line.
        said: Vec<String>,
    },
    /// A workspace without a package of its own.
    #[error("`{}` is a workspace and no package", .0.display())]
    NoPackage(PathBuf),
    /// The package makes no module.
    #[error("`{}` makes no module: put `crate-type = [\"cdylib\"]` below `[lib]` in it", .0.display())]
    NoModule(PathBuf),
    /// The compiler, or cargo, refused; it has said why.
    #[error("`{0}` did not compile")]
    Compile(String),
    /// What was compiled is no artefact of this manifest.
    #[error("`{skill}` compiles, but its module does not fit its manifest")]
    Package {
        /// The skill's name.
        skill: String,
        /// Why not.
        source: Box<PackageError>,
    },
    /// The skill does not do what its manifest says.
    #[error("{} of {of} golden cases are red", red.len())]
    Golden {
        /// Each red case: its name, what it must give, what it gave.
        red: Vec<[String; 3]>,
        /// How many cases there are.
        of: usize,
        /// How all of them went.
        trial: Box<Trial>,
    },
    /// The skill uses more fuel than it did.
    #[error("golden cases use over 5 % more fuel than before: {risen}")]
    Fuel {
        /// The names of those cases.
        risen: String,
        /// How all of them went.
        trial: Box<Trial>,
    },
    /// A schema that was checked can't be used after all, or the engine refuses what the reader took.
    #[error("the built skill can't be run")]
    Unusable {
        /// What the error is called.
        code: Code,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The artefact would lie outside of the skill's folder.
    #[error("`{}` leads out of the skill's folder, through a symbolic link", .0.display())]
    Escape(PathBuf),

    // The environment's.
    /// No toolchain here can build skills.
    #[error("{}", .0.wanted)]
    NoToolchain(NotFound),
    /// The folder of the sources can't be read.
    #[error("failed to read `{}`", path.display())]
    Sources {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A compiler or linker that has worked can't be run.
    #[error("`{}` can't be run", program.display())]
    Compiler {
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Cargo can't be run.
    #[error("`{}` can't be run", program.display())]
    Cargo {
        /// The cargo that was tried.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The standard library can't be compiled.
    #[error("the standard library for `{TARGET}` did not compile")]
    StandardLibrary,
    /// Something that was compiled can't be read.
    #[error(transparent)]
    Read(#[from] FileError),
    /// A file or folder can't be written.
    #[error("failed to write `{}`", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Stderr is gone.
    #[error("failed to write the output")]
    Output(#[from] io::Error),
}

impl Error {
    /// What the error is called.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::NoManifest { .. } | Self::Sources { .. } | Self::Read(_) => Code::FileRead,
            Self::NotText(_) => Code::ManifestSyntax,
            Self::Manifest { mistakes, .. } => mistakes.code(),
            Self::NoProject { .. }
            | Self::SeveralProjects { .. }
            | Self::Project { .. }
            | Self::NoPackage(_)
            | Self::NoModule(_) => Code::BuildProject,
            Self::OtherLanguage(_) => Code::UsageArguments,
            Self::Wat { .. } | Self::Compile(_) | Self::StandardLibrary => Code::BuildFailed,
            Self::Package { source, .. } => source.code(),
            Self::Golden { .. } | Self::Fuel { .. } => Code::GoldenFailed,
            Self::Unusable { code, .. } => *code,
            Self::Escape(_) | Self::Write { .. } | Self::Output(_) => Code::FileWrite,
            Self::NoToolchain(_) | Self::Compiler { .. } | Self::Cargo { .. } => Code::ToolchainMissing,
        }
    }

    /// What is known besides, and what helps.
    fn advise(&self, failure: Failure) -> Failure {
        match self {
            Self::NoManifest { near, .. } => next_folders(failure, near),
            Self::NoProject { .. } => failure.next("vak-skill-new NAME", "make a project that builds"),
            Self::Project { said, .. } => said.iter().fold(failure, |failure, line| failure.fact("cargo", line)),
            Self::Escape(_) => failure.next("vak-skill-build --out FILE", "put the artefact elsewhere"),
            Self::NoToolchain(not_found) => describe_search(failure, not_found),
            Self::Cargo { .. } => failure.next("cargo --version", "Rust comes from https://rustup.rs"),
            Self::Golden { red, .. } => red.iter().fold(failure, |failure, [name, expected, got]| {
                failure.fact("red", name).fact("  expected", expected).fact("  got", got)
            }),
            Self::Fuel { .. } => failure.next("vak-skill-build --accept-fuel", "accept it, from now on"),
            Self::NotText(_)
            | Self::Unusable { .. }
            | Self::Manifest { .. }
            | Self::SeveralProjects { .. }
            | Self::OtherLanguage(_)
            | Self::Wat { .. }
            | Self::NoPackage(_)
            | Self::NoModule(_)
            | Self::Compile(_)
            | Self::Package { .. }
            | Self::StandardLibrary
            | Self::Sources { .. }
            | Self::Compiler { .. }
            | Self::Read(_)
            | Self::Write { .. }
            | Self::Output(_) => failure,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Output(gone) => gone.into(),
            Error::Wat { place, what } => Self::new(Code::BuildFailed, what).at(place),
            error => error.advise(Self::of(error.code(), &error)),
        }
    }
}

fn mistaken(file: &Path, mistake: &Mistake) -> Failure {
    let failure = Failure::new(mistake.code(), mistake.wrong()).at(place(file, mistake.position()));
    mistake.right().into_iter().fold(failure, Failure::right)
}

fn next_folders(failure: Failure, near: &[PathBuf]) -> Failure {
    if near.is_empty() {
        return failure.next("vak-skill-build DIR", "DIR is a folder with a `skill.yaml`");
    }
    near.iter().fold(failure, |failure, folder| {
        failure.next(format!("vak-skill-build {}", quote(&folder.to_string_lossy())), "this is a skill")
    })
}

fn describe_search(failure: Failure, not_found: &NotFound) -> Failure {
    let failure =
        not_found.attempts.iter().fold(failure, |failure, attempt| failure.fact("tried", attempt.to_string()));
    not_found.advice.iter().fold(failure, |failure, advice| failure.next(advice, ""))
}

/// One error or more, in the order in which they should be mended.
#[derive(Debug)]
pub struct Problems(Vec<Error>);

impl Problems {
    /// These errors, and then those.
    #[must_use]
    pub fn and(mut self, others: impl IntoIterator<Item = Error>) -> Self {
        self.0.extend(others);
        self
    }

    /// How many mistakes of the manifest there are besides those that are told.
    #[must_use]
    pub fn left_out(&self) -> usize {
        let of_one = |error: &Error| if let Error::Manifest { mistakes, .. } = error { mistakes.left_out() } else { 0 };
        self.0.iter().map(of_one).sum()
    }

    /// How the golden cases went, if that is what is wrong.
    #[must_use]
    pub fn trial(&self) -> Option<&Trial> {
        self.0.iter().find_map(|error| match error {
            Error::Golden { trial, .. } | Error::Fuel { trial, .. } => Some(&**trial),
            _ => None,
        })
    }

    /// Whether no change of the skill's source would mend it: there is no skill, or no tool to build it with.
    pub(crate) fn are_of_the_environment(&self) -> bool {
        let is =
            |error: &Error| matches!(error, Error::NoManifest { .. } | Error::NoToolchain(_) | Error::Cargo { .. });
        self.0.iter().any(is)
    }

    /// As tools show them, each mistake of a manifest for itself; there is at least one.
    #[must_use]
    pub fn into_failures(self) -> Vec<Failure> {
        let failures = |error| match error {
            Error::Manifest { file, mistakes } => mistakes.mistakes().map(|one| mistaken(&file, one)).collect(),
            error => vec![Failure::from(error)],
        };
        self.0.into_iter().flat_map(failures).collect()
    }
}

impl From<Error> for Problems {
    fn from(error: Error) -> Self {
        Self(vec![error])
    }
}

impl From<io::Error> for Problems {
    fn from(gone: io::Error) -> Self {
        Error::from(gone).into()
    }
}
