//! The other way over the border: the host functions, as safe ones. Two slices go out as two pointers and two lengths.
//!
//! A skill imports those that its code can reach, and no others: what nobody calls is not linked. Natively a call goes to
//! the host that a unit test has made, [`crate::mock`].

#![cfg_attr(target_arch = "wasm32", expect(unsafe_code, reason = "the host reads and writes memory by address"))]

/// How a host function is called: with a request, and room for the response. What it gives is a packed
/// [`vak_abi::Response`].
pub(crate) type Import = fn(&[u8], &mut [u8]) -> i64;

macro_rules! host_functions {
    ($($name:ident),+) => {
        #[cfg(target_arch = "wasm32")]
        mod vak {
            #[link(wasm_import_module = "vak")]
            unsafe extern "C" {
                $(pub(super) fn $name(req: *const u8, req_len: usize, out: *mut u8, out_cap: usize) -> i64;)+
                pub(super) fn take(out: *mut u8, cap: usize) -> i64;
            }
        }

        $(
            #[cfg(target_arch = "wasm32")]
            pub(crate) fn $name(request: &[u8], out: &mut [u8]) -> i64 {
                // SAFETY: the host reads the request and writes into `out`, as far as each of them goes, and keeps neither.
                unsafe { vak::$name(request.as_ptr(), request.len(), out.as_mut_ptr(), out.len()) }
            }

            #[cfg(not(target_arch = "wasm32"))]
            pub(crate) fn $name(request: &[u8], out: &mut [u8]) -> i64 {
                crate::mock::call(stringify!($name), request, out)
            }
        )+
    };
}

host_functions!(
    fs_read,
    fs_list,
    fs_stat,
    fs_write,
    fs_remove,
    fs_rename,
    http_fetch,
    kv_get,
    kv_set,
    kv_delete,
    kv_list,
    log,
    clock_now,
    random,
    verify_plan,
    reason
);

/// Copies out the response that the call before had no room for.
#[cfg(target_arch = "wasm32")]
pub(crate) fn take(out: &mut [u8]) -> i64 {
    // SAFETY: the host writes into `out`, as far as it goes, and does not keep it.
    unsafe { vak::take(out.as_mut_ptr(), out.len()) }
}

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use crate::mock::take;
