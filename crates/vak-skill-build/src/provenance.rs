//! What is said, and signed, of how an artefact was built.
//!
//! A builder that nobody watches can say anything: this is SLSA's build level 1, and what it is worth is what its key is
//! worth. Places of this machine are not in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use serde_json::{Map, Value, json};
use vak_cli::Failure;
use vak_model::Code;
use vak_package::{Bounds, read_module, sha256};
use vak_toolchain::{TARGET, profile};
use vak_trust::{
    BUILD_TYPES, BuildDefinition, BuildMetadata, Builder, BuilderIdentity, BuilderKey, DigestSet, KeyFileError,
    LOCAL_BUILDER, PROVENANCE_TYPE, Provenance, Resource, RunDetails, Statement, Subject, Timestamp, read_key_file,
};

use crate::crates::{Crate, Crates};
use crate::flags::for_skill;
use crate::place::Destination;
use crate::{Built, Order, Project, search};

/// Where provenance is written, and who signs it.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) file: PathBuf,
    /// The builder's key; the user's default one, if none is named.
    pub(crate) key: Option<PathBuf>,
}

/// A wish that can be granted: the key is there, before anything is built.
#[derive(Debug)]
pub(crate) struct Witness {
    file: PathBuf,
    key: BuilderKey,
    started: Timestamp,
}

impl Witness {
    /// Reads the key and the clock.
    pub(crate) fn prepare(wish: &Wish, order: &Order) -> Result<Self, Failure> {
        let path = wish.key.clone().unwrap_or_else(|| order.home.config.join("keys/default.pem"));
        let key = read_key_file::<Builder>(&path, None).map_err(|error| unusable(&error))?;
        Ok(Self { file: wish.file.clone(), key, started: now()? })
    }

    /// Writes what happened, signed.
    pub(crate) fn write(&self, built: &Built, order: &Order) -> Result<(), Failure> {
        let statement = self.statement(built, order)?;
        let bug = |error: &dyn std::error::Error| Failure::of(Code::InternalBug, error);
        let mut envelope = statement.envelope().map_err(|error| bug(&error))?;
        envelope.sign(&self.key);
        Destination::file(&self.file).write(&envelope.to_json()).map_err(|error| {
            Failure::new(Code::FileWrite, format!("failed to write `{}`", self.file.display())).caused_by(&error)
        })
    }

    fn statement(&self, built: &Built, order: &Order) -> Result<Statement<Provenance>, Failure> {
        let checked = order.check().map_err(first)?;
        let bytes = read_module(&built.path, &Bounds::default());
        let bytes = bytes.map_err(|error| Failure::of(Code::FileRead, &error))?;
        let name = built.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let subject = vec![
            Subject { name: name.clone(), digest: sha256(&bytes).into() },
            Subject { name: format!("{name}#detached"), digest: built.id.0.into() },
        ];
        let crates = match &checked.project {
            Project::Rust(project) => {
                let cargo = search::describe(&order.home, order.toolchain.as_deref()).cargo;
                Some(Crates::of(project, &cargo).map_err(Failure::from)?)
            }
            Project::C(_) | Project::Wat(_) => None,
        };
        let predicate = Provenance {
            build_definition: BuildDefinition {
                build_type: build_type(&checked.project).to_owned(),
                external_parameters: external(&checked.project, checked.source.manifest().name.as_str(), &order.dir),
                internal_parameters: internal(&checked.project),
                resolved_dependencies: dependencies(crates.as_ref(), &checked.project, &built.toolchain),
            },
            run_details: self.run_details()?,
        };
        Ok(Statement::new(subject, PROVENANCE_TYPE, predicate))
    }

    fn run_details(&self) -> Result<RunDetails, Failure> {
        let version = Map::from_iter([("vak".to_owned(), json!(env!("CARGO_PKG_VERSION")))]);
        Ok(RunDetails {
            builder: BuilderIdentity { id: LOCAL_BUILDER.to_owned(), version },
            metadata: Some(BuildMetadata {
                invocation_id: Some(uuid()?),
                started_on: Some(self.started.to_string()),
                finished_on: Some(now()?.to_string()),
            }),
            byproducts: Vec::new(),
        })
    }
}

fn first(problems: crate::Problems) -> Failure {
    let bug = || Failure::new(Code::InternalBug, "the skill was built, and can't be checked");
    problems.into_failures().into_iter().next().unwrap_or_else(bug)
}

fn unusable(error: &KeyFileError) -> Failure {
    let failure = Failure::of(error.code(), error);
    match error {
        KeyFileError::Missing(_) => {
            failure.next("vak-skill-sign keygen --out builder.pem", "makes a key; name it by --provenance-key")
        }
        _ => failure,
    }
}

fn now() -> Result<Timestamp, Failure> {
    Timestamp::from_system(SystemTime::now()).map_err(|error| Failure::of(Code::HostEngine, &error))
}

/// A random UUID (RFC 9562, version 4).
fn uuid() -> Result<String, Failure> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| Failure::new(Code::HostEngine, error.to_string()))?;
    random[6] = random[6] & 0x0f | 0x40;
    random[8] = random[8] & 0x3f | 0x80;
    let hex: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok([&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-"))
}

const fn build_type(project: &Project) -> &'static str {
    match project {
        Project::Rust(_) => BUILD_TYPES[0],
        Project::C(_) => BUILD_TYPES[1],
        Project::Wat(_) => BUILD_TYPES[2],
    }
}

fn external(project: &Project, skill: &str, dir: &Path) -> Map<String, Value> {
    let package = match project {
        Project::Rust(project) => project.name.as_str(),
        Project::C(_) | Project::Wat(_) => skill,
    };
    let parameters = [
        ("source", source(dir)),
        ("package", json!(package)),
        ("profile", json!("release")),
        ("target", json!(TARGET)),
        ("features", json!([])),
    ];
    parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The commit of the source, if it is all there is: of a folder with changes nothing is claimed but that it has some.
fn source(dir: &Path) -> Value {
    match git(dir, &["rev-parse", "--verify", "HEAD"]) {
        None => json!({ "uri": "file:." }),
        Some(commit) => match git(dir, &["status", "--porcelain"]).as_deref() {
            Some("") => json!({ "uri": "git+file:.", "digest": { "gitCommit": commit } }),
            _ => json!({ "uri": "git+file:.", "annotations": { "changed": true } }),
        },
    }
}

/// What git says; nothing, if there is no git, or no repository.
fn git(dir: &Path, words: &[&str]) -> Option<String> {
    let mut git = Command::new("git");
    git.arg("-C").arg(dir).args(words).env("GIT_OPTIONAL_LOCKS", "0").env_remove("GIT_DIR");
    let output = git.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn internal(project: &Project) -> Map<String, Value> {
    let time = std::env::var("SOURCE_DATE_EPOCH").unwrap_or_else(|_| "0".to_owned());
    let env = json!({ "SOURCE_DATE_EPOCH": time });
    let flags = for_skill(Vec::new(), None).into_iter().map(|flag| flag.to_string_lossy().into_owned());
    let settings: Vec<_> = profile().into_iter().filter(|word| word != "--config").chain(flags).collect();
    match project {
        Project::Rust(_) => Map::from_iter([("env".to_owned(), env), ("rustflags".to_owned(), json!(settings))]),
        Project::C(_) => Map::from_iter([("env".to_owned(), env)]),
        Project::Wat(_) => Map::new(),
    }
}

fn dependencies(crates: Option<&Crates>, project: &Project, toolchain: &str) -> Vec<Resource> {
    let compiler = match project {
        Project::Rust(_) => "rustc",
        Project::C(_) => "clang",
        Project::Wat(_) => "wat",
    };
    let annotations = Map::from_iter([("version".to_owned(), json!(toolchain))]);
    let compiler = Resource { name: Some(compiler.to_owned()), annotations, ..Resource::default() };
    let lock = crates.map(|crates| Resource {
        name: Some("Cargo.lock".to_owned()),
        digest: crates.lock.map(DigestSet::from),
        ..Resource::default()
    });
    let others = crates.into_iter().flat_map(|crates| crates.packages.iter().filter(|one| !one.root));
    others.map(resource).chain(lock).chain([compiler]).collect()
}

/// Packages of the project's own have no archive, and so no digest: they are part of the source.
fn resource(one: &Crate) -> Resource {
    Resource {
        uri: Some(format!("pkg:cargo/{}@{}", one.name, one.version)),
        digest: one.checksum.clone().map(|sha256| DigestSet { sha256: Some(sha256) }),
        ..Resource::default()
    }
}
