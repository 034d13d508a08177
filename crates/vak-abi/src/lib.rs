//! The border between host and guest: ABI 1.
//!
//! The names that a skill exports, the module that host calls are imported from, and how a result is packed into
//! one number. Host and guest both compile this crate, so that the two sides cannot disagree; it must never need an
//! allocator or the standard library. `docs/format/abi.md` is the normative text.

#![no_std]

/// The version of the ABI that this crate describes.
pub const VERSION: u32 = 1;

/// The linear memory that a skill must export.
pub const EXPORT_MEMORY: &str = "memory";

/// The allocator that a skill must export, `(len: i32) -> i32`; the host calls it once, for the input.
pub const EXPORT_ALLOC: &str = "vak_alloc";

/// The immutable `i32` global that a skill may export: the address of [`FAILURE_BYTES`] bytes, little endian, that are
/// a failed [`Answer`] once the skill has an error that it can't return any more, and 0 before.
pub const EXPORT_FAILURE: &str = "vak_failure";

/// How many bytes lie at the address in [`EXPORT_FAILURE`].
pub const FAILURE_BYTES: u32 = 8;

/// The module that all host calls are imported from.
pub const IMPORT_MODULE: &str = "vak";

/// The host function that copies out a response which did not fit, `(out: i32, cap: i32) -> i64`; it needs no capability.
pub const IMPORT_TAKE: &str = "take";

/// The custom section that holds the canonical manifest.
pub const SECTION_MANIFEST: &str = "vak.manifest";

/// The custom section that holds the signatures (WebAssembly tool-conventions, Signatures.md).
pub const SECTION_SIGNATURE: &str = "signature";

/// The custom section that would cut a module into separately signed parts, which VAK refuses.
pub const SECTION_SIGNATURE_DELIMITER: &str = "signature_delimiter";

/// The largest memory a skill may have, in pages of 64 KiB: pointers stay below 2^31, so that bit 63 of a result is free.
pub const MAX_MEMORY_PAGES: u32 = 32_767;

/// The size of a page of linear memory, in bytes.
pub const PAGE_BYTES: u64 = 65_536;

/// What a skill says about the bytes that it returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The bytes are the output.
    Done,
    /// The skill reports a failure; the bytes are its error.
    Failed,
}

/// The result of an exported function: where the answer lies in the guest's memory and what it means.
///
/// Nothing here is checked against a memory: a host must treat `ptr` and `len` as hostile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Output, or the skill's own error.
    pub verdict: Verdict,
    /// First byte of the answer; below 2^31.
    pub ptr: u32,
    /// Length of the answer in bytes.
    pub len: u32,
}

const FAILED: u64 = 1 << 63;

impl Answer {
    /// Packs the answer as `failed << 63 | ptr << 32 | len`. Bit 31 of `ptr` cannot be represented and is dropped.
    #[must_use]
    pub const fn pack(self) -> i64 {
        let flag = match self.verdict {
            Verdict::Done => 0,
            Verdict::Failed => FAILED,
        };
        let ptr = (self.ptr & 0x7fff_ffff) as u64;
        (flag | (ptr << 32) | self.len as u64).cast_signed()
    }

    /// Takes a packed answer apart. Every `i64` has a meaning, so this cannot fail.
    #[must_use]
    pub const fn unpack(packed: i64) -> Self {
        let bits = packed.cast_unsigned();
        Self {
            verdict: if bits & FAILED == 0 { Verdict::Done } else { Verdict::Failed },
            ptr: ((bits >> 32) & 0x7fff_ffff) as u32,
            len: (bits & 0xffff_ffff) as u32,
        }
    }
}

/// How a host call came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It was done; the bytes are its response.
    Done,
    /// It may not be done; the bytes are the error, as JSON.
    Denied,
    /// It could not be done; the bytes are the error, as JSON.
    Failed,
}

/// The result of a host call: how it came out, and how long its response is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response {
    /// How it came out.
    pub status: Status,
    /// Length of the response in bytes, whether it was written or not.
    pub len: u32,
}

impl Response {
    /// Packs the response as `status << 32 | len`.
    #[must_use]
    pub const fn pack(self) -> i64 {
        let status: i64 = match self.status {
            Status::Done => 0,
            Status::Denied => 1,
            Status::Failed => 2,
        };
        (status << 32) | self.len as i64
    }

    /// Takes a packed response apart. A status that ABI 1 does not know is `None`.
    #[must_use]
    pub const fn unpack(packed: i64) -> Option<Self> {
        let status = match packed >> 32 {
            0 => Status::Done,
            1 => Status::Denied,
            2 => Status::Failed,
            _ => return None,
        };
        Some(Self { status, len: (packed & 0xffff_ffff) as u32 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packed_answer_unpacks_to_itself() {
        for verdict in [Verdict::Done, Verdict::Failed] {
            for (ptr, len) in [(0, 0), (1, 2), (0x7fff_ffff, u32::MAX), (65_536, 14)] {
                let answer = Answer { verdict, ptr, len };
                assert_eq!(Answer::unpack(answer.pack()), answer);
            }
        }
    }

    #[test]
    fn a_packed_response_unpacks_to_itself() {
        for status in [Status::Done, Status::Denied, Status::Failed] {
            for len in [0, 1, u32::MAX] {
                let response = Response { status, len };
                assert_eq!(Response::unpack(response.pack()), Some(response));
            }
        }
        assert_eq!(Response::unpack(3 << 32), None);
        assert_eq!(Response::unpack(-1), None);
    }

    #[test]
    fn the_failure_bit_is_the_sign() {
        assert!(Answer { verdict: Verdict::Failed, ptr: 0, len: 0 }.pack() < 0);
        assert_eq!(Answer { verdict: Verdict::Done, ptr: 1, len: 2 }.pack(), (1 << 32) | 2);
    }
}
