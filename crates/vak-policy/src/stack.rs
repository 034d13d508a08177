//! Room on the stack for Cedar.
//!
//! Cedar measures how much of the thread's own stack is left before it evaluates a policy, and takes each other stack,
//! such as a host call's, for one with nothing left: every policy would err.

/// What a policy of the greatest depth needs, and what Cedar wants left over. A host call has more.
const NEEDED: usize = 768 * 1024;

/// Runs Cedar's evaluation with enough stack.
pub(crate) fn enough<T>(evaluate: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(NEEDED, 2 * NEEDED, evaluate)
}

/// Runs Cedar's reader or validator, which take more.
pub(crate) fn deep<T>(read: impl FnOnce() -> T) -> T {
    stacker::grow(32 << 20, read)
}
