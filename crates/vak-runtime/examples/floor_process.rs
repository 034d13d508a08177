//! The floor of a whole process: the bare engine loads a module's code, or compiles the module, sets limits, and makes one
//! call. `floor_process FILE INPUT` prints the answer. The bench `sandbox` measures `vak-run` beside it.

#[path = "../benches/sandbox/bare_code.rs"]
mod bare_code;

use std::io::Write;

use wasmtime::{Linker, Module, Store, StoreLimitsBuilder};

fn main() {
    let mut words = std::env::args().skip(1);
    let (file, input) = words.next().zip(words.next()).expect("FILE INPUT");
    let bytes = std::fs::read(file).expect("readable");
    let engine = bare_code::engine();
    let module = if bytes.starts_with(b"\0asm") {
        Module::from_binary(&engine, &bytes).expect("compiled")
    } else {
        bare_code::load(&engine, &bytes)
    };
    let mut store = Store::new(&engine, StoreLimitsBuilder::new().memory_size(1 << 20).build());
    store.limiter(|limits| limits);
    store.set_fuel(1_000_000).expect("fuel is on");
    store.set_epoch_deadline(100);
    let instance = Linker::new(&engine).instantiate(&mut store, &module).expect("an instance");
    let memory = instance.get_memory(&mut store, "memory").expect("exported");
    let alloc = instance.get_typed_func::<u32, u32>(&mut store, "vak_alloc").expect("exported");
    let execute = instance.get_typed_func::<(u32, u32), i64>(&mut store, "execute").expect("exported");
    let len = u32::try_from(input.len()).expect("short");
    let ptr = alloc.call(&mut store, len).expect("a block");
    memory.write(&mut store, ptr as usize, input.as_bytes()).expect("in bounds");
    let packed = execute.call(&mut store, (ptr, len)).expect("an answer").cast_unsigned();
    let (start, len) = ((packed >> 32 & 0x7fff_ffff) as usize, (packed & 0xffff_ffff) as usize);
    std::io::stdout().write_all(&memory.data(&store)[start..start + len]).expect("printed");
}
