//! A guest that makes host calls one after the other, and answers with what it got: status and bytes of each.

use std::fmt::Write as _;
use std::path::Path;

use vak_abi::Status;
use vak_model::{Capability, GuestPath, LimitRequest};
use vak_package::{Bounds, ManifestDocument, Package};
use vak_runtime::{
    Allowance, Grant, Host, LiveConfig, Operator, Outcome, PreparedSkill, Principal, Runtime, WorldError,
};

use crate::{HEAD, runtime, unsigned};

/// What a guest got for a host call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Got {
    pub(crate) status: Status,
    pub(crate) bytes: Vec<u8>,
}

impl Got {
    pub(crate) fn done(&self) -> &[u8] {
        assert_eq!(self.status, Status::Done, "{}", self.text());
        &self.bytes
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// Status and code of what was denied or failed.
    pub(crate) fn refused(&self) -> (Status, String) {
        let value: serde_json::Value = serde_json::from_slice(&self.bytes).expect("an error is JSON");
        let text = |key: &str| value[key].as_str().expect("a text").to_owned();
        assert!(!text("message").is_empty() && !text("message").contains("/tmp"), "{value}");
        (self.status, text("code"))
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(self.done()).expect("JSON")
    }
}

pub(crate) const MUCH: &str = "limits: { max_fuel: 900000000000, max_execution_time_ms: 60000, max_memory_pages: 1024, max_output_bytes: 67108864 }";

/// Where a guest has the room for responses, and how much.
const ROOM: u32 = 65_536;
const ROOM_BYTES: u32 = 4 << 20;

/// A module that makes these calls with these requests.
pub(crate) fn module(steps: &[(&str, &[u8])]) -> String {
    let (requests, answer) = (ROOM + ROOM_BYTES, 40 << 20);
    let mut names: Vec<&str> = steps.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    names.dedup();
    let mut text = String::from("(module\n");
    for name in names {
        let _ = writeln!(text, r#"(import "vak" "{name}" (func ${name} (param i32 i32 i32 i32) (result i64)))"#);
    }
    let (mut body, mut at) = (String::new(), requests);
    for (i, (name, request)) in steps.iter().enumerate() {
        let data: String = request.iter().map(|byte| format!("\\{byte:02x}")).collect();
        let _ = writeln!(text, r#"(data (i32.const {at}) "{data}")"#);
        let comma = if i > 0 { "(call $byte (i32.const 44))" } else { "" };
        let len = request.len();
        let _ = writeln!(
            body,
            "{comma} (call $put (call ${name} (i32.const {at}) (i32.const {len}) (i32.const {ROOM}) (i32.const {ROOM_BYTES})))"
        );
        at += u32::try_from(len).expect("short");
    }
    let _ = write!(
        text,
        r#"(memory (export "memory") 1000) (data (i32.const 16) "0123456789abcdef")
        (global $at (mut i32) (i32.const {answer}))
        (func (export "vak_alloc") (param i32) (result i32) i32.const 1024)
        (func $byte (param i32)
            (i32.store8 (global.get $at) (local.get 0)) (global.set $at (i32.add (global.get $at) (i32.const 1))))
        (func $digit (param i32) (call $byte (i32.load8_u offset=16 (i32.and (local.get 0) (i32.const 15)))))
        (func $put (param $got i64) (local $i i32) (local $end i32)
            (call $byte (i32.const 91))
            (call $digit (i32.wrap_i64 (i64.shr_u (local.get $got) (i64.const 32))))
            (call $byte (i32.const 44)) (call $byte (i32.const 34))
            (local.set $i (i32.const {ROOM}))
            (local.set $end (i32.add (i32.const {ROOM}) (i32.wrap_i64 (local.get $got))))
            (block $done (loop $next
                (br_if $done (i32.ge_u (local.get $i) (local.get $end)))
                (call $digit (i32.shr_u (i32.load8_u (local.get $i)) (i32.const 4)))
                (call $digit (i32.load8_u (local.get $i)))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br $next)))
            (call $byte (i32.const 34)) (call $byte (i32.const 93)))
        (func (export "execute") (param i32 i32) (result i64)
            (call $byte (i32.const 91)) {body} (call $byte (i32.const 93))
            (i64.or (i64.shl (i64.const {answer}) (i64.const 32))
                (i64.extend_i32_u (i32.sub (global.get $at) (i32.const {answer}))))))"#
    );
    text
}

/// A skill that an operator has given something, on a runtime.
pub(crate) fn granted_on(runtime: &Runtime, text: &str, yaml: &str, operator: &Operator) -> PreparedSkill {
    let manifest = ManifestDocument::from_yaml(&format!("{HEAD}{yaml}")).expect("a valid manifest");
    let module = wat::parse_str(text).expect("valid text");
    let package = Package::pack(module, &manifest, &Bounds::default()).expect("a valid package");
    let admitted = unsigned(package).expect("unsigned");
    let principal = Principal::unsigned(manifest.manifest());
    let grant = Grant::new(manifest.manifest(), &principal, operator).expect("granted");
    runtime.compile(&admitted, &LimitRequest::none()).expect("compiled").prepare(&grant).expect("prepared")
}

pub(crate) fn granted(text: &str, yaml: &str, operator: &Operator) -> PreparedSkill {
    granted_on(runtime(), text, yaml, operator)
}

pub(crate) fn path(text: &str) -> GuestPath {
    GuestPath::try_from(text).expect("a path")
}

/// An operator who gives all of what is not about places, and the folders `data` to read and `out` to read and write.
pub(crate) fn generous() -> Operator {
    let all = [
        Capability::Kv,
        Capability::Log,
        Capability::Clock,
        Capability::Random,
        Capability::VerifyPlan,
        Capability::Reason,
    ];
    let operator = all.into_iter().fold(Operator::nothing(), |operator, one| operator.allow(Allowance::All(one)));
    [Allowance::Read(path("data")), Allowance::Read(path("out")), Allowance::Write(path("out"))]
        .into_iter()
        .fold(operator, Operator::allow)
}

/// A manifest's part that asks for everything, all of it optional.
pub(crate) fn asks_all() -> String {
    format!(
        "capabilities: [{{ fs.read: [\"data\", \"data/**\", \"out\", \"out/**\"], optional: true }}, \
         {{ fs.write: [\"out\", \"out/**\"], optional: true }}, {{ kv: null, optional: true }}, \
         {{ log: null, optional: true }}, {{ clock: null, optional: true }}, {{ random: null, optional: true }}, \
         {{ verify_plan: null, optional: true }}, {{ reason: null, optional: true }}]\n{MUCH}"
    )
}

/// What a guest got that made these calls under an operator, in a host.
pub(crate) fn ask(operator: &Operator, host: Host, steps: &[(&str, &[u8])]) -> (Vec<Got>, Outcome) {
    let skill = granted(&module(steps), &asks_all(), operator);
    let outcome = pollster::block_on(skill.call_in("execute", b"{}", host));
    let answer = outcome.result.as_ref().expect("an answer").bytes();
    (read(answer), outcome)
}

/// What an answer of such a guest says.
pub(crate) fn read(answer: &[u8]) -> Vec<Got> {
    let got: Vec<(u8, String)> = serde_json::from_slice(answer).expect("an answer");
    let byte = |hex: &[u8]| u8::from_str_radix(std::str::from_utf8(hex).expect("hex"), 16).expect("hex");
    got.into_iter()
        .map(|(status, hex)| Got {
            status: [Status::Done, Status::Denied, Status::Failed][usize::from(status)],
            bytes: hex.as_bytes().chunks(2).map(byte).collect(),
        })
        .collect()
}

/// A world with the folders `data` and `out` below a place.
pub(crate) fn folders(place: &Path) -> Result<LiveConfig, WorldError> {
    LiveConfig::new().folder(path("data"), &place.join("data"))?.folder(path("out"), &place.join("out"))
}

/// A place with the two folders, and something outside of them.
pub(crate) fn place() -> tempfile::TempDir {
    let place = tempfile::tempdir().expect("a folder");
    for folder in ["data", "out", "outside"] {
        std::fs::create_dir(place.path().join(folder)).expect("made");
    }
    std::fs::write(place.path().join("outside/secret"), "secret").expect("written");
    place
}

/// The same of one call in those folders.
pub(crate) fn one(place: &Path, name: &str, request: &[u8]) -> Got {
    let host = Host::new(Box::new(folders(place).expect("folders").build()));
    let (mut got, _) = ask(&generous(), host, &[(name, request)]);
    got.remove(0)
}
