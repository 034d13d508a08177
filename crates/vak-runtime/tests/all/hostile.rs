//! Hostile modules, one for each way to do harm, and what each of them gets. [`crate::rules`] says what all of them get.

use vak_model::Code;

use crate::rules::hold;
use crate::{HEAD, LARGEST_MEMORY};

/// A module with its manifest, and what becomes of it.
pub(crate) struct Hostile {
    pub(crate) name: String,
    pub(crate) module: Vec<u8>,
    pub(crate) yaml: String,
    pub(crate) expected: Code,
    /// Whether it is compiled, or refused before.
    pub(crate) compiles: bool,
}

const SOON: &str = "limits: { max_execution_time_ms: 100, max_fuel: 900000000000 }";
const LOOP: &str = "(loop (br 0)) unreachable";
const ALLOC: &str = r#"(func (export "vak_alloc") (param i32) (result i32) i32.const 1024)"#;
const LOG: &str = r#"(import "vak" "log" (func $log (param i32 i32 i32 i32) (result i64)))"#;
const ASK: &str = "(drop (call $log (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))";
const OPTIONAL: &str = "capabilities: [{ log: null, optional: true }]";

/// A module of this text.
fn module(name: &str, text: &str, yaml: &str, expected: Code) -> Hostile {
    let module = wat::parse_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
    Hostile { name: name.to_owned(), module, yaml: format!("{HEAD}{yaml}"), expected, compiles: true }
}

/// A module with a memory of one page, an allocator, `items`, and a function with this body.
fn guest(name: &str, items: &str, body: &str, yaml: &str, expected: Code) -> Hostile {
    let text = format!(
        r#"(module {items} (memory (export "memory") 1) {ALLOC}
            (func $execute (export "execute") (param i32 i32) (result i64) {body}))"#
    );
    module(name, &text, yaml, expected)
}

/// A module whose allocator answers with this.
fn allocating(name: &str, alloc: &str, yaml: &str, expected: Code) -> Hostile {
    let text = format!(
        r#"(module (memory (export "memory") 1) (func (export "vak_alloc") (param i32) (result i32) {alloc})
            (func (export "execute") (param i32 i32) (result i64) i64.const 0))"#
    );
    module(name, &text, yaml, expected)
}

/// A module that answers with `len` bytes at `ptr`, of a memory that holds `data` at 2048.
fn answering(name: &str, data: &[u8], (ptr, len): (u32, u32), expected: Code) -> Hostile {
    let data: String = data.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let packed = (u64::from(ptr) << 32 | u64::from(len)).cast_signed();
    let text = format!(
        r#"(module (memory (export "memory") 4) (data (i32.const 2048) "{data}") {ALLOC}
            (func (export "execute") (param i32 i32) (result i64) i64.const {packed}))"#
    );
    module(name, &text, "", expected)
}

/// A module that is refused before anything is compiled.
fn refused(name: &str, items: &str, expected: Code) -> Hostile {
    let text = format!(
        r#"(module {items} (memory (export "memory") 1) {ALLOC}
            (func (export "execute") (param i32 i32) (result i64) i64.const 0))"#
    );
    Hostile { compiles: false, ..module(name, &text, "", expected) }
}

#[test]
fn the_rules_hold_for_guests_that_do_not_end() {
    let calls: String = (0..100).map(|i| format!("(func $f{i} (call $f{0}) (call $f{0}))", i + 1)).collect();
    let fill = "(loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 16777216)) (br 0)) unreachable";
    let few = "limits: { max_fuel: 1000000 }";
    hold(&[
        guest("A1", "", LOOP, SOON, Code::LimitTime),
        guest("A2", "(func $spin (loop (br 0))) (start $spin)", "i64.const 0", SOON, Code::LimitTime),
        guest("A3", &format!("{calls} (func $f100)"), "(call $f0) i64.const 0", SOON, Code::LimitTime),
        guest("A4", "", "(call $execute (i32.const 0) (i32.const 0))", SOON, Code::TrapStackOverflow),
        guest("A6", "", &format!("(drop (memory.grow (i32.const 255))) {fill}"), SOON, Code::LimitTime),
        guest("A8", "", LOOP, few, Code::LimitFuel),
        guest(
            "A9, fuel",
            LOG,
            &format!("(loop {ASK} (br 0)) unreachable"),
            &format!("{OPTIONAL}\n{few}"),
            Code::LimitFuel,
        ),
        guest("A9, calls", LOG, &format!("(loop {ASK} (br 0)) unreachable"), OPTIONAL, Code::LimitHostCalls),
        allocating("a loop in the allocator", LOOP, SOON, Code::LimitTime),
        guest("processor time", "", LOOP, "limits: { max_cpu_time_ms: 50, max_fuel: 900000000000 }", Code::LimitCpu),
    ]);
}

#[test]
fn the_rules_hold_for_every_class_of_stacks() {
    let recursion = "(call $execute (i32.const 0) (i32.const 0))";
    let classes = [64, 256, 512, 16_384].map(|kib| {
        let yaml = format!("limits: {{ max_stack_kib: {kib}, max_fuel: 900000000000, max_execution_time_ms: 10000 }}");
        guest(&format!("A4, {kib} KiB"), "", recursion, &yaml, Code::TrapStackOverflow)
    });
    hold(&classes);
}

#[test]
fn the_rules_hold_for_guests_that_want_memory() {
    let memory = |pages: u32| {
        let text = format!(
            r#"(module (memory (export "memory") {pages}) {ALLOC}
                (func (export "execute") (param i32 i32) (result i64) i64.const 0))"#
        );
        module("B1", &text, "limits: { max_memory_pages: 16 }", Code::LimitMemory)
    };
    let touch = "(loop $more (drop (memory.grow (i32.const 1)))
        (memory.fill (i32.mul (i32.sub (memory.size) (i32.const 1)) (i32.const 65536)) (i32.const 1) (i32.const 65536))
        (br $more)) unreachable";
    let table = "(loop (drop (table.grow (ref.null func) (i32.const 1000))) (br 0)) unreachable";
    hold(&[
        memory(17),
        memory(LARGEST_MEMORY),
        guest("B2", "", touch, "limits: { max_fuel: 900000000000 }", Code::LimitMemory),
        guest("B2, at once", "", "(drop (memory.grow (i32.const 65535))) i64.const 0", "", Code::LimitMemory),
        guest("B3", "(table 10001 funcref)", "i64.const 0", "", Code::LimitTable),
        guest("B3, in sum", "(table 5000 funcref) (table 5001 funcref)", "i64.const 0", "", Code::LimitTable),
        guest("B3, growing", "(table 1 funcref)", table, "", Code::LimitTable),
    ]);
}

#[test]
fn the_rules_hold_for_guests_that_trap() {
    let divide = "(i64.div_s (i64.const 1) (i64.const 0))";
    let overflow = "(i64.div_s (i64.const 0x8000000000000000) (i64.const -1))";
    let empty = "(call_indirect (result i64) (i32.const 0))";
    let write = "(memory.fill (i32.const 0) (i32.const 0x7d) (i32.const 65536)) unreachable";
    hold(&[
        guest("D13, data", "(data (i32.const 65536) \"x\")", "i64.const 0", "", Code::TrapMemory),
        guest("D13, elements", "(table 1 funcref) (elem (i32.const 1) $execute)", "i64.const 0", "", Code::TrapTable),
        guest("D16, memory", "", "(i64.load (i32.const 65529))", "", Code::TrapMemory),
        guest("D16, zero", "", divide, "", Code::TrapDivideByZero),
        guest("D16, overflow", "", overflow, "", Code::TrapIntegerOverflow),
        guest("D16, conversion", "", "(i64.trunc_f64_s (f64.const nan))", "", Code::TrapConversion),
        guest("D16, empty", "(table 1 funcref)", empty, "", Code::TrapIndirectCall),
        guest("D16, table", "(table 1 funcref)", "(call_indirect (result i64) (i32.const 9))", "", Code::TrapTable),
        guest("E16", "", write, "", Code::TrapUnreachable),
    ]);
}

#[test]
fn the_rules_hold_for_guests_that_break_the_abi() {
    let deep = "[".repeat(100_000);
    let number = "1".repeat(200_000);
    let large = format!(
        r#"(module (memory (export "memory") 4096) {ALLOC}
            (func (export "execute") (param i32 i32) (result i64) i64.const {}))"#,
        200 << 20
    );
    let all = |name: &str, text: &[u8], expected| answering(name, text, (2048, text.len() as u32), expected);
    hold(&[
        answering("E1", b"", (u32::MAX >> 1, 1), Code::OutputPointer),
        answering("E1, all", b"", (u32::MAX, u32::MAX), Code::OutputPointer),
        answering("E2", b"", (1 << 31, 1 << 31), Code::OutputPointer),
        answering("E3", b"", (4 * 65_536, 1), Code::OutputPointer),
        answering("E4", b"", (0, 0x7fff_ffff), Code::OutputPointer),
        allocating("E1, allocator", "i32.const -1", "", Code::AllocPointer),
        allocating("E10", "i32.const 0", "", Code::AllocPointer),
        allocating("E10, end", "i32.const 65535", "", Code::AllocPointer),
        module("E11", &large, "limits: { max_memory_pages: 4096 }", Code::LimitOutput),
        all("E12", b"\"\xff\"", Code::OutputEncoding),
        all("E12, mark", b"\xef\xbb\xbf{}", Code::OutputEncoding),
        all("E13, deep", deep.as_bytes(), Code::OutputJson),
        all("E13, number", number.as_bytes(), Code::OutputJson),
        all("E13, two", b"{} {}", Code::OutputJson),
        all("E14", br#"{"ok":true,"ok":false}"#, Code::OutputJson),
        all("terminal codes", b"\x1b[31m", Code::OutputJson),
    ]);
}

#[test]
fn the_rules_hold_for_modules_that_are_refused() {
    let undeclared: String = (0..200).map(|i| format!("(import \"\\1b[2J\" \"f{i}\" (func))")).collect();
    let nested = format!("(func {} {})", "block ".repeat(5000), "end ".repeat(5000));
    let mut table = vec![
        refused("A7", "(func (return_call 0))", Code::ArtefactMalformed),
        refused("B4", "(memory 1)", Code::ArtefactBounds),
        refused("B11", "(type (array i32))", Code::ArtefactMalformed),
        refused("C2", &format!("(func (br_table {} (i32.const 0)))", "0 ".repeat(100_000)), Code::ArtefactBounds),
        refused("C3", &nested, Code::ArtefactBounds),
        refused("D16, exceptions", "(tag $oh) (func (throw $oh))", Code::ArtefactMalformed),
        refused("E17", &undeclared, Code::ImportUndeclared),
        refused("E17, type", r#"(import "vak" "log" (func))"#, Code::ImportUndeclared),
    ];
    let bytes = |name: &str, module: &[u8], expected| Hostile {
        name: name.to_owned(),
        module: module.to_vec(),
        yaml: HEAD.to_owned(),
        expected,
        compiles: false,
    };
    let good = crate::harmless().module;
    table.extend([
        bytes("D1", b"", Code::ArtefactMalformed),
        bytes("D1, header", b"\0asm\x01\0\0\0", Code::ExportMissing),
        bytes("D2", &[&good[..], b"\xff\xff"].concat(), Code::ArtefactMalformed),
        bytes("D8", b"\0asm\x01\0\0\0\0\xff\xff\xff\xff\x0fx", Code::ArtefactMalformed),
        bytes("D9", b"\0asm\x0d\0\x01\0", Code::ArtefactMalformed),
        bytes("D10", b"\x7fELF\x02\x01\x01", Code::ArtefactMalformed),
        bytes("D11", b"(module)", Code::ArtefactMalformed),
    ]);
    hold(&table);
}
