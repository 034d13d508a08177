//! A bump allocator: an instance serves one call, so nothing is ever freed.
//!
//! **Contract.** Blocks are laid one after the other from the end of the skill's static data (`__heap_base`) upwards, and
//! no byte is handed out twice. So a block's memory is valid until the instance ends, blocks never overlap, and a fresh
//! block is zero, as the engine made it. `dealloc` does nothing; `realloc` extends the last block in place and copies any
//! other. When memory can't grow, the answer is null, and no state has changed. Blocks end below 2^31, because ABI 1 has 31
//! bits for a pointer. A skill has one thread; the counter is atomic only because a static must be shareable.

#![expect(unsafe_code, reason = "an allocator hands out raw memory")]

use std::alloc::{GlobalAlloc, Layout};
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Where the blocks are laid.
pub(crate) trait Region {
    /// The first address.
    fn base(&self) -> usize;

    /// Makes every address from the base to below `end` usable, and says whether that worked.
    fn reach(&self, end: usize) -> bool;
}

/// The allocator over a region that nobody else uses.
pub(crate) struct Bump<R> {
    region: R,
    /// The end of the last block; 0 before the first.
    top: AtomicUsize,
}

impl<R: Region> Bump<R> {
    pub(crate) const fn new(region: R) -> Self {
        Self { region, top: AtomicUsize::new(0) }
    }

    fn top(&self) -> usize {
        match self.top.load(Relaxed) {
            0 => self.region.base(),
            top => top,
        }
    }

    /// Moves the top to `end`, if the region reaches that far.
    fn raise(&self, end: usize) -> Option<()> {
        if !self.region.reach(end) {
            return None;
        }
        self.top.store(end, Relaxed);
        Some(())
    }

    fn place(&self, layout: Layout) -> Option<*mut u8> {
        let mask = layout.align() - 1;
        let start = self.top().checked_add(mask)? & !mask;
        self.raise(start.checked_add(layout.size())?)?;
        Some(ptr::with_exposed_provenance_mut(start))
    }

    fn extend(&self, block: *mut u8, new_size: usize) -> Option<*mut u8> {
        self.raise(block.addr().checked_add(new_size)?)?;
        Some(block)
    }
}

// SAFETY: `place` gives aligned blocks inside the region, and each above all before it, as the module's contract says. No
// method unwinds.
unsafe impl<R: Region> GlobalAlloc for Bump<R> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.place(layout).unwrap_or(ptr::null_mut())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        self.place(layout).unwrap_or(ptr::null_mut())
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if new_size <= layout.size() {
            return block;
        }
        if block.addr() + layout.size() == self.top() {
            return self.extend(block, new_size).unwrap_or(ptr::null_mut());
        }
        // SAFETY: the caller promises that `new_size`, rounded up to the alignment, does not overflow `isize`.
        let layout_then = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
        match self.place(layout_then) {
            None => ptr::null_mut(),
            Some(moved) => {
                // SAFETY: the caller promises `layout.size()` readable bytes at `block`; `moved` has more, and is above it.
                unsafe { ptr::copy_nonoverlapping(block, moved, layout.size()) };
                moved
            }
        }
    }
}

#[cfg(target_arch = "wasm32")]
mod linear_memory {
    use core::arch::wasm32::{memory_grow, memory_size};

    use super::{Bump, Region};

    /// The instance's memory above its static data.
    struct LinearMemory;

    #[global_allocator]
    static ALLOCATOR: Bump<LinearMemory> = Bump::new(LinearMemory);

    // SAFETY: the linker defines the symbol; only its address is taken.
    unsafe extern "C" {
        static __heap_base: u8;
    }

    const PAGE: usize = vak_abi::PAGE_BYTES as usize;

    impl Region for LinearMemory {
        fn base(&self) -> usize {
            (&raw const __heap_base).expose_provenance()
        }

        fn reach(&self, end: usize) -> bool {
            let pages = end.div_ceil(PAGE);
            let present = memory_size::<0>();
            pages <= present
                || (pages <= vak_abi::MAX_MEMORY_PAGES as usize && memory_grow::<0>(pages - present) != usize::MAX)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: usize = 4096;

    /// A region of zeroed memory that ends.
    struct Fixed(usize);

    impl Fixed {
        fn bump() -> Bump<Self> {
            let memory = vec![0_u128; SIZE / 16].leak();
            Bump::new(Self(memory.as_mut_ptr().expose_provenance()))
        }
    }

    impl Region for Fixed {
        fn base(&self) -> usize {
            self.0
        }

        fn reach(&self, end: usize) -> bool {
            end <= self.0 + SIZE
        }
    }

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).expect("a layout")
    }

    fn alloc(bump: &Bump<Fixed>, size: usize, align: usize) -> *mut u8 {
        // SAFETY: no test asks for an empty block.
        unsafe { bump.alloc(layout(size, align)) }
    }

    fn realloc(bump: &Bump<Fixed>, block: *mut u8, size: usize, new_size: usize) -> *mut u8 {
        // SAFETY: every test gives the block with the size that it has, and alignment 1.
        unsafe { bump.realloc(block, layout(size, 1), new_size) }
    }

    #[test]
    fn blocks_are_aligned_and_never_overlap() {
        let bump = Fixed::bump();
        let mut end = bump.region.base();
        for (size, align) in [(1, 1), (8, 8), (3, 1), (4, 4), (16, 16), (1, 2), (100, 64)] {
            let block = alloc(&bump, size, align).addr();
            assert!(block >= end && block.is_multiple_of(align), "{size} aligned to {align}");
            end = block + size;
        }
    }

    #[test]
    fn the_last_block_grows_in_place_and_any_other_is_copied() {
        let bump = Fixed::bump();
        let first = alloc(&bump, 4, 1);
        // SAFETY: the block has 4 bytes.
        unsafe { first.copy_from(b"abcd".as_ptr(), 4) };
        assert_eq!(realloc(&bump, first, 4, 10), first);
        assert_eq!(realloc(&bump, first, 10, 4), first, "a smaller block stays");
        let other = alloc(&bump, 1, 1);
        assert_eq!(other.addr(), first.addr() + 10, "what a block gave up is not handed out again");
        let moved = realloc(&bump, first, 10, 20);
        assert!(moved > other);
        // SAFETY: the block has 20 bytes.
        assert_eq!(unsafe { std::slice::from_raw_parts(moved, 4) }, b"abcd");
    }

    #[test]
    fn where_memory_ends_the_answer_is_null_and_smaller_blocks_still_fit() {
        let bump = Fixed::bump();
        let block = alloc(&bump, 16, 1);
        assert!(alloc(&bump, SIZE, 1).is_null());
        assert!(alloc(&bump, isize::MAX as usize, 1).is_null());
        assert!(alloc(&bump, 1 << 62, 1 << 62).is_null());
        assert!(realloc(&bump, block, 16, SIZE + 1).is_null());
        assert_eq!(alloc(&bump, SIZE - 16, 1).addr(), block.addr() + 16);
        assert!(alloc(&bump, 1, 1).is_null());
    }
}
