//! A machine whose programs are shell scripts in a temporary folder.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use vak_toolchain::{Configured, Installs, NotFound, Patience, Search, Step, Toolchain};

/// A cargo that notes what it was told and leaves a module, unless it is given a compiler called `broken`.
const CARGO: &str = r#"
echo "RUSTC=$RUSTC BOOTSTRAP=$RUSTC_BOOTSTRAP LINKER=$CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER FLAGS=$CARGO_ENCODED_RUSTFLAGS ARGS=$*" >> @/cargo.log
case "$RUSTC" in
  *broken*) printf '\033[1merror\033[0m: the compiler is broken\n' >&2; exit 101;;
esac
release="$CARGO_TARGET_DIR/wasm32-unknown-unknown/release"
mkdir -p "$release"
printf '\000asm\001\000\000\000' > "$release/$(sed -n 's/^name = "\(proof_.*\)"/\1/p' Cargo.toml).wasm"
"#;

pub(crate) struct Machine {
    folder: tempfile::TempDir,
    pub(crate) search: Search,
}

impl Machine {
    /// A machine with cargo and nothing else. Its current compiler would be `current/bin/rustc`.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("a folder");
        let search = Search {
            cargo: root.join("bin/cargo"),
            cargo_home: root.join("cargo home"),
            rustc: root.join("current/bin/rustc"),
            configured: None,
            linker: None,
            installs: Installs::Forbidden,
            path_dirs: vec![root.join("current/bin"), root.join("bin")],
            cache_dir: root.join("cache"),
            patience: Patience { question: Duration::from_secs(20), ..Patience::default() },
        };
        Self { folder, search }.script("bin/cargo", CARGO)
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().canonicalize().expect("a folder").join(path)
    }

    /// Writes a script, in which `@` stands for the machine's root. Another process writes it: were it open here while
    /// another test starts a program, that program would hold it open too, and it could not be run.
    pub(crate) fn script(self, path: &str, body: &str) -> Self {
        let (path, root) = (self.path(path), self.path(""));
        let body = body.replace("@/", &root.display().to_string());
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        let write = r#"printf '#!/bin/sh\n%s\n' "$1" > "$2" && chmod +x "$2""#;
        let status = Command::new("/bin/sh").args(["-c", write, "sh", &body]).arg(&path).status();
        assert!(status.expect("a shell").success());
        self
    }

    pub(crate) fn file(self, path: &str) -> Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, "").expect("a file");
        self
    }

    /// A toolchain in the folder `root`, whose compiler says that it is `release`.
    pub(crate) fn compiler(self, root: &str, release: &str) -> Self {
        let answers = r#"
case "$1" in
  -vV) printf 'rustc RELEASE (fake)\nbinary: rustc\nhost: here\nrelease: RELEASE\n';;
  --print) printf '@/ROOT\n@/ROOT/lib/rustlib/wasm32-unknown-unknown/lib\n';;
esac"#;
        let answers = answers.replace("RELEASE", release).replace("ROOT", root);
        self.script(&format!("{root}/bin/rustc"), &answers)
    }

    pub(crate) fn target(self, root: &str) -> Self {
        self.file(&format!("{root}/lib/rustlib/wasm32-unknown-unknown/lib/libstd.rlib"))
    }

    pub(crate) fn source(self, root: &str) -> Self {
        self.file(&format!("{root}/lib/rustlib/src/rust/library/Cargo.lock"))
    }

    pub(crate) fn own_linker(self, root: &str) -> Self {
        self.file(&format!("{root}/lib/rustlib/here/bin/rust-lld"))
    }

    /// A rustup whose `target add` does `adding` and whose `which` names the toolchain's folder.
    pub(crate) fn rustup(self, adding: &str) -> Self {
        let body = format!(
            r#"
case "$1 $2" in
  "target add") {adding};;
  which*) [ -d "@/${{2#--toolchain=}}" ] || {{ echo "error: no such toolchain" >&2; exit 1; }}
    echo "@/${{2#--toolchain=}}/bin/rustc";;
esac"#
        );
        self.script("bin/rustup", &body)
    }

    pub(crate) fn configured(mut self, configured: Configured) -> Self {
        self.search.configured = Some(configured);
        self
    }

    pub(crate) fn installs(mut self, installs: Installs) -> Self {
        self.search.installs = installs;
        self
    }

    pub(crate) fn look_in(mut self, dir: &str) -> Self {
        self.search.path_dirs.push(self.path(dir));
        self
    }

    pub(crate) fn find(&self) -> Result<Toolchain, NotFound> {
        self.search.find(&mut |_| {})
    }

    /// What a search tells while it runs, one word each.
    pub(crate) fn steps(&self) -> Vec<&'static str> {
        let mut steps = Vec::new();
        let found = self.search.find(&mut |step| {
            steps.push(match step {
                Step::Trying(_) => "trying",
                Step::Building(..) => "building",
                Step::Remembered(_) => "remembered",
                Step::Failed(_) => "failed",
            });
        });
        found.expect("a toolchain");
        steps
    }

    /// Why nothing was found, with `@/` for the machine's root.
    pub(crate) fn refusal(&self) -> String {
        let refusal = self.find().expect_err("no toolchain").to_string();
        refusal.replace(&self.path("").display().to_string(), "@/")
    }

    /// What cargo was told, a line for each time.
    pub(crate) fn builds(&self) -> Vec<String> {
        let log = fs::read_to_string(self.path("cargo.log")).unwrap_or_default();
        log.replace(&self.path("").display().to_string(), "@/").lines().map(str::to_owned).collect()
    }

    pub(crate) fn remove(&self, path: &str) {
        let path = self.path(path);
        if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.expect("removed");
    }
}
