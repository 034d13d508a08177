//! What the profiles promise.

use crate::{call, skill};

/// Answers with the bits of 0/0, of a NaN made by the machine, as a number.
const NAN: &str = r#"
    (local $bits i32) (local $at i32)
    (local.set $bits (i32.reinterpret_f32 (f32.div (f32.load (i32.const 0)) (f32.load (i32.const 4)))))
    (local.set $at (i32.const 2060))
    (loop $digits
        (local.set $at (i32.sub (local.get $at) (i32.const 1)))
        (i32.store8 (local.get $at) (i32.add (i32.const 48) (i32.rem_u (local.get $bits) (i32.const 10))))
        (local.set $bits (i32.div_u (local.get $bits) (i32.const 10)))
        (br_if $digits (local.get $bits)))
    (i64.or (i64.shl (i64.extend_i32_u (local.get $at)) (i64.const 32))
        (i64.extend_i32_u (i32.sub (i32.const 2060) (local.get $at))))"#;

#[test]
fn s13_a_portable_skill_sees_canonical_nans_and_pays_the_same_fuel() {
    let bits = |yaml: &str| {
        let outcome = call(&skill("", NAN, yaml));
        let answer = outcome.result.expect("a number");
        (String::from_utf8_lossy(answer.bytes()).parse::<u32>().expect("a number"), outcome.usage.fuel)
    };
    let (portable, fuel) = bits("determinism: portable");
    assert_eq!(portable, 0x7fc0_0000);
    let (exact, same) = bits("determinism: exact");
    assert_eq!(exact & 0x7fff_ffff, 0x7fc0_0000, "a NaN, with the sign that the machine gives it");
    assert_eq!((exact, same), bits(""), "the default");
    if cfg!(target_arch = "x86_64") {
        assert_eq!(exact, 0xffc0_0000, "another NaN than the canonical one: the profiles are two");
        assert_eq!(fuel, same, "as many digits, so as many instructions");
    }
}
