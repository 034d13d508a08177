//! What the tests of both binaries make guests with. Each says by `crate::config` what they run on.

use std::sync::OnceLock;

use vak_model::{Code, LimitRequest};
use vak_package::{Artefact, Bounds, ManifestDocument, Package};
use vak_runtime::Grant;
use vak_runtime::{Outcome, PreparedSkill, Runtime};
use vak_trust::{AdmitError, Admitted, Timestamp, Trust};

/// One runtime for all tests, as a host has one for all skills.
pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new(crate::config()).expect("an engine"))
}

/// A skill whose function `execute` has `body`, with `items` beside it and `yaml` in its manifest.
pub(crate) fn skill(items: &str, body: &str, yaml: &str) -> PreparedSkill {
    let text = format!(
        r#"(module {items}
            (memory (export "memory") 1)
            (func (export "vak_alloc") (param i32) (result i32) i32.const 1024)
            (func $execute (export "execute") (param $ptr i32) (param $len i32) (result i64) {body}))"#
    );
    from_text(&text, yaml)
}

/// An artefact for which nobody vouches.
pub(crate) fn unsigned<A: Artefact>(artefact: A) -> Result<Admitted<A>, AdmitError> {
    vak_trust::dangerous::admit_unsigned(artefact, &Trust::nobody(), Timestamp::EPOCH)
}

/// What the manifest of every skill of the tests begins with.
pub(crate) const HEAD: &str =
    "name: test\nversion: \"1.0.0\"\ndescription: A test\nmodule: test.wasm\nexports: [{ name: execute }]\n";

/// A skill from a whole module's text.
pub(crate) fn from_text(text: &str, yaml: &str) -> PreparedSkill {
    let manifest = ManifestDocument::from_yaml(&format!("{HEAD}{yaml}")).expect("a valid manifest");
    let module = wat::parse_str(text).expect("valid text");
    let package = Package::pack(module, &manifest, &Bounds::default()).expect("a valid package");
    let admitted = unsigned(package).expect("unsigned");
    let grant = Grant::from_nobody(manifest.manifest()).expect("granted");
    runtime().compile(&admitted, &LimitRequest::none()).expect("compiled").prepare(&grant).expect("prepared")
}

/// A module with its manifest.
pub(crate) struct Source {
    pub(crate) module: Vec<u8>,
    pub(crate) yaml: String,
}

/// A skill that does no harm, and answers `[1]`.
pub(crate) fn harmless() -> Source {
    let text = r#"(module (memory (export "memory") 1) (data (i32.const 2048) "[1]")
        (func (export "vak_alloc") (param i32) (result i32) i32.const 1024)
        (func (export "execute") (param i32 i32) (result i64) i64.const 0x80000000003))"#;
    Source { module: wat::parse_str(text).expect("valid text"), yaml: HEAD.to_owned() }
}

pub(crate) fn call(skill: &PreparedSkill) -> Outcome {
    pollster::block_on(skill.call("execute", b"{}"))
}

pub(crate) fn code(outcome: &Outcome) -> Code {
    outcome.result.as_ref().expect_err("an error").code()
}

/// A guest that answers with these bytes.
pub(crate) fn answering(bytes: &[u8], failed: bool, yaml: &str) -> PreparedSkill {
    let data: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let packed = (u64::from(failed) << 63 | 2048 << 32 | bytes.len() as u64).cast_signed();
    let pages = 1 + bytes.len() / 65_536 + 1;
    let text = format!(
        r#"(module (memory (export "memory") {pages}) (data (i32.const 2048) "{data}")
            (func (export "vak_alloc") (param i32) (result i32) i32.const 1024)
            (func (export "execute") (param i32 i32) (result i64) i64.const {packed}))"#
    );
    from_text(&text, yaml)
}
