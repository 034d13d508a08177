//! What cargo compiled of the registry's crates, kept for the next new project.
//!
//! A new project has an empty target folder, and most of its first build is crates that every skill has: serde, and the
//! macros behind it. So a build leaves a copy of them in VAK's cache, and the first build of another project begins with
//! one. Cargo still judges by its own fingerprints: a seed that does not fit is compiled anew, crate by crate.
//!
//! Crates of a path never get into a seed. Their names do not tell projects apart, so that one project could be given
//! the code of another. No failure here is one of the build: without a seed it only takes longer.

use std::collections::BTreeSet;
use std::fs::{self, File, FileTimes, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use cargo_metadata::{Message, PackageId};
use rustix::process::geteuid;
use vak_toolchain::TARGET;

use crate::rust::{RustProject, short_key};

/// How many seeds are kept. One is about 25 MB.
const KEPT: usize = 4;

/// The folders in which cargo compiles: for this machine, and for the target.
const PARTS: &[&str] = &["release", TARGET];

/// The folders below those that hold what was compiled, and what cargo knows of it.
const KINDS: &[&str] = &[".fingerprint", "build", "deps"];

/// How cargo begins the name of a package that a registry has, and that can't change therefore.
const REGISTRY: &str = "registry+";

/// The seeds for one project.
#[derive(Debug)]
pub(crate) struct Seed {
    folder: PathBuf,
    /// What seeds for the same compiler and flags begin with.
    toolchain: String,
    /// The name of the seed that was made from the very same crates.
    name: String,
}

impl Seed {
    /// In `folder`, for a compiler and flags that `identity` stands for. None without a lock: nothing tells then which
    /// crates cargo will take.
    pub(crate) fn new(folder: PathBuf, identity: &str, project: &RustProject) -> Option<Self> {
        let lock = fs::read_to_string(project.root.join("Cargo.lock")).ok()?;
        let toolchain = short_key(identity);
        let name = format!("{toolchain}-{}", short_key(&registry_part(&lock)));
        Some(Self { folder, toolchain, name })
    }

    /// Puts a seed into a target folder in which nothing was compiled yet. The project's lock is held.
    pub(crate) fn plant(&self, target_dir: &Path) {
        if PARTS.iter().any(|part| target_dir.join(part).exists()) || !is_ours_alone(&self.folder) {
            return;
        }
        if let Some(seed) = self.choose().filter(|seed| is_ours_alone(seed)) {
            let _ = plant(&seed, target_dir);
        }
    }

    /// The seed of the same crates, else the newest: most of it will do.
    fn choose(&self) -> Option<PathBuf> {
        let same = self.folder.join(&self.name);
        let mut others = newest_first(&self.folder);
        others.retain(|seed| name_of(seed).starts_with(&self.toolchain));
        if same.is_dir() { Some(same) } else { others.into_iter().next() }
    }

    /// Keeps what was compiled of the registry's crates, if there is no such seed yet.
    pub(crate) fn keep(&self, target_dir: &Path, units: &Units) {
        if !units.0.is_empty() && !self.folder.join(&self.name).exists() && self.store(target_dir, units).is_ok() {
            for old in newest_first(&self.folder).into_iter().skip(KEPT) {
                let _ = fs::remove_dir_all(old);
            }
        }
    }

    /// The seed appears whole or not at all, also if two builds make it at once.
    fn store(&self, target_dir: &Path, units: &Units) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let new = tempfile::Builder::new().prefix(".new-").tempdir_in(&self.folder)?;
        for place in places() {
            copy_entries(&target_dir.join(&place), &new.path().join(&place), &|name| units.have(name))?;
        }
        fs::rename(new.path(), self.folder.join(&self.name))
    }
}

/// Which units of a build are of the registry: the hashes in the names of their files.
#[derive(Debug, Default)]
pub(crate) struct Units(BTreeSet<String>);

impl Units {
    /// Notes the unit that cargo speaks of, which it compiled or found fresh in `target_dir`.
    pub(crate) fn note(&mut self, message: &Message, target_dir: &Path) {
        let (package, files) = match message {
            Message::CompilerArtifact(artefact) => (&artefact.package_id, artefact.filenames.as_slice()),
            Message::BuildScriptExecuted(script) => (&script.package_id, std::slice::from_ref(&script.out_dir)),
            _ => return,
        };
        if is_of_registry(package) {
            let inside = files.iter().filter_map(|file| file.as_std_path().strip_prefix(target_dir).ok());
            self.0
                .extend(inside.flat_map(|file| file.iter()).filter_map(|part| hash(part.to_str()?)).map(str::to_owned));
        }
    }

    fn have(&self, name: &str) -> bool {
        hash(name).is_some_and(|hash| self.0.contains(hash))
    }
}

fn is_of_registry(package: &PackageId) -> bool {
    package.repr.starts_with(REGISTRY)
}

/// The hash in `libserde-0123456789abcdef.rlib`.
fn hash(name: &str) -> Option<&str> {
    let end = name.rsplit_once('-')?.1;
    let hash = end.split('.').next()?;
    (hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(hash)
}

/// The packages of a `Cargo.lock` that a registry has. The file is written by cargo, always alike.
fn registry_part(lock: &str) -> String {
    let packages = lock.split("[[package]]").skip(1);
    packages.filter(|package| package.contains(&format!("\nsource = \"{REGISTRY}"))).collect()
}

/// The folders of a target folder whose entries are units.
fn places() -> impl Iterator<Item = PathBuf> {
    let of_target = Path::new(TARGET).join("release");
    [PathBuf::from("release"), of_target].into_iter().flat_map(|part| KINDS.iter().map(move |kind| part.join(kind)))
}

/// In a folder beside first: what was copied in part must not be taken for compiled.
fn plant(seed: &Path, target_dir: &Path) -> io::Result<()> {
    let work = target_dir.join(".seed");
    if work.exists() {
        fs::remove_dir_all(&work)?;
    }
    copy_entries(seed, &work, &|_| true)?;
    for part in PARTS.iter().filter(|part| seed.join(part).is_dir()) {
        fs::rename(work.join(part), target_dir.join(part))?;
    }
    // Seeds in use stay longest.
    let _ = File::open(seed).and_then(|folder| folder.set_modified(SystemTime::now()));
    fs::remove_dir_all(work)
}

/// Copies the entries of a folder whose names `chosen` takes, with all that is in them; none if there is no such folder.
fn copy_entries(from: &Path, to: &Path, chosen: &dyn Fn(&str) -> bool) -> io::Result<()> {
    if !from.exists() {
        return Ok(());
    }
    fs::create_dir_all(to)?;
    for entry in from.read_dir()? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(chosen) {
            copy(&entry.path(), &entry.metadata()?, &to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// Copies a file or folder with its time, by which cargo tells what is fresh. There is nothing else in what cargo
/// compiles, and a link would lead out of it.
fn copy(from: &Path, meta: &Metadata, to: &Path) -> io::Result<()> {
    if meta.is_dir() {
        return copy_entries(from, to, &|_| true);
    }
    if !meta.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "neither a file nor a folder"));
    }
    fs::copy(from, to)?;
    File::options().write(true).open(to)?.set_times(FileTimes::new().set_modified(meta.modified()?))
}

/// Whether nobody else could have put anything there. What a seed holds runs with the rights of who builds.
fn is_ours_alone(folder: &Path) -> bool {
    let others_write = |meta: &Metadata| meta.mode() & 0o022 != 0;
    let ours = |meta: &Metadata| meta.is_dir() && meta.uid() == geteuid().as_raw() && !others_write(meta);
    folder.symlink_metadata().is_ok_and(|meta| ours(&meta))
}

/// The seeds of a folder. Half-made ones of builds that were killed count too, so that they are swept away in time.
fn newest_first(folder: &Path) -> Vec<PathBuf> {
    let time = |path: &PathBuf| path.metadata().and_then(|meta| meta.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    let mut seeds: Vec<_> = folder.read_dir().into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    seeds.sort_by_cached_key(|path| std::cmp::Reverse(time(path)));
    seeds
}

fn name_of(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::time::Duration;

    use super::*;

    const LOCK: &str = "version = 4\n
[[package]]
name = \"hello\"
version = \"0.1.0\"
dependencies = [\n \"serde\",\n]\n
[[package]]
name = \"serde\"
version = \"1.0.0\"
source = \"registry+https://github.com/rust-lang/crates.io-index\"
checksum = \"00\"\n";

    const SERDE: &str = "registry+https://github.com/rust-lang/crates.io-index#serde@1.0.0";

    fn artefact(package: &str, file: &Path) -> Message {
        let target = serde_json::json!({
            "kind": ["lib"], "crate_types": ["lib"], "name": "x", "src_path": "/x/lib.rs", "edition": "2024",
            "doc": true, "doctest": false, "test": true,
        });
        let profile = serde_json::json!({
            "opt_level": "s", "debuginfo": 0, "debug_assertions": false, "overflow_checks": false, "test": false,
        });
        let message = serde_json::json!({
            "reason": "compiler-artifact", "package_id": package, "manifest_path": "/x/Cargo.toml", "target": target,
            "profile": profile, "features": [], "filenames": [file], "executable": null, "fresh": false,
        });
        serde_json::from_value(message).expect("a message of cargo")
    }

    /// A cache, and the target folder of a project with one crate of a registry and one of a path.
    struct Machine {
        folder: tempfile::TempDir,
        units: Units,
    }

    const CRATE: &str = "wasm32-unknown-unknown/release/deps/libserde-0123456789abcdef.rlib";
    const JUDGEMENT: &str = "wasm32-unknown-unknown/release/.fingerprint/serde-0123456789abcdef/lib-serde";
    const OWN: &str = "wasm32-unknown-unknown/release/deps/libkit-fedcba9876543210.rlib";
    const MODULE: &str = "wasm32-unknown-unknown/release/deps/hello.wasm";

    impl Machine {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let built = folder.path().join("built");
            for file in [CRATE, JUDGEMENT, OWN, MODULE] {
                let path = built.join(file);
                fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
                fs::write(&path, file).expect("written");
                let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
                File::options().write(true).open(&path).and_then(|it| it.set_modified(long_ago)).expect("a time");
            }
            let mut units = Units::default();
            units.note(&artefact(SERDE, &built.join(CRATE)), &built);
            units.note(&artefact("path+file:///hello/kit#0.1.0", &built.join(OWN)), &built);
            units.note(&artefact("path+file:///hello#0.1.0", &built.join(MODULE)), &built);
            Self { folder, units }
        }

        fn path(&self, path: &str) -> PathBuf {
            self.folder.path().join(path)
        }

        fn seed(&self, name: &str) -> Seed {
            Seed { folder: self.path("seeds"), toolchain: "one".to_owned(), name: format!("one-{name}") }
        }

        fn keep(&self, name: &str) {
            self.seed(name).keep(&self.path("built"), &self.units);
        }

        /// What a new project begins with.
        fn planted(&self, seed: &Seed) -> Vec<String> {
            let target = tempfile::tempdir_in(self.folder.path()).expect("a folder");
            seed.plant(target.path());
            let there = [CRATE, JUDGEMENT, OWN, MODULE].into_iter().filter(|file| target.path().join(file).exists());
            there.map(str::to_owned).collect()
        }
    }

    #[test]
    fn a_seed_holds_what_is_of_the_registry_and_nothing_of_a_path() {
        let machine = Machine::new();
        machine.keep("a");
        assert_eq!(machine.planted(&machine.seed("a")), [CRATE, JUDGEMENT]);
    }

    #[test]
    fn files_keep_their_times_by_which_cargo_judges() {
        let machine = Machine::new();
        machine.keep("a");
        machine.seed("a").plant(&machine.path("new"));
        let time =
            |folder: &str| machine.path(folder).join(CRATE).metadata().and_then(|it| it.modified()).expect("a time");
        assert_eq!(time("new"), time("built"));
        assert!(!machine.path("new/.seed").exists());
    }

    #[test]
    fn a_target_folder_in_use_is_left_alone() {
        let machine = Machine::new();
        machine.keep("a");
        fs::create_dir_all(machine.path("new/release")).expect("a folder");
        machine.seed("a").plant(&machine.path("new"));
        assert!(!machine.path("new").join(CRATE).exists());
    }

    #[test]
    fn the_seed_of_other_crates_serves_and_that_of_another_compiler_does_not() {
        let machine = Machine::new();
        machine.keep("a");
        assert_eq!(machine.planted(&machine.seed("b")).len(), 2);
        let other = Seed { toolchain: "two".to_owned(), name: "two-a".to_owned(), ..machine.seed("a") };
        assert_eq!(machine.planted(&other).len(), 0);
    }

    #[test]
    fn a_seed_that_others_could_write_is_not_used() {
        for open in ["seeds", "seeds/one-a"] {
            let machine = Machine::new();
            machine.keep("a");
            fs::set_permissions(machine.path(open), Permissions::from_mode(0o777)).expect("permitted");
            assert_eq!(machine.planted(&machine.seed("a")).len(), 0, "{open}");
        }
    }

    #[test]
    fn links_are_followed_neither_to_a_seed_nor_out_of_one() {
        let machine = Machine::new();
        machine.keep("a");
        symlink(machine.path("built/release"), machine.path("seeds/one-a/wasm32-unknown-unknown/link"))
            .expect("a link");
        assert_eq!(machine.planted(&machine.seed("a")).len(), 0);
        let machine = Machine::new();
        machine.keep("a");
        fs::rename(machine.path("seeds/one-a"), machine.path("elsewhere")).expect("moved");
        symlink(machine.path("elsewhere"), machine.path("seeds/one-a")).expect("a link");
        assert_eq!(machine.planted(&machine.seed("a")).len(), 0);
    }

    #[test]
    fn what_a_killed_build_copied_is_swept_away() {
        let machine = Machine::new();
        machine.keep("a");
        let torn = machine.path("new/.seed").join(MODULE);
        fs::create_dir_all(torn.parent().expect("a folder")).expect("a folder");
        fs::write(torn, "half").expect("written");
        machine.seed("a").plant(&machine.path("new"));
        assert!(machine.path("new").join(CRATE).exists() && !machine.path("new").join(MODULE).exists());
    }

    #[test]
    fn the_newest_few_are_kept() {
        let machine = Machine::new();
        for i in 0..=KEPT {
            machine.keep(&i.to_string());
            let age = SystemTime::now() - Duration::from_secs(60 * (KEPT + 1 - i) as u64);
            let seed = machine.path(&format!("seeds/one-{i}"));
            File::open(seed).and_then(|folder| folder.set_modified(age)).expect("a time");
        }
        machine.keep("last");
        let there = newest_first(&machine.path("seeds"));
        assert_eq!(there.len(), KEPT);
        assert_eq!(there.first().map(|seed| name_of(seed)), Some("one-last"));
        assert!(!machine.path("seeds/one-0").exists());
    }

    #[test]
    fn two_builds_that_make_the_same_seed_leave_one() {
        let machine = Machine::new();
        assert!(machine.seed("a").store(&machine.path("built"), &machine.units).is_ok());
        assert!(machine.seed("a").store(&machine.path("built"), &machine.units).is_err());
        assert_eq!(newest_first(&machine.path("seeds")).len(), 1);
        assert_eq!(machine.planted(&machine.seed("a")).len(), 2);
    }

    #[test]
    fn the_registry_s_part_of_a_lock_is_the_same_for_projects_of_other_names() {
        let part = registry_part(LOCK);
        assert!(part.contains("checksum = \"00\"") && !part.contains("hello"), "{part}");
        assert_eq!(registry_part(&LOCK.replace("hello", "other")), part);
        assert_ne!(registry_part(&LOCK.replace("1.0.0", "1.0.1")), part);
    }

    #[test]
    fn the_hash_of_a_unit_is_read_from_the_name_of_its_file() {
        for (name, expected) in [
            ("libserde-0123456789abcdef.rlib", Some("0123456789abcdef")),
            ("serde_json-0123456789abcdef", Some("0123456789abcdef")),
            ("build_script_build-0123456789abcdef.d", Some("0123456789abcdef")),
            ("hello.wasm", None),
            ("a-b.wasm", None),
            ("x-0123456789abcdeg.rlib", None),
        ] {
            assert_eq!(hash(name), expected, "{name}");
        }
    }
}
