//! The cache of compiled code between processes: many at once, and such that are killed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A home for `vak-run`, and modules that it has not seen.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    /// A module that answers with `number`, with enough code to take a few milliseconds.
    fn module(&self, number: usize) -> PathBuf {
        let body = "(drop (i32.mul (i32.load (i32.const 8)) (i32.load (i32.const 16))))".repeat(200);
        let text = format!(r#"(module (memory 1) (func (export "run") (result i32) {body} i32.const {number}))"#);
        let path = self.0.path().join(format!("{number}.wasm"));
        fs::write(&path, wat::parse_str(text).expect("valid text")).expect("written");
        path
    }

    /// A module that takes more than a moment to compile, for each of its functions.
    fn slow(&self, functions: usize) -> PathBuf {
        let function = format!("(func (param i32) (block {}))", "(br_if 0 (local.get 0))".repeat(9_900));
        let text = format!(r#"(module (func (export "run")) {})"#, function.repeat(functions));
        let path = self.0.path().join("slow.wasm");
        fs::write(&path, wat::parse_str(text).expect("valid text")).expect("written");
        path
    }

    fn start(&self, module: &Path) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vak-run"));
        command.arg(module).args(["--allow-unsigned", "--invoke", "run", "--json"]);
        command.env("VAK_HOME", self.0.path().join("home")).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started")
    }

    /// Runs to the end: what it answers, and what the cache had.
    fn end(child: Child) -> (serde_json::Value, String) {
        let output = child.wait_with_output().expect("ended");
        assert!(output.status.success(), "{output:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.lines().all(|line| line.ends_with("is not signed: nobody vouches for it")), "{said}");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a report");
        (report["output"].clone(), report["usage"]["cache"].as_str().expect("known").to_owned())
    }

    /// How long a process takes that compiles.
    fn life(&self, number: usize) -> Duration {
        let module = self.module(number);
        let begun = Instant::now();
        Self::end(self.start(&module));
        begun.elapsed()
    }

    /// Whether there is a file that somebody has begun to write, and not ended.
    fn is_writing(&self) -> bool {
        self.entries().iter().any(|name| name.starts_with(".new-"))
    }

    fn entries(&self) -> Vec<String> {
        let folder = self.0.path().join("home/cache/compiled");
        let names = fs::read_dir(folder).expect("there").map(|file| file.expect("readable").file_name());
        names.map(|name| name.to_string_lossy().into_owned()).collect()
    }
}

#[test]
fn n8_eight_processes_that_need_the_same_module_at_once_all_answer_and_compile_it_once() {
    let place = Place::new();
    for number in 0..5 {
        let module = place.module(number);
        let running: Vec<_> = (0..8).map(|_| place.start(&module)).collect();
        let ended: Vec<_> = running.into_iter().map(Place::end).collect();
        assert!(ended.iter().all(|(answer, _)| *answer == number), "{ended:?}");
        assert_eq!(ended.iter().filter(|(_, cache)| cache == "miss").count(), 1, "{ended:?}");
        assert_eq!(Place::end(place.start(&module)), (number.into(), "hit".to_owned()));
        let entries = place.entries();
        assert!(entries.len() == number + 1 && entries.iter().all(|name| name.len() == 64), "{entries:?}");
    }
}

/// Kills a process in every round, by turns at some moment of its life and as soon as it writes to the cache; then has
/// another one run in its place.
#[expect(clippy::print_stdout, reason = "how many rounds hit what they were to hit is worth reading")]
fn kill(rounds: usize) {
    let place = Place::new();
    let life = (0..5).map(|number| place.life(rounds + 1 + number)).min().expect("five lives").mul_f64(1.1);
    let (mut early, mut halves) = (0, 0);
    for round in 1..=rounds {
        let module = place.module(round);
        let mut child = place.start(&module);
        if round % 2 == 0 {
            thread::sleep(life.mul_f64(round as f64 / rounds as f64));
        } else {
            while !place.is_writing() && child.try_wait().expect("its end").is_none() {}
        }
        early += usize::from(child.try_wait().expect("its end").is_none());
        child.kill().expect("killed");
        child.wait().expect("ended");
        halves += usize::from(place.is_writing());
        assert_eq!(Place::end(place.start(&module)).0, round);
        assert_eq!(Place::end(place.start(&module)), (round.into(), "hit".to_owned()));
    }
    println!("{early} of {rounds} were killed while they ran, {halves} of them while they wrote to the cache");
    assert!(early > 0);
    Place::end(place.start(&place.module(0)));
    // Neither a half entry nor a claim is left.
    assert_eq!(place.entries().len(), rounds + 6, "{:?}", place.entries());
}

/// The process that compiles is killed while seven wait for it.
#[test]
fn n8_the_death_of_the_process_that_compiles_makes_another_one_compile() {
    let place = Place::new();
    place.life(0);
    let slow = place.slow(1);
    let mut first = place.start(&slow);
    wait_for(|| place.entries().iter().any(|name| name.starts_with(".claim-")).then_some(()));
    let others: Vec<_> = (0..7).map(|_| place.start(&slow)).collect();
    first.kill().expect("killed");
    first.wait().expect("ended");
    let ended: Vec<_> = others.into_iter().map(Place::end).collect();
    assert_eq!(ended.iter().filter(|(_, cache)| cache == "miss").count(), 1, "{ended:?}");
    assert_eq!(place.entries().len(), 2, "{:?}", place.entries());
}

#[test]
fn n7_processes_that_are_killed_leave_no_half_entry() {
    kill(25);
}

#[test]
#[ignore = "takes minutes: cargo nextest run --release --workspace --run-ignored all -E 'test(n7_five_hundred)' --no-capture"]
fn n7_five_hundred_processes_that_are_killed_leave_no_half_entry() {
    kill(500);
}

/// A helper outlives neither its parent nor its purpose. It is stopped before its parent ends, so that it can't have come
/// to its own end.
#[test]
fn a_killed_process_takes_its_compiler_with_it() {
    let place = Place::new();
    let module = place.slow(4);
    let mut child = place.start(&module);
    let children = format!("/proc/{0}/task/{0}/children", child.id());
    let helper = wait_for(|| fs::read_to_string(&children).ok()?.split_whitespace().next().map(str::to_owned));
    // It has used a tenth of a second, so it has bounded itself and compiles.
    wait_for(|| (stat(&helper).get(11)?.parse::<u64>().ok()? >= 10).then_some(()));
    send("-STOP", &helper);
    wait_for(|| (stat(&helper).first()? == "T").then_some(()));
    child.kill().expect("killed");
    child.wait().expect("ended");
    let until = Instant::now() + Duration::from_secs(5);
    let is_there = || stat(&helper).first().is_some_and(|state| state == "T");
    while is_there() && Instant::now() < until {
        thread::yield_now();
    }
    let outlives = is_there();
    if outlives {
        send("-KILL", &helper);
    }
    assert!(!outlives, "the helper is there, and its parent is not");
}

/// The fields of a process in the process table, from its state on; none, if it is not there.
fn stat(process: &str) -> Vec<String> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    fields.split_whitespace().map(str::to_owned).collect()
}

fn send(signal: &str, process: &str) {
    assert!(Command::new("kill").args([signal, process]).status().expect("a program").success());
}

/// Looks until there is something to see, for ten seconds at most.
fn wait_for<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < until, "nothing came");
        thread::yield_now();
    }
}
