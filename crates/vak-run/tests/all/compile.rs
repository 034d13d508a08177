//! Compiling in a process of its own, with `vak-run` as the compiler: what bounds it, and what its failures are called.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use vak_model::{CacheUse, Code, LimitRequest};
use vak_package::{Bounds, RawModule};
use vak_runtime::{CacheConfig, CompileBounds, CompileError, CompileWith, Number, Runtime, RuntimeConfig};
use vak_trust::{Timestamp, Trust};

const VAK_RUN: &str = env!("CARGO_BIN_EXE_vak-run");

fn config(helper: &Path) -> RuntimeConfig {
    RuntimeConfig::default().compile_with(CompileWith::Helper(helper.to_owned()))
}

fn bounded(time: Duration, memory_bytes: u64) -> RuntimeConfig {
    config(Path::new(VAK_RUN)).compile_bounds(CompileBounds { time, memory_bytes })
}

/// What the module answers, and what the cache had for it.
fn run(runtime: &Runtime, text: &str) -> Result<(Vec<Number>, Option<CacheUse>), CompileError> {
    let module = RawModule::read(wat::parse_str(text).expect("valid text"), &Bounds::default()).expect("within bounds");
    let admitted = vak_trust::dangerous::admit_unsigned(module, &Trust::nobody(), Timestamp::EPOCH).expect("unsigned");
    let compiled = runtime.compile_raw(&admitted, &LimitRequest::none())?;
    let outcome = pollster::block_on(compiled.invoke("run", &[])).expect("a function");
    Ok((outcome.result.expect("an answer"), outcome.usage.cache))
}

fn runtime(config: RuntimeConfig) -> Runtime {
    Runtime::new(config).expect("an engine")
}

const SEVEN: &str = r#"(module (func (export "run") (result i32) i32.const 7))"#;

fn gives_seven(runtime: &Runtime) {
    assert_eq!(run(runtime, SEVEN).expect("compiled").0, [Number::I32(7)]);
}

/// Within every bound of the reader's, and dear: the compiler's time is quadratic in the branches of a function.
fn slow() -> String {
    let function = format!("(func (param i32) (block {}))", "(br_if 0 (local.get 0))".repeat(9_900));
    format!("(module (func (export \"run\")) {})", function.repeat(4))
}

/// The same for memory: 140 KB that take over 300 MB.
fn large() -> String {
    let function = format!("(func (param i32) {})", "(loop (br_if 0 (local.get 0)))".repeat(4_900));
    format!("(module (func (export \"run\")) {})", function.repeat(4))
}

/// The children of this process that are still in the process table.
fn children() -> usize {
    let tasks = fs::read_dir("/proc/self/task").expect("the process table");
    let of = |task: fs::DirEntry| fs::read_to_string(task.path().join("children")).unwrap_or_default();
    tasks.map(|task| of(task.expect("readable")).split_whitespace().count()).sum()
}

#[test]
fn a_module_is_compiled_in_a_process_of_its_own_and_runs_here() {
    let runtime = runtime(config(Path::new(VAK_RUN)));
    gives_seven(&runtime);
    let text = r#"(module (func (export "run") (result f32) (f32.div (f32.const 1) (f32.const 3))))"#;
    assert_eq!(run(&runtime, text).expect("compiled").0, [Number::F32(1.0 / 3.0)]);
}

#[test]
fn s14_a_compilation_that_takes_too_long_is_killed_and_the_next_one_is_not() {
    let limit = Duration::from_millis(300);
    let runtime = runtime(bounded(limit, 1 << 30));
    let started = Instant::now();
    let error = run(&runtime, &slow()).expect_err("too slow");
    // Reading and parsing the text is in there as well.
    assert!(started.elapsed() < limit + Duration::from_secs(2), "{:?}", started.elapsed());
    assert_eq!((error.code(), error.code().exit_code()), (Code::LimitCompileTime, 7));
    gives_seven(&runtime);
}

/// One that waits uses no processor time, which has a limit of its own.
#[test]
fn s14_a_helper_that_does_nothing_is_killed_at_the_deadline() {
    let place = tempfile::tempdir().expect("a folder");
    let bounds = CompileBounds { time: Duration::from_millis(100), ..CompileBounds::default() };
    let idle = runtime(config(&script(place.path(), "exec sleep 20")).compile_bounds(bounds));
    assert_eq!(run(&idle, SEVEN).expect_err("too slow").code(), Code::LimitCompileTime);
    assert_eq!(children(), 0);
}

#[test]
fn s14_a_compilation_that_takes_too_much_memory_ends_and_this_process_does_not() {
    let runtime = runtime(bounded(Duration::from_secs(60), 256 << 20));
    let error = run(&runtime, &large()).expect_err("too large");
    assert_eq!((error.code(), error.code().exit_code()), (Code::LimitCompileMemory, 7), "{error}");
    gives_seven(&runtime);
}

#[test]
fn c11_after_a_killed_compilation_there_is_no_entry_no_child_and_no_open_file() {
    let place = tempfile::tempdir().expect("a folder");
    let cache = CacheConfig::below(&place.path().join("cache"), &place.path().join("state"));
    let runtime = runtime(bounded(Duration::from_millis(20), 1 << 30).cache(cache.clone()));
    let open = || fs::read_dir("/proc/self/fd").expect("the process table").count();
    let before = open();
    let slow = slow();
    for _ in 0..30 {
        assert_eq!(run(&runtime, &slow).expect_err("too slow").code(), Code::LimitCompileTime);
    }
    assert_eq!(children(), 0);
    assert!(open() < before + 20, "{before} {}", open());
    assert_eq!(fs::read_dir(&cache.folder).expect("there").count(), 0);
    let patient = self::runtime(config(Path::new(VAK_RUN)).cache(cache));
    for expected in [CacheUse::Miss, CacheUse::Hit] {
        assert_eq!(run(&patient, SEVEN).expect("compiled").1, Some(expected));
    }
}

/// Shapes that compilers were slow on, each as large as its row of the threat model says.
fn bombs() -> [(&'static str, String); 6] {
    let blocks = "(block (local.set 0 (i32.const 1)))";
    let remainders = "(local.set 1 (i64.rem_s (local.get 1) (local.get 2)))";
    let function = |body: String| format!("(module (func (export \"run\")) (func (param i32 i64 i64) {body}))");
    let nulls = "(ref.null func)".repeat(100_000);
    [
        ("C4", function(blocks.repeat(15_000))),
        ("C4, within the bounds", function(blocks.repeat(9_900))),
        ("C5", format!("(module (table 1 funcref) (elem funcref {nulls}) (func (export \"run\")))")),
        ("C7", function("(block ".repeat(100_000) + &")".repeat(100_000))),
        ("C7, an expression", function("(i32.const 1) ".repeat(150_000) + &"i32.add ".repeat(149_999) + "drop")),
        ("C9", function(remainders.repeat(100_000))),
    ]
}

#[test]
fn c4_c5_c7_c9_what_is_dear_to_compile_is_refused_or_ends_within_its_bounds() {
    let limit = Duration::from_secs(3);
    let runtime = runtime(bounded(limit, 512 << 20));
    for (name, text) in bombs() {
        let module = match RawModule::read(wat::parse_str(text).expect("valid text"), &Bounds::default()) {
            Ok(module) => {
                vak_trust::dangerous::admit_unsigned(module, &Trust::nobody(), Timestamp::EPOCH).expect("unsigned")
            }
            Err(error) => {
                assert_eq!(error.code(), Code::ArtefactBounds, "{name}");
                continue;
            }
        };
        let started = Instant::now();
        match runtime.compile_raw(&module, &LimitRequest::none()).map_err(|error| error.code()) {
            Ok(_) | Err(Code::LimitCompileTime | Code::LimitCompileMemory) => {}
            Err(code) => panic!("{name}: {code}"),
        }
        assert!(started.elapsed() < limit + Duration::from_secs(2), "{name}: {:?}", started.elapsed());
        gives_seven(&runtime);
    }
}

/// A program in the place of the compiler.
fn script(folder: &Path, lines: &str) -> PathBuf {
    let path = folder.join("helper");
    fs::write(&path, format!("#!/bin/sh\n{lines}\n")).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("ours");
    path
}

#[test]
fn a_helper_that_is_none_is_an_error_of_the_environment() {
    let place = tempfile::tempdir().expect("a folder");
    for lines in ["exit 0", "cat", "echo vak-compiled-1", "exit 5", "exit 12", "exit 13", "cat > /dev/null; echo no"] {
        let error = run(&runtime(config(&script(place.path(), lines))), SEVEN).expect_err(lines);
        let expected = if lines == "exit 5" { Code::InternalBug } else { Code::HostCompiler };
        assert_eq!(error.code(), expected, "{lines}: {error:?}");
    }
    let missing = run(&runtime(config(&place.path().join("missing"))), SEVEN).expect_err("missing");
    assert_eq!((missing.code(), missing.code().exit_code()), (Code::HostCompiler, 3));
}

#[test]
fn n3_a_helper_with_another_engine_refuses() {
    let place = tempfile::tempdir().expect("a folder");
    let other = format!("exec {VAK_RUN} $1 $2 sha256:{} $4 $5 $6 $7", "0".repeat(64));
    let error = run(&runtime(config(&script(place.path(), &other))), SEVEN).expect_err("another engine");
    let CompileError::Helper(cause) = &error else { panic!("{error}") };
    assert_eq!((error.code(), cause.to_string().as_str()), (Code::HostCompiler, "it has another engine"));
    let same = script(place.path(), &format!("exec {VAK_RUN} $1 $2 $3 $4 $5 $6 $7"));
    gives_seven(&runtime(config(&same)));
}

/// Good code with another head is not taken, whichever part of the head it is.
#[test]
fn n3_an_answer_of_another_engine_or_with_another_head_is_none() {
    let place = tempfile::tempdir().expect("a folder");
    let answer = format!("cd ${{0%/*}}; {VAK_RUN} $1 $2 $3 $4 $5 $6 $$ > answer");
    let told = |parts: &str| script(place.path(), &format!("{answer}\n{parts}"));
    gives_seven(&runtime(config(&told("cat answer"))));
    for parts in [
        "head -c 16 answer; head -c 32 /dev/zero; tail -c +49 answer",
        "head -c 15 answer; echo x; tail -c +18 answer",
        "head -c 47 answer",
        "tail -c +49 answer",
    ] {
        let error = run(&runtime(config(&told(parts))), SEVEN).expect_err(parts);
        let CompileError::Helper(cause) = &error else { panic!("{parts}: {error}") };
        assert_eq!(cause.to_string(), "it does not answer as a compiler does", "{parts}");
    }
}

/// Its orderer may be gone before it has asked to end with it.
#[test]
fn a_helper_whose_order_is_not_its_parent_s_does_nothing() {
    let said = said(&format!("exec {VAK_RUN} $1 $2 $3 $4 $5 $6 1"));
    assert_eq!(said, "the process that ordered is gone");
}

#[test]
fn each_way_in_which_a_helper_can_die_has_its_name() {
    let place = tempfile::tempdir().expect("a folder");
    for (lines, code) in [
        ("kill -KILL $$", Code::HostMemory),
        ("kill -XCPU $$", Code::LimitCompileTime),
        ("kill -XFSZ $$", Code::LimitCompileMemory),
        ("echo memory allocation of 5 bytes failed >&2; kill -ABRT $$", Code::LimitCompileMemory),
        ("kill -ABRT $$", Code::InternalBug),
        ("kill -SEGV $$", Code::InternalBug),
    ] {
        let error = run(&runtime(config(&script(place.path(), lines))), SEVEN).expect_err(lines);
        assert_eq!(error.code(), code, "{lines}: {error}");
    }
}

/// What a script in the place of the compiler says, which is to end with 13.
fn said(lines: &str) -> String {
    let place = tempfile::tempdir().expect("a folder");
    let error = run(&runtime(config(&script(place.path(), lines))), SEVEN).expect_err("no compiler");
    let CompileError::Helper(said) = error else { panic!("{error}") };
    said.to_string()
}

#[test]
fn a_helper_has_no_environment_but_what_it_is_given() {
    let environment = said("env >&2; exit 13");
    assert!(environment.contains("RAYON_NUM_THREADS="), "{environment}");
    for word in ["HOME=", "USER=", "CARGO", "VAK"] {
        assert!(!environment.contains(word), "{environment}");
    }
}

#[test]
fn a_helper_bounds_itself_before_it_reads_anything() {
    // It waits for a module that never comes; the pipe is open for writing as well, so that it has no end either.
    let lines = format!(
        "cd ${{0%/*}}; mkfifo pipe; exec 3<>pipe; {VAK_RUN} $1 $2 $3 $4 $5 $6 $$ <&3 &
        until grep -q 'file size *268435456 *268435456' /proc/$!/limits; do :; done
        grep -E 'core|address|cpu' /proc/$!/limits | tr -s ' ' >&2; kill -KILL $!; exit 13"
    );
    let limits = said(&lines);
    for wanted in ["Max core file size 0 0", "Max address space 1073741824 1073741824", "Max cpu time "] {
        assert!(limits.contains(wanted), "{limits}");
    }
    assert!(!limits.contains("unlimited"), "{limits}");
}
