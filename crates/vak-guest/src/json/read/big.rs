//! Unsigned integers of a bounded size, for the few numbers that no float holds on the way.

/// How many limbs there are. See [`Big`] for why these are enough.
const LIMBS: usize = 88;

/// The largest power of five below 2^32, and its exponent.
const FIVES: (u32, u32) = (5_u32.pow(13), 13);

/// An unsigned integer below 2^2816, the least limb first. There is no limb above `len` that is not 0.
///
/// The largest that are made are digits, at most 10^770, and a power of five, at most 5^1100; both are below 2^2560. A
/// quotient shifts either of them to at most 126 bits more than the other has.
pub(super) struct Big {
    limbs: [u32; LIMBS],
    len: usize,
}

impl Big {
    pub(super) fn new(value: u64) -> Self {
        let mut limbs = [0; LIMBS];
        limbs[0] = value as u32;
        limbs[1] = (value >> 32) as u32;
        let mut big = Self { limbs, len: 2 };
        big.trim();
        big
    }

    fn trim(&mut self) {
        while self.len > 0 && self.limbs[self.len - 1] == 0 {
            self.len -= 1;
        }
    }

    /// How many bits it has; 0 has none.
    fn bits(&self) -> u32 {
        let top = self.len.checked_sub(1).map_or(0, |top| 32 - self.limbs[top].leading_zeros());
        top + 32 * self.len.saturating_sub(1) as u32
    }

    /// Makes it `self * factor + addend`.
    pub(super) fn multiply(&mut self, factor: u32, addend: u32) {
        let mut carry = addend;
        for limb in &mut self.limbs[..self.len] {
            let product = u64::from(*limb) * u64::from(factor) + u64::from(carry);
            *limb = product as u32;
            carry = (product >> 32) as u32;
        }
        if carry > 0 {
            self.limbs[self.len] = carry;
            self.len += 1;
        }
    }

    /// Multiplies by a power of five.
    pub(super) fn multiply_by_fives(&mut self, mut power: u32) {
        while power >= FIVES.1 {
            self.multiply(FIVES.0, 0);
            power -= FIVES.1;
        }
        self.multiply(5_u32.pow(power), 0);
    }

    /// Multiplies by a power of two.
    fn shift(&mut self, bits: u32) {
        self.multiply(1 << (bits % 32), 0);
        let whole = (bits / 32) as usize;
        if whole > 0 {
            self.limbs.copy_within(..self.len, whole);
            self.limbs[..whole].fill(0);
            self.len += whole;
        }
    }

    /// Divides by what is not 0: the first 63 or 64 bits of the quotient, the power of two that the last of them counts,
    /// and whether that is all of it. Neither number is the same afterwards.
    pub(super) fn divide(&mut self, divisor: &mut Self) -> (u64, i32, bool) {
        // The divisor fills its limbs, and the dividend has 63 bits more: the quotient has two digits of 32 bits.
        let fill = divisor.bits().wrapping_neg() % 32;
        let longer = self.bits().saturating_sub(divisor.bits() + fill + 63).next_multiple_of(32);
        divisor.shift(fill + longer);
        let missing = divisor.bits() + 63 - self.bits();
        self.shift(missing);
        let divisor = &divisor.limbs[..divisor.len];
        let high = digit(&mut self.limbs[1..divisor.len() + 2], divisor);
        let low = digit(&mut self.limbs[..divisor.len() + 1], divisor);
        let is_exact = self.limbs[..divisor.len()].iter().all(|limb| *limb == 0);
        (u64::from(high) << 32 | u64::from(low), (fill + longer) as i32 - missing as i32, is_exact)
    }
}

/// One digit of a quotient, by Knuth's algorithm D; leaves the remainder in the window, which is one limb longer than the
/// divisor. The divisor's first bit is set, and the window is less than the divisor times 2^32.
fn digit(window: &mut [u32], divisor: &[u32]) -> u32 {
    let (Some((top, rest)), Some(first)) = (window.split_last_mut(), divisor.last()) else { return 0 };
    let begin = u64::from(*top) << 32 | rest.last().map_or(0, |limb| u64::from(*limb));
    // Never less than the digit, and at most 2 more.
    let mut guess = (begin / u64::from(*first)).min(u64::from(u32::MAX));
    let mut carry = 0;
    for (limb, by) in rest.iter_mut().zip(divisor) {
        let product = guess * u64::from(*by) + carry;
        let (left, borrow) = limb.overflowing_sub(product as u32);
        *limb = left;
        carry = (product >> 32) + u64::from(borrow);
    }
    let mut missing = carry - u64::from(*top);
    *top = 0;
    while missing > 0 {
        guess -= 1;
        let mut carry = 0;
        for (limb, by) in rest.iter_mut().zip(divisor) {
            let sum = u64::from(*limb) + u64::from(*by) + carry;
            *limb = sum as u32;
            carry = sum >> 32;
        }
        missing -= carry;
    }
    guess as u32
}
