//! Whole processes, from the start to the answer: `vak-run` with all that it checks, beside the bare engine.

use std::cell::LazyCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use criterion::Criterion;
use vak_package::{Artefact, Bounds, Package};
use vak_trust::{Earlier, PublicKeyForm, PublisherKey};

use crate::bare_code;
use crate::guests::{ANSWER, INPUT, calculator};

/// The tools and the floor, if somebody has built them.
struct Programs {
    vak_run: PathBuf,
    floor: PathBuf,
}

impl Programs {
    #[expect(clippy::print_stderr, reason = "a bench that measures nothing says so")]
    fn find() -> Option<Self> {
        let this = std::env::current_exe().expect("known");
        let built = this.ancestors().nth(2).expect("PROFILE/deps/BENCH");
        let found = Self { vak_run: built.join("vak-run"), floor: built.join("examples/floor_process") };
        let all = found.vak_run.is_file() && found.floor.is_file();
        if !all {
            eprintln!("skipped: `vak-run` or the floor process is not built: run `cargo xtask bench`");
        }
        all.then_some(found)
    }
}

/// A folder with the calculator, signed, and whatever each process needs to find there.
struct Place(tempfile::TempDir);

impl Place {
    fn new(package: &Package) -> Self {
        let place = Self(tempfile::tempdir().expect("a folder"));
        let key = PublisherKey::from_seed(&[7; 32]);
        let signed = vak_trust::sign(package, &key, Earlier::Replace).expect("signed");
        Package::read(signed.clone(), &Bounds::default()).expect("a package");
        let code = bare_code::engine().precompile_module(package.bytes()).expect("compiled");
        let public = key.public().write(PublicKeyForm::Spki, "");
        for (name, bytes) in [("calculator.wasm", signed), ("calculator.code", code), ("key.pem", public)] {
            fs::write(place.file(name), bytes).expect("written");
        }
        place
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn vak_run(&self, programs: &Programs, more: &[&str]) -> Command {
        let mut command = Command::new(&programs.vak_run);
        command.arg(self.file("calculator.wasm")).arg("--trust").arg(self.file("key.pem"));
        command.args(["--input", text(INPUT)]).args(more).env("VAK_HOME", self.file("home"));
        command
    }

    fn floor(&self, programs: &Programs, file: &str) -> Command {
        let mut command = Command::new(&programs.floor);
        command.arg(self.file(file)).arg(text(INPUT));
        command
    }
}

pub(crate) fn bench(c: &mut Criterion) {
    let Some((package, programs)) = calculator().zip(Programs::find()) else { return };
    let place = LazyCell::new(|| Place::new(&package));
    let mut group = c.benchmark_group("sandbox/process");
    group.sample_size(30);
    let mut measure = |name: &str, command: &dyn Fn() -> Command, answer: &[u8]| {
        group.bench_function(name, |b| {
            let mut command = command();
            b.iter(|| run(&mut command, answer));
        });
    };
    measure("start_alone", &|| Command::new("true"), b"");
    measure("floor", &|| place.floor(&programs, "calculator.code"), ANSWER);
    measure("vak_cached", &|| place.vak_run(&programs, &[]), ANSWER);
    measure("floor_compiling", &|| place.floor(&programs, "calculator.wasm"), ANSWER);
    measure("vak_compiling", &|| place.vak_run(&programs, &["--no-cache"]), ANSWER);
    if let Some(wasmtime) = on_the_path("wasmtime") {
        group.bench_function("wasmtime_run", |b| {
            let mut command = Command::new(&wasmtime);
            command.args(["run", "--invoke", "vak_alloc"]).arg(place.file("calculator.wasm")).arg("31");
            b.iter(|| command.output().expect("started"));
        });
    }
    group.finish();
}

/// A process from its start to its end, which must be a good one.
fn run(command: &mut Command, answer: &[u8]) {
    let output = command.stdin(Stdio::null()).output().expect("started");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.stdout.trim_ascii_end(), answer);
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("JSON")
}

fn on_the_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder: PathBuf| folder.join(program)).find(|file: &PathBuf| Path::is_file(file))
}
