//! The border with the host: numbers become bytes here, and only here.
//!
//! The host calls [`vak_alloc`] for the input, fills the block, and calls an export with it. Only a block that was made
//! here is ever read, and only once, so that no pair of numbers that a host gives can make a slice of other memory.

#![expect(unsafe_code, reason = "the host writes into the skill's memory by address")]

use std::alloc::Layout;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The block that waits for the host's input. A skill has one thread; atomic only because a static must be shareable.
pub(crate) struct Inbox {
    /// Its address, or 0 for none.
    block: AtomicUsize,
    len: AtomicUsize,
}

impl Inbox {
    pub(crate) const fn new() -> Self {
        Self { block: AtomicUsize::new(0), len: AtomicUsize::new(0) }
    }

    /// The address of a new zeroed block of `len` bytes, never freed; 0 if there is no memory for it.
    pub(crate) fn make(&self, len: usize) -> usize {
        let Ok(layout) = Layout::array::<u8>(len.max(1)) else { return 0 };
        // SAFETY: the size is at least 1.
        let block = unsafe { std::alloc::alloc_zeroed(layout) }.expose_provenance();
        self.len.store(len, Relaxed);
        self.block.store(block, Relaxed);
        block
    }

    /// The bytes of the block that `make` answered last, if `block` and `len` are what it answered and it was not taken yet.
    pub(crate) fn take(&self, block: usize, len: usize) -> Option<&'static [u8]> {
        let made = self.block.swap(0, Relaxed);
        if made == 0 || (made, self.len.load(Relaxed)) != (block, len) {
            return None;
        }
        // SAFETY: `make` allocated `len` initialised bytes here and never frees them; nobody in the skill can reach them but
        // through this slice, which is given out once, and the host writes only before the call.
        Some(unsafe { std::slice::from_raw_parts(ptr::with_exposed_provenance(block), len) })
    }
}

#[cfg(target_arch = "wasm32")]
pub(crate) use abi::pack;
#[cfg(target_arch = "wasm32")]
pub use abi::serve;

#[cfg(target_arch = "wasm32")]
mod abi {
    use serde::{Deserialize, Serialize};
    use vak_abi::{Answer, Verdict};

    use super::Inbox;
    use crate::answer::{answer, refusal};

    static INBOX: Inbox = Inbox::new();

    /// Makes room for the input: an export of ABI 1.
    #[unsafe(no_mangle)]
    extern "C" fn vak_alloc(len: u32) -> u32 {
        crate::panic::install();
        INBOX.make(len as usize) as u32
    }

    /// What an export does: takes the input, calls the function, packs its answer.
    pub fn serve<I, O, E>(ptr: u32, len: u32, function: impl FnOnce(I) -> Result<O, E>) -> i64
    where
        I: Deserialize<'static>,
        O: Serialize,
        E: Serialize,
    {
        let answer = match INBOX.take(ptr as usize, len as usize) {
            Some(input) => answer(input, function),
            None => Err(refusal("input", "not in the block that vak_alloc made for it")),
        };
        match answer {
            Ok(output) => pack(Verdict::Done, output),
            Err(error) => pack(Verdict::Failed, error),
        }
    }

    /// Leaves the bytes for the host, which reads them when the call is over.
    pub(crate) fn pack(verdict: Verdict, bytes: Vec<u8>) -> i64 {
        let bytes = bytes.leak();
        Answer { verdict, ptr: bytes.as_ptr().expose_provenance() as u32, len: bytes.len() as u32 }.pack()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes as a host does.
    fn fill(block: usize, bytes: &[u8]) {
        // SAFETY: every test writes as many bytes as it made room for.
        unsafe { ptr::with_exposed_provenance_mut::<u8>(block).copy_from(bytes.as_ptr(), bytes.len()) };
    }

    #[test]
    fn what_the_host_wrote_is_read_once() {
        let inbox = Inbox::new();
        let block = inbox.make(5);
        fill(block, b"hello");
        assert_eq!(inbox.take(block, 5), Some(&b"hello"[..]));
        assert_eq!(inbox.take(block, 5), None);
    }

    #[test]
    fn only_the_block_that_was_made_is_read() {
        for wrong in [|block, _| (block, 6), |block, _| (block + 1, 5), |_, _| (0, 0), |_, len| (64, len)] {
            let inbox = Inbox::new();
            let (block, len) = wrong(inbox.make(5), 5);
            assert_eq!(inbox.take(block, len), None);
        }
        assert_eq!(Inbox::new().take(0, 0), None);
        assert_eq!(Inbox::new().take(64, 5), None);
    }

    #[test]
    fn an_empty_input_has_a_block_too() {
        let inbox = Inbox::new();
        let block = inbox.make(0);
        assert_ne!(block, 0);
        assert_eq!(inbox.take(block, 0), Some(&b""[..]));
    }

    #[test]
    fn what_can_t_be_allocated_is_address_0() {
        let inbox = Inbox::new();
        assert_eq!(inbox.make(usize::MAX), 0);
        assert_eq!(inbox.take(0, usize::MAX), None);
    }
}
