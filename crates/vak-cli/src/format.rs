//! Quantities as people read them.

/// A count with its thousands set apart: `1,234,567`.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// A size in the largest binary unit that leaves a readable number: `64 KiB`, `1.5 MiB`.
#[must_use]
pub fn bytes(size: u64) -> String {
    for (factor, unit) in [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")] {
        if size >= factor {
            let tenths = (u128::from(size) * 10 + u128::from(factor) / 2) / u128::from(factor);
            let (whole, tenth) = (tenths / 10, tenths % 10);
            return if tenth == 0 { format!("{whole} {unit}") } else { format!("{whole}.{tenth} {unit}") };
        }
    }
    format!("{size} B")
}

/// Milliseconds with as many digits as mean something: `0.84 ms`, `31 ms`, `1,000 ms`.
#[must_use]
pub fn millis(ms: f64) -> String {
    if ms < 10.0 { format!("{ms:.2} ms") } else { format!("{} ms", count(ms.round() as u64)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_grouped_and_scaled() {
        assert_eq!([count(0), count(999), count(1000), count(1_234_567)], ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([bytes(0), bytes(1023), bytes(65_536), bytes(1_572_864)], ["0 B", "1023 B", "64 KiB", "1.5 MiB"]);
        assert_eq!([millis(0.8441), millis(31.4), millis(1000.0)], ["0.84 ms", "31 ms", "1,000 ms"]);
    }
}
