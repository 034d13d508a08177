//! Modules that nobody wrote: made by wasm-smith, and good ones with some bytes changed, through reading, compiling and
//! running. Nothing panics, nothing is VAK's own fault, and the reader's verdict on validity is wasmparser's.
//!
//! The same modules come every time. `VAK_FUZZ_ROUNDS=100000 VAK_FUZZ_SEED=7 cargo nextest run -p vak-runtime fuzz` looks
//! at more and others. The fuzz target `runtime` holds what libFuzzer finds to the same: see docs/fuzzing.md.

use arbitrary::Unstructured;
use vak_model::{Code, Fault, LimitKind, LimitRequest};
use vak_package::{Bounds, ExportType, RawModule, ScanError, Scanned};
use vak_runtime::CompiledModule;
use wasmparser::Validator;

use crate::{runtime, unsigned};

/// SplitMix64: of one seed, always the same numbers.
struct Dice(u64);

impl Dice {
    fn new(test: u64) -> Self {
        let seed = std::env::var("VAK_FUZZ_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0_u64);
        Self(seed.wrapping_mul(0x1000_0001).wrapping_add(test))
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.roll() % bound.max(1) as u64) as usize
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.roll() as u8).collect()
    }
}

fn rounds(default: usize) -> usize {
    std::env::var("VAK_FUZZ_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(default)
}

/// What wasm-smith may use: what VAK takes, or everything that it knows.
pub(crate) fn shape(wild: bool) -> wasm_smith::Config {
    wasm_smith::Config {
        bulk_memory_enabled: true,
        multi_value_enabled: true,
        reference_types_enabled: wild,
        saturating_float_to_int_enabled: true,
        sign_extension_ops_enabled: true,
        simd_enabled: wild,
        relaxed_simd_enabled: wild,
        threads_enabled: wild,
        tail_call_enabled: wild,
        exceptions_enabled: wild,
        gc_enabled: wild,
        memory64_enabled: wild,
        extended_const_enabled: wild,
        wide_arithmetic_enabled: wild,
        custom_page_sizes_enabled: wild,
        max_imports: if wild { 20 } else { 0 },
        max_memories: if wild { 3 } else { 1 },
        max_tables: if wild { 3 } else { 1 },
        export_everything: true,
        allow_start_export: true,
        ..wasm_smith::Config::default()
    }
}

fn smith(dice: &mut Dice, wild: bool) -> Vec<u8> {
    let size = 64 + dice.below(4000);
    let entropy = dice.bytes(size);
    let module = wasm_smith::Module::new(shape(wild), &mut Unstructured::new(&entropy)).expect("enough entropy");
    module.to_bytes()
}

/// One to four places changed, cut off, doubled or put in.
fn mutate(dice: &mut Dice, mut bytes: Vec<u8>) -> Vec<u8> {
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len());
        match dice.below(5) {
            0 => bytes[at] ^= 1 << dice.below(8),
            1 => bytes[at] = dice.roll() as u8,
            2 => bytes.insert(at, dice.roll() as u8),
            3 => bytes.truncate(at.max(1)),
            _ => {
                let end = (at + dice.below(32)).min(bytes.len());
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
        }
    }
    bytes
}

/// Whether the reader finds a module well-formed and valid; nothing, if it is too large or not an artefact's.
fn verdict(bytes: &[u8]) -> Option<bool> {
    match Scanned::of(bytes, &Bounds::default()) {
        Ok(_) => Some(true),
        Err(ScanError::Malformed { .. } | ScanError::NotWasm(_)) => Some(false),
        Err(ScanError::TooLarge { .. } | ScanError::Bounds { .. } | ScanError::Identity(_)) => None,
    }
}

pub(crate) fn compare(bytes: &[u8]) -> bool {
    let reference = Validator::new_with_features(vak_package::features(true)).validate_all(bytes).is_ok();
    let verdict = verdict(bytes);
    assert!(verdict.is_none_or(|verdict| verdict == reference), "wasmparser says {reference}: {bytes:02x?}");
    verdict == Some(true)
}

/// Reads, compiles and calls everything; gives how many functions were called.
pub(crate) fn run(bytes: Vec<u8>) -> usize {
    let module = match RawModule::read(bytes.clone(), &Bounds::default()) {
        Ok(module) => module,
        Err(error) => {
            assert_ne!(error.code().fault(), Fault::Bug, "{error}");
            return 0;
        }
    };
    let exports = Scanned::of(&bytes, &Bounds::default()).expect("read before").exports;
    let mut limits = LimitRequest::none();
    for (kind, value) in [(LimitKind::Fuel, 20_000), (LimitKind::Memory, 64), (LimitKind::Time, 2_000)] {
        limits.set(kind, value).expect("in range");
    }
    let admitted = unsigned(module).expect("unsigned");
    let compiled: CompiledModule = match runtime().compile_raw(&admitted, &limits) {
        Ok(compiled) => compiled,
        Err(error) => panic!("what was read compiles: {error}: {bytes:02x?}"),
    };
    let mut called = 0;
    for (name, ty) in &exports {
        let ExportType::Func(ty) = ty else { continue };
        let arguments = vec!["1".to_owned(); ty.params.len()];
        let Ok(outcome) = pollster::block_on(compiled.invoke(name, &arguments)) else { continue };
        called += 1;
        if let Err(error) = outcome.result {
            assert_ne!(error.code(), Code::InternalBug, "{error}: {bytes:02x?}");
        }
    }
    called
}

#[test]
fn modules_of_our_features_are_read_compiled_and_run() {
    let mut dice = Dice::new(1);
    let mut called = 0;
    for _ in 0..rounds(150) {
        let bytes = smith(&mut dice, false);
        assert!(compare(&bytes), "valid: {bytes:02x?}");
        called += run(bytes);
    }
    assert!(called > 50, "only {called} functions were called");
}

#[test]
fn modules_of_any_features_get_the_verdict_of_wasmparser() {
    let mut dice = Dice::new(2);
    for _ in 0..rounds(300) {
        compare(&smith(&mut dice, true));
    }
}

#[test]
fn mutated_modules_get_the_verdict_of_wasmparser_and_hurt_nobody() {
    let mut dice = Dice::new(3);
    let mut valid = 0;
    for _ in 0..rounds(1_500) {
        let base = smith(&mut dice, false);
        let bytes = mutate(&mut dice, base);
        if compare(&bytes) {
            valid += 1;
            run(bytes);
        }
    }
    assert!(valid >= 10, "only {valid} mutated modules are valid");
}
