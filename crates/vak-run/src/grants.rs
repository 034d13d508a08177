//! What the operator gives a run: by flags, each a small policy of its own.

use std::path::{Component, Path, PathBuf};

use clap::Args;
use vak_cli::{Failure, quote};
use vak_model::{Capability, CapabilityRequest, Code, GuestPath, InvalidPath, Manifest};
use vak_policy::{Allowance, GrantError, Operator};

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
}

/// The operator's word, and the folders that it is about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given {
    pub(crate) operator: Operator,
    pub(crate) folders: Vec<Mount>,
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
        let mut given = Given::default();
        for word in &self.allow_read {
            let path = given.show(Named::of("allow-read", word)?)?;
            given = given.allow(Allowance::Read(path));
        }
        for word in &self.allow_write {
            let path = given.show(Named::of("allow-write", word)?)?;
            given = given.allow(Allowance::Write(path));
        }
        let all = [
            (self.allow_kv, Capability::Kv),
            (self.allow_log, Capability::Log),
            (self.allow_clock, Capability::Clock),
            (self.allow_random, Capability::Random),
            (self.allow_verify_plan, Capability::VerifyPlan),
        ];
        let all = all.into_iter().filter(|(allowed, _)| *allowed);
        Ok(all.fold(given, |given, (_, capability)| given.allow(Allowance::All(capability))))
    }
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
        let (Some(folder), Some(file)) = (real.parent(), path.file_name()) else {
            return Err(misnamed(flag, &path.to_string_lossy(), &InvalidPath::Part));
        };
        let name = named(path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")))?;
        let allowed = match name.as_str() {
            "." => file.to_string_lossy().into_owned(),
            folder => format!("{folder}/{}", file.to_string_lossy()),
        };
        let allowed = GuestPath::try_from(allowed.as_str());
        let allowed = allowed.map_err(|error| misnamed(flag, &path.to_string_lossy(), &error))?;
        Ok(Self { allowed, mount: Mount { name, folder: folder.to_owned() } })
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

/// The flag that would grant a capability, or a part of it that the manifest asks for.
pub(crate) fn flag(request: &CapabilityRequest) -> Option<String> {
    let flag = match request.capability {
        Capability::FsRead | Capability::FsWrite => {
            let flag = if request.capability == Capability::FsRead { "--allow-read" } else { "--allow-write" };
            return request.scope.first().map(|pattern| format!("{flag} {}", quote(fixed_part(pattern))));
        }
        Capability::Kv => "--allow-kv",
        Capability::Log => "--allow-log",
        Capability::Clock => "--allow-clock",
        Capability::Random => "--allow-random",
        Capability::VerifyPlan => "--allow-verify-plan",
        Capability::Compute | Capability::NetHttp | Capability::Reason => return None,
    };
    Some(flag.to_owned())
}

/// The folder above everything that a pattern can match.
fn fixed_part(pattern: &str) -> &str {
    match pattern.find(['*', '?', '[', '{', '\\']) {
        None => pattern,
        Some(at) => pattern[..at].rfind('/').map_or(".", |slash| &pattern[..slash]),
    }
}

/// No grant for this skill: what it needs, and how it would get it.
pub(crate) fn refused(error: &GrantError, skill: &str, manifest: &Manifest) -> Failure {
    let failure = Failure::of(Code::CapabilityDenied, error)
        .fact("skill", format!("`{}` {} asks for it in its manifest", manifest.name, manifest.version));
    let GrantError::NotGranted(missing) = error else { return failure };
    let request = manifest.capabilities.iter().find(|request| request.capability == *missing);
    match request.and_then(flag) {
        Some(flag) => failure.next(format!("vak-run {} {flag}", quote(skill)), "grants it for this run"),
        None => failure,
    }
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
    fn no_name_stands_for_two_folders() {
        let mut given = Given::default();
        assert!(given.show(named("src")).is_ok() && given.show(named("src/lib.rs")).is_ok());
        assert_eq!(given.folders.len(), 1);
        assert!(given.show(named("src=tests")).is_err());
    }

    #[test]
    fn the_flag_for_a_pattern_names_the_folder_above_it() {
        for (pattern, folder) in
            [("data/**", "data"), ("data/a/*.txt", "data/a"), ("**", "."), ("*.txt", "."), ("data/a.txt", "data/a.txt")]
        {
            assert_eq!(fixed_part(pattern), folder);
        }
    }
}
