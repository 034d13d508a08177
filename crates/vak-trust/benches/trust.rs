//! Will measure verification.

fn main() {}
