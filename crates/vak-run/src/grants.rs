//! What the operator gives a run: by flags, each a small policy of its own.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use vak_cli::{Failure, Place, quote};
use vak_model::{Capability, Code, Digest, GuestPath, InvalidPath, Manifest};
use vak_package::read_file;
use vak_policy::{Allowance, GrantError, InvalidPattern, Operator, PolicyError, Principal, UrlPattern, explain};
use vak_runtime::{HttpConfig, Reasoner};

use crate::failures;
use crate::reason::ReasonArgs;
use crate::secrets;

/// The longest policy that is read, in bytes; the engine's own bound.
const MAX_POLICY_BYTES: u64 = 1 << 20;

/// What the skill may do besides computing.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "What the skill may do besides computing")]
pub(crate) struct GrantArgs {
    /// Read a file, or all in a folder; NAME=FOLDER shows a folder to the skill under another name
    #[arg(long, value_name = "PATH")]
    pub(crate) allow_read: Vec<String>,
    /// Write a file, or all in a folder; NAME=FOLDER as above
    #[arg(long, value_name = "PATH")]
    pub(crate) allow_write: Vec<String>,
    /// Make HTTP requests to a host, of which *.DOMAIN is many and * any, or to what a URL with * matches
    #[arg(long, value_name = "HOST[:PORT]|URL")]
    pub(crate) allow_net: Vec<String>,
    /// Keep values in a store of its own
    #[arg(long)]
    pub(crate) allow_kv: bool,
    /// Write lines to stderr
    #[arg(long)]
    pub(crate) allow_log: bool,
    /// Read the time of day
    #[arg(long)]
    pub(crate) allow_clock: bool,
    /// Draw random bytes
    #[arg(long)]
    pub(crate) allow_random: bool,
    /// Have an agent's plan checked
    #[arg(long)]
    pub(crate) allow_verify_plan: bool,
    /// Ask the model of --reason-url
    #[arg(long)]
    pub(crate) allow_reason: bool,
    /// Do what the policies in FILE say, in Cedar; its paths begin at the current folder, or with names given by --folder
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// Give a folder a name for policies
    #[arg(long, value_name = "NAME=FOLDER", requires = "policy")]
    pub(crate) folder: Vec<String>,
    /// Send a value that the skill never sees in a HEADER of requests to HOST: that of a variable, or file:PATH, or what command:LINE prints
    #[arg(long, value_name = "NAME=env:VAR@HOST:HEADER")]
    pub(crate) secret: Vec<String>,
    /// Draw random bytes from a stream that N begins, the same each time
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Show what the skill asks for and would get, and don't run it
    #[arg(long, conflicts_with_all = ["golden", "invoke", "input", "export", "stats", "profile", "record_host", "learn"])]
    pub(crate) explain: bool,
    #[command(flatten)]
    pub(crate) reason: ReasonArgs,
}

/// The operator's word, and the folders that it is about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given {
    pub(crate) operator: Operator,
    pub(crate) folders: Vec<Mount>,
    /// How HTTP requests are made, where any may be.
    pub(crate) http: HttpConfig,
    /// What asks a model, where one may be asked.
    pub(crate) reason: Option<Arc<Reasoner>>,
    /// The policies' text, by its digest.
    pub(crate) policy: Option<Digest>,
}

/// A folder, and what the skill and policies call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mount {
    pub(crate) name: GuestPath,
    pub(crate) folder: PathBuf,
}

/// What a flag names: a part of a folder, or all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Named {
    mount: Mount,
    allowed: GuestPath,
}

impl GrantArgs {
    /// Looks up what the flags name.
    pub(crate) fn given(&self) -> Result<Given, Failure> {
        let mut given = self.policy.as_deref().map_or_else(|| Ok(Given::default()), |file| self.by_policy(file))?;
        for word in &self.allow_read {
            let path = given.show(Named::of("allow-read", word)?)?;
            given = given.allow(Allowance::Read(path));
        }
        for word in &self.allow_write {
            let path = given.show(Named::of("allow-write", word)?)?;
            given = given.allow(Allowance::Write(path));
        }
        for word in &self.allow_net {
            given = given.allow(Allowance::Net(pattern(word)?));
        }
        let secrets = self.secret.iter().map(|word| secrets::secret(word)).collect::<Result<_, _>>()?;
        given.http = HttpConfig::default().secrets(secrets);
        given.reason = self.reason.reasoner()?;
        let all = [
            (self.allow_kv, Capability::Kv),
            (self.allow_log, Capability::Log),
            (self.allow_clock, Capability::Clock),
            (self.allow_random, Capability::Random),
            (self.allow_verify_plan, Capability::VerifyPlan),
            (self.allow_reason, Capability::Reason),
        ];
        let all = all.into_iter().filter(|(allowed, _)| *allowed);
        Ok(all.fold(given, |given, (_, capability)| given.allow(Allowance::All(capability))))
    }

    /// What a policy says, and the folders that it is about.
    fn by_policy(&self, file: &Path) -> Result<Given, Failure> {
        let bytes = read_file(file, MAX_POLICY_BYTES).map_err(|error| failures::file(&error, Code::PolicyMalformed))?;
        let policy = Some(vak_package::sha256(&bytes));
        let operator = match std::str::from_utf8(&bytes) {
            Ok(text) => Operator::with_checked_policy(text).map_err(|error| invalid(&error, file))?,
            Err(error) => {
                let message = format!("`{}` is not UTF-8", file.display());
                return Err(Failure::new(Code::PolicyMalformed, message).caused_by(&error));
            }
        };
        let mut given = Given { operator, policy, ..Given::default() };
        for word in &self.folder {
            let Some((name, folder)) = word.split_once('=') else {
                let message = format!("--folder takes NAME=FOLDER, not `{}`", vak_model::printable(word, 200));
                return Err(Failure::new(Code::UsageArguments, message));
            };
            given.show(Named::renamed("folder", word, name, Path::new(folder))?)?;
        }
        if self.folder.is_empty() {
            given.show(Named::plain("folder", Path::new("."))?)?;
        }
        Ok(given)
    }
}

/// A policy that can't be used, with its place.
fn invalid(error: &PolicyError, file: &Path) -> Failure {
    let (message, place) = match error {
        PolicyError::Text(at, mistake) => {
            let place = Some((at.line as u64, at.column as u64));
            (mistake.to_string(), place)
        }
        PolicyError::Size(_) | PolicyError::Count => (error.to_string(), None),
    };
    Failure::new(Code::PolicyMalformed, message).at(Place::new(file, place))
}

impl Given {
    fn allow(mut self, allowance: Allowance) -> Self {
        self.operator = self.operator.allow(allowance);
        self
    }

    /// Shows a folder to the skill, unless it sees it already. No name stands for two folders.
    fn show(&mut self, Named { mount, allowed }: Named) -> Result<GuestPath, Failure> {
        match self.folders.iter().find(|other| other.name == mount.name) {
            Some(other) if other.folder != mount.folder => {
                let message = format!("`{}` would be the name of two folders", mount.name);
                let [one, two] = [&other.folder, &mount.folder].map(|folder| folder.display().to_string());
                Err(Failure::new(Code::UsageArguments, message)
                    .fact("one", one)
                    .fact("the other", &two)
                    .next(format!("--allow-read other={}", quote(&two)), "gives one of them a name of its own"))
            }
            Some(_) => Ok(allowed),
            None => {
                self.folders.push(mount);
                Ok(allowed)
            }
        }
    }
}

impl Named {
    /// What the word of a flag names: `PATH`, or `NAME=FOLDER`.
    fn of(flag: &str, word: &str) -> Result<Self, Failure> {
        match word.split_once('=') {
            Some((name, folder)) if !Path::new(word).exists() => Self::renamed(flag, word, name, Path::new(folder)),
            _ => Self::plain(flag, Path::new(word)),
        }
    }

    fn renamed(flag: &str, word: &str, name: &str, folder: &Path) -> Result<Self, Failure> {
        let name = GuestPath::try_from(name).map_err(|error| misnamed(flag, word, &error))?;
        let folder = existing(flag, folder)?;
        if !folder.is_dir() {
            let message = format!("`{}` is no folder: only a folder can be given another name", folder.display());
            return Err(Failure::new(Code::UsageArguments, message));
        }
        Ok(Self { allowed: name.clone(), mount: Mount { name, folder } })
    }

    fn plain(flag: &str, path: &Path) -> Result<Self, Failure> {
        let real = existing(flag, path)?;
        let named = |path: &Path| guest_name(path).map_err(|error| misnamed(flag, &path.to_string_lossy(), &error));
        if real.is_dir() {
            let name = named(path)?;
            return Ok(Self { allowed: name.clone(), mount: Mount { name, folder: real } });
        }
        // A file is shown as a part of its folder, of which nothing else is allowed.
        let Some(file) = path.file_name() else {
            return Err(misnamed(flag, &path.to_string_lossy(), &InvalidPath::Part));
        };
        let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let (name, folder) = (named(folder)?, existing(flag, folder)?);
        let allowed = match name.as_str() {
            "." => file.to_string_lossy().into_owned(),
            folder => format!("{folder}/{}", file.to_string_lossy()),
        };
        let allowed = GuestPath::try_from(allowed.as_str());
        let allowed = allowed.map_err(|error| misnamed(flag, &path.to_string_lossy(), &error))?;
        Ok(Self { allowed, mount: Mount { name, folder } })
    }
}

/// The place itself, whatever leads to it.
fn existing(flag: &str, path: &Path) -> Result<PathBuf, Failure> {
    path.canonicalize().map_err(|error| {
        let message = format!("--{flag} names `{}`, which can't be opened", path.display());
        let failure = Failure::new(Code::FileRead, message).caused_by(&error);
        let shown = quote(&path.to_string_lossy());
        match error.kind() {
            std::io::ErrorKind::NotFound => failure.next(format!("mkdir -p {shown}"), "makes it a folder"),
            _ => failure,
        }
    })
}

/// Where HTTP requests may go, as the word of a flag says.
fn pattern(word: &str) -> Result<UrlPattern, Failure> {
    word.parse().map_err(|error: InvalidPattern| {
        let shown = vak_model::printable(word, 200);
        Failure::new(Code::UsageArguments, format!("--allow-net names `{shown}`, which no request goes to: {error}"))
            .next("--allow-net api.example.com", "allows all requests to a host")
            .next("--allow-net 'https://api.example.com/v1/*'", "allows a part of them")
    })
}

/// What a skill sees a path as: the path itself if it leads from here downward, else its last part.
fn guest_name(path: &Path) -> Result<GuestPath, InvalidPath> {
    let downward = |part: &Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    let shown = if path.components().all(|part| downward(&part)) {
        let parts = path.components().filter_map(|part| match part {
            Component::Normal(part) => Some(part.to_string_lossy()),
            _ => None,
        });
        parts.collect::<Vec<_>>().join("/")
    } else {
        let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        real.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    };
    if shown.is_empty() { Ok(GuestPath::top()) } else { GuestPath::try_from(shown.as_str()) }
}

fn misnamed(flag: &str, word: &str, error: &InvalidPath) -> Failure {
    let shown = vak_model::printable(word, 200);
    Failure::new(Code::UsageArguments, format!("--{flag} names `{shown}`, which no skill could name: {error}"))
        .next(format!("--{flag} NAME=FOLDER"), "shows a folder under another name")
}

/// No grant for this skill: what it needs, and how it would get it.
pub(crate) fn refused(
    error: &GrantError,
    command: &str,
    manifest: &Manifest,
    principal: &Principal,
    given: &Given,
) -> Failure {
    let failure = unusable(error, manifest);
    let GrantError::NotGranted(missing) = error else { return failure };
    let requests = explain(manifest, principal, &given.operator).unwrap_or_default();
    let needed: Vec<_> = requests.iter().filter(|explained| !explained.held && !explained.request.optional).collect();
    let all = needed.iter().map(|explained| explained.grants.flags.as_str()).collect::<Vec<_>>().join(" ");
    let failure = match needed.iter().find(|explained| explained.request.capability == *missing) {
        Some(explained) if given.policy.is_some() => failure.fact("policy", explained.grants.policy.clone()),
        _ => failure,
    };
    failure
        .next(format!("{command} {all}"), "grants what it needs, for this run")
        .next(format!("{command} --explain"), "shows all that it asks for")
}

/// A grant that can't be made.
pub(crate) fn unusable(error: &GrantError, manifest: &Manifest) -> Failure {
    Failure::of(Code::CapabilityDenied, error)
        .fact("skill", format!("`{}` {} asks for it in its manifest", manifest.name, manifest.version))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(word: &str) -> Named {
        Named::of("allow-read", word).unwrap_or_else(|failure| panic!("{word}: {}", failure.one_line()))
    }

    #[test]
    fn a_path_from_here_downward_keeps_its_name_and_another_has_its_last_part() {
        let root = tempfile::tempdir().expect("a folder");
        let folder = root.path().canonicalize().expect("there").join("data");
        std::fs::create_dir(&folder).expect("a folder");
        std::fs::write(folder.join("a.txt"), "a").expect("a file");
        let absolute = folder.to_string_lossy();
        for (word, name, allowed, shown) in [
            ("src", "src", "src", "src".into()),
            ("./src/", "src", "src", "src".into()),
            (".", ".", ".", ".".into()),
            ("src/lib.rs", "src", "src/lib.rs", "src".into()),
            ("Cargo.toml", ".", "Cargo.toml", ".".into()),
            (&*absolute, "data", "data", folder.clone()),
            (&format!("{absolute}/a.txt"), "data", "data/a.txt", folder.clone()),
            (&format!("notes/new={absolute}"), "notes/new", "notes/new", folder.clone()),
        ] {
            let found = named(word);
            assert_eq!((found.mount.name.as_str(), found.allowed.as_str()), (name, allowed), "{word}");
            assert_eq!(found.mount.folder, shown.canonicalize().expect("there"), "{word}");
        }
    }

    #[test]
    fn what_is_not_there_or_has_no_name_is_refused() {
        for (word, said) in [
            ("not-there", "mkdir -p not-there"),
            ("a/../b=src", "no skill could name"),
            ("x=Cargo.toml", "is no folder"),
            ("/", "."),
        ] {
            match Named::of("allow-read", word) {
                Ok(found) => assert_eq!((word, found.allowed.as_str()), ("/", said)),
                Err(failure) => {
                    let text = format!("{failure:?}");
                    assert!(text.contains(said), "{word}: {text}");
                }
            }
        }
    }

    #[test]
    fn a_word_that_no_request_goes_to_is_refused_and_says_what_would_be_right() {
        for word in ["https://api.example.com", "*a", "user@host", "a b", ""] {
            let failure = pattern(word).expect_err(word);
            assert!(format!("{failure:?}").contains("--allow-net api.example.com"), "{word}");
        }
        for word in ["api.example.com", "*.example.com:8443", "127.0.0.1:8080", "https://api.example.com/v1/*"] {
            assert_eq!(pattern(word).map(|pattern| pattern.to_string()).ok().as_deref(), Some(word));
        }
    }

    #[test]
    fn no_name_stands_for_two_folders() {
        let mut given = Given::default();
        assert!(given.show(named("src")).is_ok() && given.show(named("src/lib.rs")).is_ok());
        assert_eq!(given.folders.len(), 1);
        assert!(given.show(named("src=tests")).is_err());
    }
}
