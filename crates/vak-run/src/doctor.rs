//! `vak-run doctor`: whether this machine can do what VAK does.

use serde::Serialize;
use vak_cli::{Failure, Home, JsonArgs, Ui};
use vak_model::{Code, LimitRequest};
use vak_package::{Bounds, RawModule};
use vak_runtime::{CacheSize, CompileWith, ENGINE_VERSION, Number, Runtime, RuntimeConfig};
use vak_toolchain::{ClangSearch, Installs, NotFound, Search};
use vak_trust::{Timestamp, Trust};

use crate::args::CacheArgs;
use crate::runtime::{Purpose, runtime};

/// Check that this machine can run skills and build them
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
The engine must work; it runs a small module to show it. The toolchains that build skills are needed only to write them.

Examples:
  vak-run doctor
  vak-run doctor --json

Exit status:
  0 skills can run here · 3 they can't")]
pub(crate) struct Args {
    #[command(flatten)]
    json: JsonArgs,
    /// Print help
    #[arg(long, short, action = clap::ArgAction::HelpLong)]
    help: Option<bool>,
}

/// What was looked at, and what was found.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    ok: bool,
    /// Whether skills can't run without it.
    needed: bool,
    found: String,
    next: Option<String>,
}

pub(crate) fn run(args: &Args, ui: &mut Ui) -> Result<(), Failure> {
    let checks = [engine(), folders(), cache(ui)?, toolchain(ui), clang(ui)];
    let broken = checks.iter().find(|check| check.needed && !check.ok);
    if args.json.json {
        ui.json(&checks)?;
    } else {
        checks.iter().try_for_each(|check| show(check, ui))?;
    }
    match broken {
        None => Ok(()),
        Some(check) => Err(Failure::new(Code::HostEngine, format!("the {} does not work here", check.name))),
    }
}

fn show(check: &Check, ui: &mut Ui) -> Result<(), Failure> {
    let mark = match (check.ok, check.needed) {
        (true, _) => "ok",
        (false, true) => "broken",
        (false, false) => "missing",
    };
    for (i, line) in check.found.lines().enumerate() {
        let (name, mark) = if i == 0 { (check.name, mark) } else { ("", "") };
        ui.line(&format!("{name:<16} {mark:<8} {}", vak_model::printable(line, 300)))?;
    }
    match &check.next {
        Some(next) => Ok(ui.line(&format!("{:<16} {:<8} next: {next}", "", ""))?),
        None => Ok(()),
    }
}

/// Runs a function that adds two numbers.
fn engine() -> Check {
    let found = match add_two_and_three() {
        Ok(result) if result == [Number::I32(5)] => Ok(()),
        Ok(result) => Err(format!("2 and 3 make {result:?}")),
        Err(error) => Err(error.to_string()),
    };
    let ok = found.is_ok();
    let working = || {
        format!(
            "Wasmtime {ENGINE_VERSION}, Cranelift in a process of its own, {}\nfuel and epochs on, threads, GC, memory64 and components off, SIMD by manifest",
            std::env::consts::ARCH
        )
    };
    Check { name: "engine", ok, needed: true, found: found.map_or_else(|error| error, |()| working()), next: None }
}

fn add_two_and_three() -> Result<Vec<Number>, Box<dyn std::error::Error>> {
    // (module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
    const ADD: &[u8] = b"\0asm\x01\0\0\0\x01\x07\x01\x60\x02\x7f\x7f\x01\x7f\x03\x02\x01\0\x07\x07\x01\x03add\0\0\x0a\x09\x01\x07\0\x20\0\x20\x01\x6a\x0b";
    let module = RawModule::read(ADD.to_vec(), &Bounds::default())?;
    let admitted = vak_trust::dangerous::admit_unsigned(module, &Trust::nobody(), Timestamp::EPOCH)?;
    let runtime = Runtime::new(RuntimeConfig::default().compile_with(CompileWith::this_program()))?;
    let compiled = runtime.compile_raw(&admitted, &LimitRequest::none())?;
    let outcome = pollster::block_on(compiled.invoke("add", &["2".to_owned(), "3".to_owned()]))?;
    Ok(outcome.result?)
}

fn folders() -> Check {
    let Home { config, cache, state, store } = Home::from_env();
    let lines = [("config", config), ("cache", cache), ("state", state), ("store", store)]
        .map(|(name, path)| format!("{name}: {}", path.display()));
    Check { name: "folders", ok: true, needed: false, found: lines.join("\n"), next: None }
}

/// Whether compiled code is kept, and how much there is.
fn cache(ui: &mut Ui) -> Result<Check, Failure> {
    let runtime = runtime(Purpose::Calls, CacheArgs { no_cache: false }, ui)?;
    let (ok, found) = match (runtime.cache_error(), runtime.cache_size()) {
        (Some(error), _) => (false, format!("not used: {error}")),
        (None, Some(CacheSize { entries, bytes, max_bytes })) => {
            (true, format!("entries: {entries}, {} of {}", vak_cli::bytes(bytes), vak_cli::bytes(max_bytes)))
        }
        (None, None) => (false, "can't be read".to_owned()),
    };
    Ok(Check { name: "compiled code", ok, needed: false, found, next: None })
}

fn toolchain(ui: &mut Ui) -> Check {
    let progress = ui.progress("looking for a toolchain that builds skills");
    let search = Search::from_process(Home::from_env().cache.join("toolchain"), Installs::Forbidden);
    let found = search.find(&mut |_| ());
    drop(progress);
    let found = found.map(|toolchain| format!("{} ({})", toolchain.version(), toolchain.rustc().display()));
    compiler("wasm toolchain", found)
}

fn clang(ui: &mut Ui) -> Check {
    let progress = ui.progress("looking for a compiler for skills in C");
    let found = ClangSearch::from_process(Home::from_env().cache.join("toolchain")).find(&mut |_| ());
    drop(progress);
    compiler("compiler for C", found.map(|clang| format!("{} ({})", clang.version(), clang.path().display())))
}

/// What only authors need.
fn compiler(name: &'static str, found: Result<String, NotFound>) -> Check {
    match found {
        Ok(found) => Check { name, ok: true, needed: false, found, next: None },
        Err(error) => Check {
            name,
            ok: false,
            needed: false,
            found: error.attempts.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
            next: error.advice.first().cloned(),
        },
    }
}
