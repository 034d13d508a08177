//! Every number must be the one that the standard library reads, to the last bit.

use proptest::prelude::*;

use super::*;

/// Reads both kinds of float, with both signs.
#[track_caller]
fn same(text: &str) {
    for text in [text.to_owned(), format!("-{text}")] {
        let (long, short): (f64, f32) = (text.parse().expect("a number"), text.parse().expect("a number"));
        let shown = &text[..text.len().min(100)];
        assert_eq!(nearest_f64(&text).to_bits(), long.to_bits(), "{shown} is {long:e}");
        assert_eq!(nearest_f32(&text).to_bits(), short.to_bits(), "{shown} is {short:e} for short");
    }
}

/// The decimal digits of a finite float, all of them: `1.5` for 1.5, and up to 767 of them.
fn exact(value: f64) -> String {
    format!("{value:.1100}").trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The digits of what lies halfway between a float and the next one: those of both, added and halved.
fn halfway(bits: u64) -> String {
    let (one, next) = (format!("{:.1100}", f64::from_bits(bits)), format!("{:.1100}", f64::from_bits(bits + 1)));
    let whole = one.len().max(next.len());
    let mut carry = 0;
    let mut sum: Vec<u8> = Vec::new();
    for (one, next) in format!("{one:0>whole$}").bytes().rev().zip(format!("{next:0>whole$}").bytes().rev()) {
        if one == b'.' {
            sum.push(b'.');
            continue;
        }
        let digit = (one - b'0') + (next - b'0') + carry;
        sum.push(b'0' + digit % 10);
        carry = digit / 10;
    }
    sum.push(b'0' + carry);
    let mut rest = 0;
    let half = |byte: &u8| match byte {
        b'.' => '.',
        digit => {
            let value = rest * 10 + (digit - b'0');
            rest = value % 2;
            char::from(b'0' + value / 2)
        }
    };
    let text: String = sum.iter().rev().map(half).collect();
    assert_eq!(rest, 0, "1100 digits hold it");
    let text = text.trim_end_matches('0').trim_end_matches('.').trim_start_matches('0');
    if text.starts_with('.') { format!("0{text}") } else { text.to_owned() }
}

/// The neighbours of a text of digits: it with its last digit one less, itself, and with more digits behind it.
fn around(text: &str) -> [String; 4] {
    let less = match text.split_at(text.len() - 1) {
        (before, last @ ("1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9")) => {
            format!("{before}{}9", last.parse::<u8>().expect("a digit") - 1)
        }
        _ => text.to_owned(),
    };
    let point = if text.contains('.') { "" } else { "." };
    let more = |zeros: usize| format!("{text}{point}{}1", "0".repeat(zeros));
    [less, text.to_owned(), more(5), more(2000)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn every_float_comes_back_from_its_shortest_digits(bits: u64) {
        let value = f64::from_bits(bits & !(1 << 63));
        prop_assume!(value.is_finite());
        same(&format!("{value:e}"));
        same(&format!("{value}"));
        same(&format!("{:e}", f32::from_bits(bits as u32 >> 1).min(f32::MAX)));
    }

    #[test]
    fn any_digits_with_any_exponent_are_the_nearest(digits in "[1-9][0-9]{0,25}", at in 0_usize..26, power in -360..340) {
        let at = at.min(digits.len());
        same(&format!("{digits}e{power}"));
        same(&format!("0{}.{}0E{power}", &digits[..at], &digits[at..]));
    }

    #[test]
    fn short_numbers_are_the_nearest(head in 0_u64..1 << 54, power in -25..26) {
        same(&format!("{head}e{power}"));
        same(&format!("{}e{power}", head % 100_000));
        same(&format!("{}.{}", head % 1000, head));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn what_lies_halfway_goes_to_the_even_one_and_the_least_more_does_not(bits in 0_u64..0x7fef_ffff_ffff_ffff) {
        for text in around(&halfway(bits)) {
            same(&text);
        }
    }

    #[test]
    fn what_lies_halfway_between_short_floats_does_too(bits in 0_u32..0x7f7f_ffff) {
        let (one, next) = (f64::from(f32::from_bits(bits)), f64::from(f32::from_bits(bits + 1)));
        for text in around(&exact((one + next) / 2.0)) {
            same(&text);
        }
    }

    #[test]
    fn all_digits_of_a_float_and_many_more_are_read(bits in 0_u64..0x7ff0_0000_0000_0000, more in "[0-9]{0,2000}") {
        let text = exact(f64::from_bits(bits));
        let point = if text.contains('.') { "" } else { "." };
        same(&format!("{text}{point}0{more}"));
    }

    #[test]
    fn thousands_of_digits_are_read_wherever_the_point_is(digits in "[0-9]{1,3000}", power in -3500..500) {
        same(&format!("0.{digits}e{power}"));
        same(&format!("1{digits}e{power}"));
        same(&format!("1{digits}.{digits}e{power}"));
        same(&format!("0.000{digits}e{}", i64::from(power) + 1000));
    }
}

#[test]
fn halves_are_what_they_should_be() {
    assert_eq!(halfway(1.0_f64.to_bits()), "1.00000000000000011102230246251565404236316680908203125");
    assert_eq!(halfway(0).len(), exact(5e-324).len() + 1);
    assert_eq!(halfway(0x4340_0000_0000_0000), "9007199254740993");
}

#[test]
fn the_smallest_and_the_largest_are_read() {
    for bits in (0..200).chain((1 << 52) - 100..(1 << 52) + 100).chain(0x7fef_ffff_ffff_ff00..0x7fef_ffff_ffff_ffff) {
        same(&format!("{:e}", f64::from_bits(bits)));
        for text in around(&halfway(bits)) {
            same(&text);
        }
    }
}

#[test]
fn known_hard_numbers_are_the_nearest() {
    for text in [
        "0",
        "0.0",
        "0e0",
        "0e999999999999999999999",
        "0.000e-5",
        "1e0",
        "1E+0",
        "1e-0",
        "1e+05",
        "1e00000000000000000000000000000005",
        "1e22",
        "1e23",
        "123456789012345678901234567890",
        "9007199254740991",
        "9007199254740992",
        "9007199254740993",
        "9007199254740993.0000000000000000000000000000000000001",
        "18446744073709551615",
        "18446744073709551616",
        "9999999999999999999",
        "99999999999999999999",
        // The ends of the range, and halfway beyond them.
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.797693134862315807e308",
        "1.797693134862315808e308",
        "1.7976931348623159e308",
        "17976931348623158e292",
        "1e308",
        "1e309",
        "1e310",
        "1e99999",
        "1e999999999999999999999999",
        "2.2250738585072011e-308",
        "2.2250738585072012e-308",
        "2.2250738585072014e-308",
        "4.9406564584124654e-324",
        "5e-324",
        "3e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "2.4e-324",
        "1e-324",
        "1e-325",
        "1e-400",
        "1e-999999999999999999999999",
        "3.4028234663852886e38",
        "3.4028235677973366e38",
        "3.4028235677973367e38",
        "1.1754943508222875e-38",
        "7.006492321624085e-46",
        "7.0064923216240853e-46",
        "1.401298464324817e-45",
        // Numbers that readers are known to have got wrong: from David Gay's and Go's tests, and from bug reports.
        "1.00000000000000011102230246251565404236316680908203125",
        "1.00000000000000011102230246251565404236316680908203124",
        "1.00000000000000011102230246251565404236316680908203126",
        "6.631236871469758276785396630275971e-324",
        "3.2378839133029012895883524125015321748630094e-319",
        "9.5e-324",
        "6.8985865317742005e+180",
        "2.0044563120e+10",
        "8.98846567431158e307",
        "8.442911973260991817129021e-309",
        "1.448997445238699",
        "0.500000000000000166533453693773481063544750213623046875",
        "3.518437208883201171875e13",
        "62.5364939768271845828",
        "8.10109172351e-10",
        "1.50000000000000011102230246251565",
        "104308485241983990666713401708072175773165034278685682046762949912959549442612e-100",
        "45035996.273704995",
        "45035996.273704985",
        "1090544144181609348835077142190",
        "179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096330286416692887910946555547851940402630657488671505820681908902000708383676273854845817711531764475730270069855571366959622842914819860834936475292719074168444365510704342711559699508093042880",
        "2225073858507201136057409796709131975934819546351645648023426109724822222021076945516529523908135087914149158913039621106870086438694594645527657207407820621743379988141063267329253552286881372149012981122451451889849057222307285255133155755015914397476397983411801999323962548289017107081850690630666655994938275772572015763062690663332647565300009245888316433037779791869612049497390377829704905051080609940730262937128958950003583799967207254304360284078895771796150945516748243471030702609144621572289880258182545180325707018860872113128079512233426288368622321503775666622503982534335974568884423900265498198385487948292206894721689831099698365846814022854243330660339850886445804001034933970427567186443383770486037861622771738545623065874679014086723327636718751e-1079",
    ] {
        same(text);
    }
}

#[test]
fn digits_without_end_are_looked_at_once() {
    let zeros = "0".repeat(60_000);
    for text in [
        format!("1{zeros}e-60000"),
        format!("0.{zeros}1e60001"),
        format!("0.{zeros}1"),
        format!("1{zeros}"),
        format!("1.{zeros}1"),
        format!("9007199254740993.{zeros}"),
        format!("9007199254740993.{zeros}1"),
    ] {
        same(&text);
    }
}

/// The standard library stops at exponents of five digits, whatever stands before them.
#[test]
fn an_exponent_may_take_back_any_number_of_zeros() {
    let zeros = "0".repeat(1 << 20);
    assert_eq!(nearest_f64(&format!("1{zeros}e-1048576")), 1.0);
    assert_eq!(nearest_f64(&format!("-0.{zeros}25e1048577")), -2.5);
    assert_eq!(nearest_f32(&format!("1{zeros}e-1048577")), 0.1);
}
