//! Panics, in every way that there is: what a caller gets of each is in `skill.yaml`, or in vak-run's `panics.case`.

use std::fmt;

use serde::Deserialize;
use vak_guest::Error;

/// How to end: `{"how":"message"}`.
#[derive(Deserialize)]
struct Input {
    how: How,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum How {
    /// With a message that is put together, and not ASCII.
    Message,
    /// By an index, which the standard library refuses.
    Index,
    /// By an error where there must be none.
    Expect,
    /// With a message that is longer than anybody wants to read.
    Long,
    /// With a value that is no message.
    Value,
    /// In code that describes a panic.
    Twice,
    /// By asking for more memory than the limit.
    Memory,
    /// By asking for more memory than ABI 1 has addresses for.
    AllMemory,
}

vak_guest::export!(execute);

fn execute(Input { how }: Input) -> Result<(), Error> {
    match how {
        How::Message => panic!("no {} for \"{}\"", "answer", "世界"),
        How::Index => drop("abc".as_bytes()[std::hint::black_box(3)]),
        How::Expect => drop("x".parse::<u8>().expect("a number")),
        How::Long => panic!("{}", "世".repeat(5000)),
        How::Value => std::panic::panic_any(5),
        How::Twice => panic!("{}", Undescribable),
        How::Memory => take(1 << 24),
        How::AllMemory => take((1 << 31) - 1),
    }
    Err("still here".into())
}

fn take(bytes: usize) {
    drop(std::hint::black_box(Vec::<u8>::with_capacity(bytes)));
}

struct Undescribable;

impl fmt::Display for Undescribable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("no words")
    }
}
