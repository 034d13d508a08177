//! The gate: nothing happens that was not allowed and recorded before, and what breaks down ends its own call alone.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use vak_audit::{AuditLog, LogConfig, LogIdentity, LogReader, RunId, Subject, Trail};
use vak_model::{Code, Decision, Effect};
use vak_runtime::{
    AuditRecorder, Ended, Host, LiveConfig, LogLevel, Operator, Outcome, Permit, PreparedSkill, RecordError, Recorder,
    Response, Summary, World, WorldFuture,
};

use crate::asking::{MUCH, ask, asks_all, folders, generous, granted, module, place};
use crate::code;

/// What a world that breaks down does when a line is logged.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Nothing,
    PanicsAtOnce,
    PanicsLater,
    NeverAnswers,
}

/// A world that counts what it did.
struct Counting(Arc<Mutex<u32>>, Fault);

impl World for Counting {
    fn log(&mut self, permit: Permit, _: LogLevel, _: String) -> WorldFuture<'_> {
        drop(permit);
        *self.0.lock().expect("not poisoned") += 1;
        match self.1 {
            Fault::Nothing => Box::pin(std::future::ready(Ok(Response::done()))),
            Fault::PanicsAtOnce => panic!("on purpose"),
            Fault::PanicsLater => Box::pin(async { panic!("on purpose") }),
            Fault::NeverAnswers => Box::pin(std::future::pending()),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry {
    Intent(String, bool),
    Outcome(Ended),
}

/// A recorder that fails once, and keeps what it took.
#[derive(Clone, Default)]
struct Notes {
    entries: Arc<Mutex<Vec<Entry>>>,
    fails_at: Option<usize>,
}

impl Notes {
    fn take(&self, entry: Entry) -> Result<(), RecordError> {
        let mut entries = self.entries.lock().expect("not poisoned");
        if self.fails_at == Some(entries.len()) {
            return Err(RecordError::new(std::io::Error::from(std::io::ErrorKind::StorageFull)));
        }
        entries.push(entry);
        Ok(())
    }

    fn taken(&self) -> Vec<Entry> {
        self.entries.lock().expect("not poisoned").clone()
    }
}

impl Recorder for Notes {
    fn intent(&mut self, effect: &Effect, decision: &Decision) -> Result<(), RecordError> {
        self.take(Entry::Intent(effect.to_string(), decision.is_allowed()))
    }

    fn outcome(&mut self, result: &Summary<'_>) -> Result<(), RecordError> {
        self.take(Entry::Outcome(result.ended))
    }
}

const LINE: (&str, &[u8]) = ("log", b"{}\nx");

fn logging(steps: usize, limits: &str) -> PreparedSkill {
    granted(&module(&vec![LINE; steps]), &asks_all().replace(MUCH, limits), &generous())
}

fn run(skill: &PreparedSkill, fault: Fault, notes: &Notes) -> (Outcome, u32) {
    let count = Arc::new(Mutex::new(0));
    let host = Host::new(Box::new(Counting(Arc::clone(&count), fault))).recorded_by(Box::new(notes.clone()));
    let outcome = pollster::block_on(skill.call_in("execute", b"{}", host));
    let done = *count.lock().expect("not poisoned");
    (outcome, done)
}

/// One record after the other fails: what was not announced was not done, and nothing comes after it.
#[test]
fn nothing_happens_that_could_not_be_recorded() {
    let skill = logging(3, MUCH);
    for n in 0..6 {
        let notes = Notes { fails_at: Some(n), ..Notes::default() };
        let (outcome, done) = run(&skill, Fault::Nothing, &notes);
        assert_eq!(code(&outcome), Code::AuditUnavailable, "{n}");
        assert_eq!(code(&outcome).fault().exit_code(), 3);
        let intents = notes.taken().iter().filter(|entry| matches!(entry, Entry::Intent(..))).count();
        assert_eq!((notes.taken().len(), done as usize), (n, intents), "{n}");
    }
    let notes = Notes { fails_at: Some(6), ..Notes::default() };
    let (outcome, done) = run(&skill, Fault::Nothing, &notes);
    assert!(outcome.result.is_ok() && done == 3);
}

#[test]
fn an_intent_is_on_record_before_its_effect_and_its_outcome_after() {
    let notes = Notes::default();
    let _ = run(&logging(1, MUCH), Fault::Nothing, &notes);
    assert_eq!(notes.taken(), [Entry::Intent("log (1 bytes)".to_owned(), true), Entry::Outcome(Ended::Done)]);
}

#[test]
fn e1_nothing_is_done_for_a_response_that_has_no_room_in_the_memory() {
    let text = r#"(module (import "vak" "log" (func $log (param i32 i32 i32 i32) (result i64)))
        (memory (export "memory") 1) (data (i32.const 0) "{}")
        (func (export "vak_alloc") (param i32) (result i32) i32.const 1024)
        (func (export "execute") (param i32 i32) (result i64)
            (call $log (i32.const 0) (i32.const 2) (i32.const 65536) (i32.const 1))))"#;
    let notes = Notes::default();
    let (outcome, done) = run(&granted(text, &asks_all(), &generous()), Fault::Nothing, &notes);
    assert_eq!((code(&outcome), done, notes.taken().len()), (Code::HostPointer, 0, 0));
}

#[test]
fn what_is_denied_is_on_record_and_the_first_sixteen_are_told() {
    let notes = Notes::default();
    let skill = granted(&module(&[LINE; 20]), &asks_all(), &Operator::nothing());
    let (outcome, done) = run(&skill, Fault::Nothing, &notes);
    assert!(outcome.result.is_ok() && done == 0);
    assert_eq!(outcome.denied.len(), 16);
    assert_eq!(notes.taken().len(), 40);
    assert_eq!(notes.taken()[..2], [Entry::Intent("log (1 bytes)".to_owned(), false), Entry::Outcome(Ended::Denied)]);
}

#[test]
fn e19_a_host_function_that_panics_ends_its_call_and_no_other() {
    let skill = logging(2, MUCH);
    for fault in [Fault::PanicsAtOnce, Fault::PanicsLater] {
        let notes = Notes::default();
        let (outcome, done) = run(&skill, fault, &notes);
        assert_eq!((code(&outcome), done), (Code::InternalBug, 1), "{fault:?}");
        assert!(!outcome.result.expect_err("an error").to_string().contains("on purpose"));
        assert_eq!(notes.taken()[1..], [Entry::Outcome(Ended::Broken)]);
        let (outcome, done) = run(&skill, Fault::Nothing, &Notes::default());
        assert!(outcome.result.is_ok() && done == 2);
    }
}

#[test]
fn e19_a_recorder_that_panics_ends_its_call_and_no_other() {
    struct Panics;
    impl Recorder for Panics {
        fn intent(&mut self, _: &Effect, _: &Decision) -> Result<(), RecordError> {
            panic!("on purpose")
        }
        fn outcome(&mut self, _: &Summary<'_>) -> Result<(), RecordError> {
            Ok(())
        }
    }
    let skill = logging(1, MUCH);
    let count = Arc::new(Mutex::new(0));
    let host = Host::new(Box::new(Counting(Arc::clone(&count), Fault::Nothing))).recorded_by(Box::new(Panics));
    let outcome = pollster::block_on(skill.call_in("execute", b"{}", host));
    assert_eq!((code(&outcome), *count.lock().expect("not poisoned")), (Code::InternalBug, 0));
}

#[test]
fn a10_a_host_call_that_never_answers_ends_at_the_deadline_and_its_record_says_so() {
    let soon = "limits: { max_execution_time_ms: 100, max_fuel: 900000000000, max_memory_pages: 1024 }";
    let (skill, notes, started) = (logging(1, soon), Notes::default(), Instant::now());
    let (outcome, done) = run(&skill, Fault::NeverAnswers, &notes);
    assert_eq!((code(&outcome), done), (Code::LimitTime, 1));
    assert!(started.elapsed() < Duration::from_millis(100 + 250 + 160), "{:?}", started.elapsed());
    assert_eq!(notes.taken()[1..], [Entry::Outcome(Ended::Interrupted)]);
}

#[test]
fn a12_a_call_that_is_dropped_while_it_waits_says_so_on_record() {
    let (skill, notes) = (logging(1, MUCH), Notes::default());
    let host = Host::new(Box::new(Counting(Arc::default(), Fault::NeverAnswers))).recorded_by(Box::new(notes.clone()));
    {
        let mut call = pin!(skill.call_in("execute", b"{}", host));
        let mut context = Context::from_waker(Waker::noop());
        while notes.taken().is_empty() {
            assert!(call.as_mut().poll(&mut context).is_pending());
        }
    }
    assert_eq!(notes.taken()[1..], [Entry::Outcome(Ended::Interrupted)]);
}

struct Unpark(std::thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Drives all of them on this thread, and does `meanwhile` when all have begun to wait.
fn together(calls: Vec<impl Future<Output = Outcome>>, meanwhile: impl FnOnce()) -> Vec<Outcome> {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut waiting: Vec<_> = calls.into_iter().map(Box::pin).collect();
    let (mut ended, mut meanwhile) = (Vec::new(), Some(meanwhile));
    loop {
        waiting.retain_mut(|call| match call.as_mut().poll(&mut context) {
            Poll::Ready(outcome) => {
                ended.push(outcome);
                false
            }
            Poll::Pending => true,
        });
        if waiting.is_empty() {
            return ended;
        }
        if let Some(meanwhile) = meanwhile.take() {
            meanwhile();
        }
        std::thread::park_timeout(Duration::from_secs(1));
    }
}

/// The guest of these is small, as there are many.
#[test]
fn a11_six_hundred_calls_that_wait_hold_up_no_other() {
    let text = r#"(module (import "vak" "log" (func $log (param i32 i32 i32 i32) (result i64)))
        (memory (export "memory") 1) (data (i32.const 0) "{}\nx")
        (func (export "vak_alloc") (param i32) (result i32) i32.const 1024)
        (func (export "execute") (param i32 i32) (result i64)
            (drop (call $log (i32.const 0) (i32.const 4) (i32.const 64) (i32.const 64)))
            (i64.or (i64.shl (i64.const 64) (i64.const 32)) (i64.const 2))))"#;
    let yaml = "capabilities: [log]\nlimits: { max_execution_time_ms: 1500, max_fuel: 900000000000 }";
    let skill = granted(text, yaml, &generous());
    let call = |fault| {
        let host = Host::new(Box::new(Counting(Arc::default(), fault)));
        skill.call_in("execute", b"{}", host)
    };
    let outcomes = together((0..600).map(|_| call(Fault::NeverAnswers)).collect(), || {
        assert_eq!(pollster::block_on(call(Fault::Nothing)).result.expect("an answer").bytes(), b"{}");
    });
    assert_eq!(outcomes.len(), 600);
    assert!(outcomes.iter().all(|outcome| code(outcome) == Code::LimitTime));
}

#[test]
fn a15_a_trap_between_host_calls_leaves_a_whole_record() {
    let text = module(&[LINE, LINE]).replacen("(call $byte (i32.const 44)) (call $put", "(unreachable) (call $put", 1);
    let notes = Notes::default();
    let (outcome, done) = run(&granted(&text, &asks_all(), &generous()), Fault::Nothing, &notes);
    assert_eq!((code(&outcome), done), (Code::TrapUnreachable, 1));
    assert_eq!(notes.taken()[1..], [Entry::Outcome(Ended::Done)]);
}

#[test]
fn what_is_recorded_says_what_was_asked_for_and_holds_no_contents() {
    let (place, state) = (place(), tempfile::tempdir().expect("a folder"));
    let state = state.path().canonicalize().expect("a path");
    let config = LogConfig::below(&state);
    let log = Arc::new(Mutex::new(AuditLog::open(&config).expect("a log")));
    let trail = Arc::new(Mutex::new(Trail::new(RunId::random().expect("random"))));
    let recorder = AuditRecorder::new(Arc::clone(&log), trail, Subject::default());
    let world = folders(place.path()).expect("folders").build();
    let steps: [(&str, &[u8]); 3] = [
        ("fs_write", b"{\"path\":\"out/a\"}\nhunter2"),
        ("fs_read", br#"{"path":"out/a"}"#),
        ("fs_read", br#"{"path":"secret"}"#),
    ];
    let _ = ask(&generous(), Host::new(Box::new(world)).recorded_by(Box::new(recorder)), &steps);
    log.lock().expect("not poisoned").commit(std::time::SystemTime::now()).expect("committed");
    let identity = LogIdentity::Key(log.lock().expect("not poisoned").public_key());
    let reader = LogReader::open(config.log_folder(), &identity).expect("a log");
    let mut entries = Vec::new();
    reader
        .each(0, |_, bytes| {
            entries.push(String::from_utf8(bytes.to_vec()).expect("text"));
            Ok::<_, vak_audit::ReadError>(())
        })
        .expect("read");
    assert_eq!((entries.len(), reader.open_intents().expect("read").count()), (6, 0));
    assert!(entries.iter().all(|entry| !entry.contains("hunter2")), "l18: contents are not in the log");
    for (entry, said) in entries.iter().zip([
        r#""allowed":true,"bytes":7,"call":"fs_write","path":"out/a""#,
        r#""ended":"done","of":0"#,
        r#""allowed":true,"call":"fs_read","path":"out/a""#,
        r#""response":{"bytes":7,"sha256":"#,
        r#""allowed":false,"call":"fs_read","code":"policy.unrequested","path":"secret""#,
        r#""ended":"denied","of":4"#,
    ]) {
        assert!(entry.contains(said), "{entry} {said}");
    }
}

#[test]
fn a_live_world_is_reached_by_a_call_alone() {
    // The front page of the module shows that a permit can't be made; here, that a world does nothing by itself.
    let skill = granted(&module(&[]), &asks_all(), &generous());
    let host = Host::new(Box::new(LiveConfig::new().build()));
    let outcome = pollster::block_on(skill.call_in("execute", b"{}", host));
    assert_eq!(outcome.usage.host_calls, Some(0));
}
