//! What is left of a panic: the skill's own error, where the host looks after the trap that ends a panic.
//!
//! The target has no unwinding, so nothing that panics returns. Before the trap the hook writes the error's JSON and notes
//! where it lies; if that fails, by a second panic or for want of memory, nothing is noted and the trap stays a trap.

use serde::Serialize;

use crate::json;

/// How much of a message is kept, in bytes: it can hold whatever the panicking code has displayed.
const MAX_MESSAGE: usize = 1024;

/// The error that a panic becomes.
#[derive(Serialize)]
struct Panic {
    error: String,
    at: String,
}

impl Panic {
    fn new(message: &str, at: String) -> Self {
        let kept = message.get(..message.floor_char_boundary(MAX_MESSAGE)).unwrap_or_default();
        let cut = if kept.len() < message.len() { "…" } else { "" };
        Self { error: ["panic: ", kept, cut].concat(), at }
    }
}

/// The JSON of the error: `{"error":"panic: message","at":"src/lib.rs:1:2"}`.
fn describe(message: &str, at: String) -> Option<Vec<u8>> {
    json::write(&Panic::new(message, at)).ok()
}

#[cfg(target_arch = "wasm32")]
pub(crate) use hook::install;

#[cfg(target_arch = "wasm32")]
mod hook {
    #![expect(unsafe_code, reason = "a name that the host looks for can clash; the ABI reserves it for this")]

    use std::panic::{self, PanicHookInfo};
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    use super::describe;
    use crate::border::pack;

    /// The packed error, or 0: an export of ABI 1. WebAssembly is little endian, as the ABI wants it.
    #[unsafe(export_name = "vak_failure")]
    static FAILURE: AtomicU64 = AtomicU64::new(0);

    /// Has every panic from now on described before its trap.
    pub(crate) fn install() {
        panic::set_hook(Box::new(leave));
    }

    fn leave(info: &PanicHookInfo<'_>) {
        let message = info.payload_as_str().unwrap_or("no text");
        let at = info.location().map(ToString::to_string).unwrap_or_default();
        if let Some(error) = describe(message, at) {
            FAILURE.store(pack(vak_abi::Verdict::Failed, error).cast_unsigned(), Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(message: &str) -> String {
        String::from_utf8(describe(message, "src/lib.rs:1:2".to_owned()).expect("JSON")).expect("JSON is UTF-8")
    }

    #[test]
    fn an_error_names_message_and_place() {
        assert_eq!(text("no"), r#"{"error":"panic: no","at":"src/lib.rs:1:2"}"#);
        assert_eq!(text("a \"b\"\n世"), r#"{"error":"panic: a \"b\"\n世","at":"src/lib.rs:1:2"}"#);
    }

    #[test]
    fn a_long_message_is_cut_between_two_characters() {
        let whole = "x".repeat(MAX_MESSAGE);
        assert!(text(&whole).contains(&format!("{whole}\"")));
        assert!(text(&format!("{whole}y")).contains(&format!("{whole}…\"")));
        let wide = format!("x{}", "世".repeat(MAX_MESSAGE));
        assert!(text(&wide).contains(&format!("panic: x{}…\"", "世".repeat(MAX_MESSAGE / 3))));
    }
}
