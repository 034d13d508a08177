//! Numbers: read to the nearest double, written with the fewest digits.

use crate::probe::{NOTHING, ask, ask_each};

/// Pseudo-random bits, the same in every run (xorshift64*).
pub(crate) struct Bits(pub(crate) u64);

impl Bits {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).expect("below a usize")
    }
}

/// As ECMAScript writes it, or what stands for a number beyond all doubles.
fn expected(text: &str) -> String {
    let number: f64 = text.parse().expect("a number");
    if number.is_finite() { ryu_js::Buffer::new().format_finite(number).to_owned() } else { NOTHING.to_owned() }
}

/// The exact digits of the middle between a double and the one above it, from their binary form.
fn middle(below: f64) -> String {
    let bits = below.to_bits();
    let (fraction, exponent) = (bits & ((1 << 52) - 1), (bits >> 52) as i32);
    let whole = if exponent == 0 { fraction } else { fraction | 1 << 52 };
    let power = exponent.max(1) - 1076;
    // The middle is (2 whole + 1) times two to the power; a negative power of two is one of five, behind the point.
    let mut digits: Vec<u8> = (2 * whole + 1).to_string().bytes().rev().map(|digit| digit - b'0').collect();
    let factor = if power < 0 { 5 } else { 2 };
    for _ in 0..power.abs() {
        let mut carry = 0;
        for digit in &mut digits {
            let value = u16::from(*digit) * factor + carry;
            *digit = (value % 10) as u8;
            carry = value / 10;
        }
        if carry > 0 {
            digits.push(carry as u8);
        }
    }
    let digits: String = digits.iter().rev().map(|digit| char::from(b'0' + digit)).collect();
    format!("{digits}e{}", power.min(0))
}

fn hard_cases() -> Vec<String> {
    let mut cases: Vec<String> = [
        "0",
        "-0",
        "0.0",
        "0e5",
        "-0.0e-400",
        "1",
        "-1",
        "1.5",
        "100",
        "1e2",
        "1E+2",
        "0.1",
        "0.2",
        "0.3",
        "123456789.123",
        "1e21",
        "1e22",
        "1e23",
        "999999999999999900000",
        "1e-6",
        "1e-7",
        "0.000001",
        "9007199254740993",
        "9007199254740992.999999999999999999999",
        "2.2250738585072011e-308",
        "2.2250738585072014e-308",
        "4.9e-324",
        "5e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "1e-324",
        "1e-400",
        "1e-99999999999999999999",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "1e309",
        "1e400",
        "1e99999999999999999999",
        "18446744073709551616",
        "0.5e-323",
        "6.631236846766476e-316",
        "3.2378839133029012895883524125015321748630094431514e-319",
    ]
    .map(str::to_owned)
    .to_vec();
    // Digits that only the power behind them moves to where they count.
    cases.push(format!("0.{}1e2000", "0".repeat(1999)));
    cases.push(format!("1{}e-2000", "0".repeat(2000)));
    cases.push(format!("0.{}1", "0".repeat(100_000)));
    cases.push(format!("{}.5e-99990", "9".repeat(100_000)));
    let around_one = [1.0, 1.5, 0.1, 5e-324, 0.0, 2.225_073_858_507_201e-308, f64::MIN_POSITIVE, 1e22, 1e300, f64::MAX];
    // Below a power of two the doubles lie twice as close as above it.
    let below_powers = (-1021..1024).step_by(31).map(|power| f64::from_bits(2_f64.powi(power).to_bits() - 1));
    for below in around_one.into_iter().chain(below_powers) {
        let middle = middle(below);
        let (digits, power) = middle.split_once('e').expect("a power");
        // The middle itself, a bit less, and a bit more by a digit that no double needs.
        let (most, last) = digits.split_at(digits.len() - 1);
        if let Some(less) = last.parse::<u32>().expect("a digit").checked_sub(1) {
            cases.push(format!("{most}{less}.9e{power}"));
        }
        cases.push(format!("{digits}.{}1e{power}", "0".repeat(2000)));
        cases.push(middle);
    }
    cases
}

#[test]
fn the_nearest_double_is_read_whatever_the_digits() {
    let mut cases = hard_cases();
    let mut bits = Bits(1);
    for _ in 0..1000 {
        let digits: String = (0..=bits.below(40)).map(|_| char::from(b'0' + bits.below(10) as u8)).collect();
        let point = bits.below(digits.len()) + 1;
        let whole = digits[..point].trim_start_matches('0');
        let whole = if whole.is_empty() { "0" } else { whole };
        let fraction = if point < digits.len() { format!(".{}", &digits[point..]) } else { String::new() };
        cases.push(format!("{whole}{fraction}e{}", bits.below(700) as i64 - 360));
    }
    for _ in 0..200 {
        let below = f64::from_bits(bits.next() & !(1 << 63));
        if below.is_finite() {
            cases.push(middle(below));
        }
    }
    let Some(answers) = ask_each('d', &cases) else { return };
    for (case, answer) in cases.iter().zip(answers) {
        assert_eq!(answer, expected(case), "{}", &case[..case.len().min(100)]);
    }
}

#[test]
fn doubles_are_written_as_ecmascript_writes_them() {
    let mut bits = Bits(2);
    let mut numbers: Vec<f64> = vec![
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.1,
        1.0 / 3.0,
        123.456,
        1e15,
        1e16,
        1e20,
        1e21,
        1e22,
        1e23,
        1.5e-7,
        1e-6,
        1e-7,
        5e-324,
        f64::MAX,
        f64::MIN_POSITIVE,
        9_007_199_254_740_991.0,
        9_007_199_254_740_993.0,
        4_503_599_627_370_496.5,
        2_f64.powi(-44),
        9.5e-323,
        2_f64.powi(1000),
        2_f64.powi(-1022),
        2_f64.powi(-1021),
        1e300 / 3.0,
    ];
    numbers.extend((0..600).map(|_| f64::from_bits(bits.next())).filter(|number| number.is_finite()));
    numbers.extend((0..2000).map(|_| bits.below(1_000_000_000) as f64 / 10_f64.powi(bits.below(12) as i32)));
    numbers.extend((-1074..1024).step_by(3).map(|power| f64::powi(2.0, power)));
    let requests: Vec<_> = numbers.iter().map(|number| [&b"b"[..], &number.to_le_bytes()].concat()).collect();
    let Some(answers) = ask(&requests) else { return };
    for (number, answer) in numbers.into_iter().zip(answers) {
        assert_eq!(String::from_utf8_lossy(&answer), ryu_js::Buffer::new().format_finite(number), "{number:e}");
    }
}

#[test]
fn what_is_not_finite_has_no_json() {
    let requests =
        [f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(|number| [&b"b"[..], &number.to_le_bytes()].concat());
    let Some(answers) = ask(&requests) else { return };
    for answer in answers {
        assert_eq!(String::from_utf8_lossy(&answer), r#"{"error":"output: a number is not finite"}"#);
    }
}

#[test]
fn whole_numbers_are_read_however_they_are_written_and_only_if_they_fit() {
    let cases = [
        ("0", "0"),
        ("-0", "0"),
        ("-0.0", "0"),
        ("0e999999999999999999", "0"),
        ("42", "42"),
        ("-42.000", "-42"),
        ("4.2e1", "42"),
        ("4200e-2", "42"),
        ("1e18", "1000000000000000000"),
        ("9223372036854775807", "9223372036854775807"),
        ("9223372036854775807.000000", "9223372036854775807"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("922337203685477580700e-2", "9223372036854775807"),
        ("9223372036854775808", NOTHING),
        ("-9223372036854775809", NOTHING),
        ("18446744073709551616", NOTHING),
        ("1e19", NOTHING),
        ("1e999999999999999999", NOTHING),
        ("1e-999999999999999999", NOTHING),
        ("0.5", NOTHING),
        ("42.0000000000000000000000000001", NOTHING),
        ("9223372036854775806.9", NOTHING),
        ("true", NOTHING),
        ("\"1\"", NOTHING),
    ];
    let Some(answers) = ask_each('i', &cases.map(|(text, _)| text)) else { return };
    for ((text, expected), answer) in cases.into_iter().zip(answers) {
        assert_eq!(answer, expected, "{text}");
    }
}
