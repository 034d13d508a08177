//! The one line that makes functions exports.

/// Exports functions `fn(Input) -> Result<Output, E>` under their own names, as the manifest's `exports` list them.
///
/// On `wasm32` each becomes a function of ABI 1; elsewhere only the types are checked. Write it once in the crate.
///
/// ```
/// fn double(number: f64) -> Result<f64, vak_guest::Error> {
///     Ok(number * 2.0)
/// }
///
/// fn shout(text: &str) -> Result<String, vak_guest::Error> {
///     Ok(text.to_uppercase())
/// }
///
/// vak_guest::export!(double, shout);
/// ```
///
/// A function that can't be called with JSON does not compile:
///
/// ```compile_fail,E0277
/// fn execute(_: std::time::Instant) -> Result<(), vak_guest::Error> {
///     Ok(())
/// }
///
/// vak_guest::export!(execute);
/// ```
#[macro_export]
macro_rules! export {
    ($($function:ident),+ $(,)?) => {
        $(
            const _: () = {
                #[cfg(target_arch = "wasm32")]
                #[allow(unsafe_code, reason = "a name that the host looks for can clash; the ABI reserves it for this")]
                #[unsafe(export_name = stringify!($function))]
                extern "C" fn exported(ptr: u32, len: u32) -> i64 {
                    $crate::__export::serve(ptr, len, $function)
                }

                #[cfg(not(target_arch = "wasm32"))]
                const _: fn(&'static [u8]) -> Result<Vec<u8>, Vec<u8>> = |input| $crate::answer(input, $function);
            };
        )+
    };
}
