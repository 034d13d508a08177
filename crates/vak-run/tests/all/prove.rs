//! The prover is right about limits that bind, and about each that does not.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use tempfile::TempDir;
use vak_model::{LimitKind, LimitRequest, Limits};
use vak_run::prove::{Declared, Processes, Row, Verdict, prove};

/// What is declared in these tests, and a larger value that a broken runtime would let pass.
const LIMITS: [(LimitKind, u64, u64); 9] = [
    (LimitKind::Fuel, 200_000, 400_000),
    (LimitKind::Time, 200, 3000),
    (LimitKind::Cpu, 200, 3000),
    (LimitKind::Memory, 4, 8),
    (LimitKind::Table, 100, 200),
    (LimitKind::Stack, 64, 256),
    (LimitKind::Output, 1000, 2000),
    (LimitKind::Log, 1000, 2000),
    (LimitKind::HostCalls, 50, 100),
];

const MODULE: &str = r#"(module (memory (export "memory") 1)
  (func (export "vak_alloc") (param i32) (result i32) (i32.const 16))
  (func (export "execute") (param i32 i32) (result i64) (unreachable)))"#;

/// What is declared: the limits as they are above but for one, and nothing that the skill may do.
fn declared(but: Option<(LimitKind, u64)>) -> Declared {
    let mut request = LimitRequest::none();
    for (kind, value, _) in LIMITS {
        let value = but.filter(|(other, _)| *other == kind).map_or(value, |(_, value)| value);
        request.set(kind, value).expect("in range");
    }
    let limits = Limits::of_manifest(&request);
    // The name is that of the folder outside, so that whoever is shown it gets where nobody should.
    Declared { limits, asked: Vec::new(), held: Vec::new(), mounts: vec!["outside".to_owned()] }
}

/// The processes of a skill whose limits are as above but for one that is raised, and that has a capability or none.
fn processes(place: &Path, raised: Option<LimitKind>, capability: &str, flags: &[&str]) -> Processes {
    let mut yaml = format!(
        "name: tried\nversion: \"1.0.0\"\ndescription: Is tried\nmodule: tried.wasm\nexports: [{{ name: execute }}]\n\
         capabilities: [{capability}]\nlimits:\n"
    );
    for (kind, value, more) in LIMITS {
        let value = if raised == Some(kind) { more } else { value };
        writeln!(yaml, "  {kind}: {value}").expect("a string takes all");
    }
    fs::write(place.join("skill.yaml"), yaml).expect("written");
    fs::write(place.join("tried.wasm"), wat::parse_str(MODULE).expect("a module")).expect("written");
    fs::create_dir_all(place.join("outside")).expect("a folder");
    let words = [place.to_str().expect("text"), "--prove-limits"].into_iter().chain(flags.iter().copied());
    Processes {
        program: env!("CARGO_BIN_EXE_vak-run").into(),
        words: words.map(Into::into).collect(),
        environment: vec![("VAK_HOME".into(), place.join("home").into())],
    }
}

/// What does not bind of a skill that differs from what is declared of it.
fn unbound(raised: Option<LimitKind>, capability: &str, flags: &[&str]) -> Vec<(String, Verdict)> {
    let place = TempDir::new().expect("a folder");
    let flags: Vec<_> = flags.iter().map(|flag| flag.replace("PLACE", place.path().to_str().expect("text"))).collect();
    let flags: Vec<_> = flags.iter().map(String::as_str).chain(["--allow-unsigned"]).collect();
    let rows = prove(&declared(None), &processes(place.path(), raised, capability, &flags));
    assert!(rows.len() > 18, "{rows:?}");
    not_binding(&rows)
}

fn not_binding(rows: &[Row]) -> Vec<(String, Verdict)> {
    let binds = |verdict| matches!(verdict, Verdict::Binds | Verdict::NotApplicable);
    let rows = rows.iter().filter(|row| !binds(row.verdict));
    rows.map(|row| (row.id.clone(), row.verdict)).collect()
}

fn does_not(id: &str) -> Vec<(String, Verdict)> {
    vec![(id.to_owned(), Verdict::DoesNotBind)]
}

#[test]
fn what_is_declared_binds() {
    assert_eq!(unbound(None, "compute", &[]), []);
}

#[test]
fn a_limit_of_time_that_is_not_what_is_declared_is_the_one_row_that_fails() {
    for kind in [LimitKind::Time, LimitKind::Cpu] {
        assert_eq!(unbound(Some(kind), "compute", &[]), does_not(kind.manifest_key()));
    }
}

#[test]
fn a_limit_in_the_guest_that_is_not_what_is_declared_is_the_one_row_that_fails() {
    for kind in [LimitKind::Fuel, LimitKind::Memory, LimitKind::Table, LimitKind::Stack] {
        assert_eq!(unbound(Some(kind), "compute", &[]), does_not(kind.manifest_key()));
    }
}

#[test]
fn a_limit_at_the_border_that_is_not_what_is_declared_is_the_one_row_that_fails() {
    for kind in [LimitKind::Output, LimitKind::Log, LimitKind::HostCalls] {
        assert_eq!(unbound(Some(kind), "compute", &[]), does_not(kind.manifest_key()));
    }
}

#[test]
fn a_file_that_can_be_reached_though_nobody_says_so_is_the_one_row_that_fails() {
    for (id, capability, flag) in [
        ("fs.read outside", "fs.read: ['**']", "--allow-read=outside=PLACE/outside"),
        ("fs.write outside", "fs.write: ['**']", "--allow-write=outside=PLACE/outside"),
    ] {
        assert_eq!(unbound(None, capability, &[flag]), does_not(id));
    }
}

#[test]
fn a_capability_that_is_there_though_nobody_says_so_is_the_one_row_that_fails() {
    for capability in ["kv", "log", "clock", "random", "verify_plan"] {
        let flag = format!("--allow-{}", capability.replace('_', "-"));
        assert_eq!(unbound(None, capability, &[&flag]), does_not(capability));
    }
}

#[test]
fn a_probe_that_fails_though_it_may_do_what_it_tries_proves_nothing() {
    let place = TempDir::new().expect("a folder");
    let processes = processes(place.path(), None, "compute", &["--allow-unsigned"]);
    let rows = prove(&declared(Some((LimitKind::Output, 2000))), &processes);
    assert_eq!(not_binding(&rows), [("max_output_bytes".to_owned(), Verdict::NotShown)]);
}

#[test]
fn no_probe_runs_for_a_skill_that_is_not_let_in() {
    let place = TempDir::new().expect("a folder");
    let rows = prove(&declared(None), &processes(place.path(), None, "compute", &[]));
    for row in rows.iter().filter(|row| row.verdict != Verdict::NotApplicable) {
        assert_eq!(row.verdict, Verdict::NotShown, "{row:?}");
        assert!(row.observed.contains("is not signed"), "{row:?}");
    }
}
