//! The corpus that the targets begin with: small artefacts, manifests, trust roots and signatures, each of a shape that blind
//! changes of bytes would not find soon. The same files come every time. `seeds FOLDER` writes them below `FOLDER/TARGET/`.

use std::fs;
use std::path::Path;

use vak_package::{Artefact, Bounds, ManifestDocument, Package, RawModule};
use vak_trust::{Earlier, PublicKeyForm, PublisherKey, RootDraft, RootKey, Timestamp, sign};

/// Modules that use one thing each.
const MODULES: &[&str] = &[
    "(module)",
    r#"(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))"#,
    r#"(module (memory (export "memory") 1 2) (data (i32.const 8) "data")
        (func (export "grow") (result i32) (memory.grow (i32.const 1))))"#,
    r#"(module (table 4 funcref) (elem (i32.const 0) $f) (func $f) (func (export "call") (call_indirect (i32.const 0))))"#,
    r#"(module (global (mut i64) (i64.const 1)) (func $f (global.set 0 (i64.const 2))) (start $f))"#,
    r#"(module (func (export "spin") (loop (br 0))))"#,
    r#"(module (func $f (export "deep") (call $f)))"#,
    r#"(module (func (export "div") (param i32) (result i32) (i32.div_s (local.get 0) (i32.const 0))))"#,
    r#"(module (func (export "trunc") (param f64) (result i32) (i32.trunc_f64_s (local.get 0))))"#,
    r#"(module (memory 1) (func (export "fill") (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536))))"#,
];

/// A skill, and the imports that it asks for.
const SKILL: &str = r#"(module
    (import "vak" "log_write" (func (param i32 i32 i32 i32) (result i64)))
    (memory (export "memory") 1)
    (func (export "vak_alloc") (param i32) (result i32) i32.const 1024)
    (func (export "execute") (param i32 i32) (result i64) i64.const 0))"#;

/// The manifests that people write: the repository's own, and shapes that they do not have.
const MANIFESTS: &[&str] = &[
    include_str!("../../../skills/calculator/skill.yaml"),
    include_str!("../../../skills/crypto-hash/skill.yaml"),
    "{ name: a, version: \"1.0.0\", description: A, module: a.wasm, exports: [{ name: execute }] }",
    "name: o/a\nversion: \"1.0.0-rc.1+b\"\ndescription: |\n  two\n  lines\nmodule: a.wasm\nexports:\n- name: x\n  input_schema: { $ref: \"#/$defs/n\", $defs: { n: { type: number } } }\n",
    "name: a\nversion: \"1.0.0\"\ndescription: A\nmodule: a.wasm\ndeterminism: portable\nfeatures: [simd]\ncapabilities: [log, { kv: {}, optional: true }]\nlimits: { max_fuel: 1, max_stack_kib: 64 }\nexports: [{ name: x }]\n",
];

fn main() {
    let folder = std::env::args().nth(1).expect("FOLDER");
    let write = |target: &str, seeds: &[Vec<u8>]| {
        let folder = Path::new(&folder).join(target);
        fs::create_dir_all(&folder).expect("a folder");
        for (i, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("seed-{i:03}")), seed).expect("written");
        }
        println!("{}: {} seeds", folder.display(), seeds.len());
    };
    write("manifest", &manifests());
    write("package", &packages());
    write("runtime", &modules());
    write("trust", &trust());
}

fn wasm(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("valid text")
}

fn publisher() -> PublisherKey {
    PublisherKey::from_seed(&[7; 32])
}

/// As they are written, and the canonical form of those that can be read.
fn manifests() -> Vec<Vec<u8>> {
    let written = MANIFESTS.iter().map(|text| text.as_bytes().to_vec());
    let read = MANIFESTS.iter().filter_map(|text| ManifestDocument::from_yaml(text).ok());
    written.chain(read.map(|document| document.canonical().to_vec())).collect()
}

/// Raw modules; a skill with each manifest that fits it, unsigned and signed.
fn packages() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = MODULES.iter().map(|text| wasm(text)).collect();
    seeds.push(wasm(SKILL));
    let without_import = SKILL.lines().filter(|line| !line.contains("import")).collect::<String>();
    for document in MANIFESTS.iter().filter_map(|text| ManifestDocument::from_yaml(text).ok()) {
        let Ok(package) = Package::pack(wasm(&without_import), &document, &Bounds::default()) else { continue };
        seeds.push(package.bytes().to_vec());
        seeds.push(sign(&package, &publisher(), Earlier::Replace).expect("signed"));
    }
    seeds
}

/// Modules behind the byte that says so, and choices for wasm-smith of several lengths.
fn modules() -> Vec<Vec<u8>> {
    let modules = MODULES.iter().map(|text| [vec![1], wasm(text)].concat());
    let choices = (0..24_u64).map(|seed| {
        let byte = |i: u64| ((seed << 32 | i).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8;
        std::iter::once(0).chain((0..64 << (seed % 6)).map(byte)).collect()
    });
    modules.chain(choices).collect()
}

/// A trust root, what would become its successor, keys in every form, and the sections of signed modules.
fn trust() -> Vec<Vec<u8>> {
    let root_key = RootKey::from_seed(&[1; 32]);
    let proposal = RootDraft::first(root_key.public(), Timestamp::EPOCH).propose().expect("a proposal").sign(&root_key);
    let root = proposal.to_json();
    let complete = proposal.complete().expect("signed").to_json();
    let key = publisher().public();
    let forms = [PublicKeyForm::Spki, PublicKeyForm::OpenSsh, PublicKeyForm::Raw, PublicKeyForm::Hex];
    let keys = forms.into_iter().map(|form| key.write(form, "somebody"));
    let module = RawModule::read(wasm(MODULES[1]), &Bounds::default()).expect("a module");
    let signed = sign(&module, &publisher(), Earlier::Replace).expect("signed");
    let payload =
        RawModule::read(signed.clone(), &Bounds::default()).ok().and_then(|it| it.signature().map(<[u8]>::to_vec));
    let payload = payload.expect("signed above");
    [root, complete, signed, payload].into_iter().chain(keys).collect()
}
