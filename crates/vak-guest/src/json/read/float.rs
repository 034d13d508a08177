//! From decimal digits to the nearest float: what `str::parse` gives, without the tables that make it fast and large.
//!
//! A short number is one multiplication or division of two floats that are exact. Any other of up to 19 digits is
//! multiplied in 64 bits, with an error that is known, and nearly always too small to matter. What is left is the quotient
//! of two large integers, of which 63 bits and whether there are more decide. The work is bounded: no more than 769 digits
//! can matter, and of what is beyond them only whether it is 0.

#[cfg(test)]
mod tests;

use super::big::Big;

/// What tells the kinds of floats apart.
struct Format {
    /// How many bits a number has.
    digits: u32,
    /// The power of two that the last bit of the smallest number counts.
    least: i32,
    /// The bits of infinity.
    infinity: u64,
    /// The largest power of ten that is exact.
    powers: u32,
}

const F64: Format = Format { digits: 53, least: -1074, infinity: f64::INFINITY.to_bits(), powers: 22 };
const F32: Format = Format { digits: 24, least: -149, infinity: f32::INFINITY.to_bits() as u64, powers: 10 };

/// How many digits the first look takes: any such number fits 64 bits.
const HEAD: u32 = 19;

/// No number halfway between two floats has more digits.
const MAX_DIGITS: u32 = 769;

/// A number of more than this before the point is infinite; with as many zeros behind it, it is 0.
const MAX_MAGNITUDE: i32 = 330;

/// Where an exponent ends to matter, whatever text stands before it: an input has at most 2^24 bytes.
const MAX_POWER: i32 = 100_000_000;

/// 5^27 is the largest power of five in 64 bits. It and its inverse, with the powers of two that their last bits count;
/// their first bits are set. The power is exact, the inverse to half of its last bit.
const FIVES: u32 = 27;
const FIVE: u64 = 5_u64.pow(FIVES);
const UP: (u64, i32) = (FIVE << 1, -1);
const DOWN: (u64, i32) = ((((1 << 126) + FIVE as u128 / 2) / FIVE as u128) as u64, -126);

/// How often one of them is multiplied with at most: it reaches every power that [`MAX_MAGNITUDE`] leaves to 19 digits.
const MAX_STEPS: u32 = 13;

/// How far a product may be off, in its last bit. Relative to 2^-63 each step adds at most 1/2 for its factor and 1 for
/// what it cuts off, and the last one 1: that is 20.5, and twice as much where the first of 64 bits counts 2^63.
const ERROR: u64 = 64;

/// The nearest float to a number of JSON's form.
pub(super) fn nearest_f64(text: &str) -> f64 {
    let decimal = Decimal::of(text);
    let magnitude = decimal.short(&F64).unwrap_or_else(|| f64::from_bits(decimal.bits(&F64)));
    if decimal.is_negative { -magnitude } else { magnitude }
}

/// The same for short floats. Rounding twice is the same as once here: the result of one operation on exact short floats
/// has more than twice their digits before the second time.
pub(super) fn nearest_f32(text: &str) -> f32 {
    let decimal = Decimal::of(text);
    let magnitude = decimal.short(&F32).map(|value| value as f32);
    let magnitude = magnitude.unwrap_or_else(|| f32::from_bits(decimal.bits(&F32) as u32));
    if decimal.is_negative { -magnitude } else { magnitude }
}

/// A number's digits.
struct Decimal<'t> {
    is_negative: bool,
    /// The first digits.
    head: u64,
    /// How many these are, without zeros before them.
    count: u32,
    /// The digits that follow, and perhaps the point.
    tail: &'t [u8],
    /// Whether the point comes before the tail.
    after_point: bool,
    /// The power of ten that the last digit of the head counts, if no digit of the tail comes before the point.
    power: i32,
}

impl<'t> Decimal<'t> {
    fn of(text: &'t str) -> Self {
        let (is_negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
        let text = text.as_bytes();
        let end = text.iter().position(|byte| matches!(byte, b'e' | b'E')).unwrap_or(text.len());
        let (digits, exponent) = text.split_at(end);
        let mut number = Self { is_negative, head: 0, count: 0, tail: &[], after_point: false, power: power(exponent) };
        for (at, byte) in digits.iter().enumerate() {
            if *byte == b'.' {
                number.after_point = true;
            } else if number.count == HEAD {
                number.tail = &digits[at..];
                break;
            } else {
                number.head = number.head * 10 + u64::from(byte - b'0');
                number.count += u32::from(number.head > 0);
                number.power -= i32::from(number.after_point);
            }
        }
        number
    }

    /// The number, if one operation on exact floats gives it.
    fn short(&self, format: &Format) -> Option<f64> {
        let power = self.power.unsigned_abs();
        if !self.tail.is_empty() || self.head >> format.digits > 0 || power > format.powers {
            return None;
        }
        let ten = (0..power).fold(1.0, |ten, _| ten * 10.0);
        let head = self.head as f64;
        Some(if self.power < 0 { head / ten } else { head * ten })
    }

    /// The bits of the number, whatever it is.
    fn bits(&self, format: &Format) -> u64 {
        self.close(format).unwrap_or_else(|| self.long(format))
    }

    /// The bits of the number, if all that a product of limited precision may stand for rounds to the same.
    fn close(&self, format: &Format) -> Option<u64> {
        let steps = self.power.unsigned_abs().div_ceil(FIVES);
        if !self.tail.is_empty() || self.head == 0 || steps > MAX_STEPS {
            return None;
        }
        // 5^-p is 5^(27n - p) times as much as 5^-27n.
        let (steps, factor, rest) = if self.power < 0 {
            (steps, DOWN, steps * FIVES - self.power.unsigned_abs())
        } else {
            (self.power.unsigned_abs() / FIVES, UP, self.power.unsigned_abs() % FIVES)
        };
        let scaled = (0..steps).fold(normal(self.head), |scaled, _| multiply(scaled, factor));
        let (product, exponent) = multiply(scaled, normal(5_u64.pow(rest)));
        let round = |product| format.round(product, exponent + self.power, true);
        let least = round(product - ERROR);
        (least == round(product.checked_add(ERROR)?)).then_some(least)
    }

    /// The bits of the number, by integers that hold all of it.
    #[cold]
    fn long(&self, format: &Format) -> u64 {
        let mut digits = Big::new(self.head);
        let (count, power) = self.append_tail(&mut digits);
        let magnitude = count as i32 + power;
        if self.head == 0 || magnitude < -MAX_MAGNITUDE {
            return 0;
        }
        if magnitude > MAX_MAGNITUDE {
            return format.infinity;
        }
        let mut divisor = Big::new(1);
        let scaled = if power < 0 { &mut divisor } else { &mut digits };
        scaled.multiply_by_fives(power.unsigned_abs());
        let (quotient, exponent, is_exact) = digits.divide(&mut divisor);
        format.round(quotient, exponent + power, is_exact)
    }

    /// Appends the tail's digits to those of the head; how many digits there are now, and the power of ten that the last
    /// of them counts.
    fn append_tail(&self, digits: &mut Big) -> (u32, i32) {
        let Self { mut count, mut after_point, mut power, .. } = *self;
        let (mut chunk, mut factor, mut is_exact) = (0, 1, true);
        for byte in self.tail {
            let digit = u32::from(byte.wrapping_sub(b'0'));
            if *byte == b'.' {
                after_point = true;
            } else if count == MAX_DIGITS {
                is_exact &= digit == 0;
                power += i32::from(!after_point);
            } else {
                count += 1;
                power -= i32::from(after_point);
                (chunk, factor) = (chunk * 10 + digit, factor * 10);
                if factor == 1_000_000_000 {
                    digits.multiply(factor, chunk);
                    (chunk, factor) = (0, 1);
                }
            }
        }
        if !is_exact {
            // Any digit does, as the place that it stands at decides nothing but that there is more.
            (chunk, factor) = (chunk * 10 + 1, factor * 10);
            (count, power) = (count + 1, power - 1);
        }
        digits.multiply(factor, chunk);
        (count, power)
    }
}

/// The exponent behind an `e`, or 0 for nothing.
fn power(text: &[u8]) -> i32 {
    let mut power = 0;
    for byte in text {
        if byte.is_ascii_digit() && power < MAX_POWER {
            power = power * 10 + i32::from(byte - b'0');
        }
    }
    if text.get(1) == Some(&b'-') { -power } else { power }
}

/// A number that is not 0, with its first bit set, and the power of two that its last bit counts.
const fn normal(number: u64) -> (u64, i32) {
    let zeros = number.leading_zeros();
    (number << zeros, -(zeros as i32))
}

/// The first 64 bits of the product of two numbers whose first bits are set.
fn multiply(one: (u64, i32), other: (u64, i32)) -> (u64, i32) {
    let product = u128::from(one.0) * u128::from(other.0);
    let (high, low) = ((product >> 64) as u64, product as u64);
    let exponent = one.1 + other.1 + 64;
    if high >> 63 == 0 { (high << 1 | low >> 63, exponent - 1) } else { (high, exponent) }
}

impl Format {
    /// The bits of the float nearest to `quotient * 2^exponent`, the even one of two; if it is not exact, the number is
    /// larger than that by less than one. The quotient has 63 or 64 bits.
    fn round(&self, quotient: u64, exponent: i32, is_exact: bool) -> u64 {
        let bits = u64::BITS - quotient.leading_zeros();
        let last = (exponent + bits as i32 - self.digits as i32).max(self.least);
        // At least 10, as there are 63 bits.
        let cut = (last - exponent).unsigned_abs();
        if cut > u64::BITS {
            return 0;
        }
        let kept = quotient.checked_shr(cut).unwrap_or(0);
        let rest = quotient << (u64::BITS - cut);
        let half = 1 << 63;
        let is_up = rest > half || (rest == half && (!is_exact || kept & 1 == 1));
        // The first bit of what is kept is not stored: it adds 1 to the exponent, as does a carry from rounding up.
        let exponent = u64::from((last - self.least).unsigned_abs()) << (self.digits - 1);
        (kept + u64::from(is_up) + exponent).min(self.infinity)
    }
}
