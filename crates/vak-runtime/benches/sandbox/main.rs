//! What the steps of a run cost, each beside the bare engine doing the same work, in one run.
//!
//! One file is one step. Whatever VAK is compared with is built here from the engine alone: see [`floor`]. Times are
//! criterion's; what is no time is written in the same form, so that `cargo xtask bench` reads one kind of file.

mod bare_code;
mod call;
mod compile;
mod floor;
mod guests;
mod host_call;
mod http;
mod live;
mod load;
mod process;
mod thread_time;
mod threads;

use std::process::ExitCode;

use criterion::{Criterion, criterion_group};

use crate::thread_time::ThreadTime;

criterion_group! {
    name = of_one_thread;
    config = Criterion::default().with_measurement(ThreadTime);
    targets = load::bench, call::instantiate, call::bench
}

criterion_group!(
    of_a_process,
    compile::bench,
    host_call::log,
    host_call::read,
    http::fetch,
    http::beside_waiting,
    threads::bench,
    live::bench,
    process::bench
);

/// As `criterion_main` has it, but that this program is also the compiler and the calls under way that it measures.
fn main() -> ExitCode {
    vak_runtime::compiler_main(std::env::args_os()).or_else(live::main).unwrap_or_else(|| {
        of_one_thread();
        of_a_process();
        Criterion::default().configure_from_args().final_summary();
        ExitCode::SUCCESS
    })
}
