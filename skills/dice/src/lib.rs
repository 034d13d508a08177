//! Fair dice.

use serde::{Deserialize, Serialize};
use vak_guest::{Error, random};

/// How often a throw is repeated before the dice are called loaded: by chance this happens once in 2^750.
const MOST_DRAWS: u32 = 64;

/// What to throw: `{"sides":6,"count":2}`.
#[derive(Deserialize)]
#[serde(default)]
struct Input {
    sides: u32,
    count: u32,
}

impl Default for Input {
    fn default() -> Self {
        Self { sides: 6, count: 1 }
    }
}

/// What came out: `{"throws":[3,5],"total":8}`.
#[derive(Serialize)]
struct Output {
    throws: Vec<u32>,
    total: u64,
}

vak_guest::export!(execute);

fn execute(Input { sides, count }: Input) -> Result<Output, Error> {
    if sides == 0 {
        return Err("dice have sides".into());
    }
    // Four bytes for each throw at once, as nearly every one of them is fair.
    let drawn = random::bytes(count as usize * 4)?;
    let mut throws = Vec::with_capacity(count as usize);
    for bytes in drawn.as_chunks().0 {
        throws.push(throw(*bytes, sides)?);
    }
    Ok(Output { total: throws.iter().copied().map(u64::from).sum(), throws })
}

/// A throw from these bytes, or from others if they would favour the low sides.
fn throw(mut bytes: [u8; 4], sides: u32) -> Result<u32, Error> {
    // The largest multiple of `sides` that 32 bits hold, less one; what is above it is not fair.
    let last_fair = u32::MAX - (u32::MAX % sides + 1) % sides;
    for _ in 0..MOST_DRAWS {
        let draw = u32::from_le_bytes(bytes);
        if draw <= last_fair {
            return Ok(draw % sides + 1);
        }
        random::fill(&mut bytes)?;
    }
    Err(format_args!("no fair throw in {MOST_DRAWS} draws").into())
}

#[cfg(test)]
mod tests {
    use vak_guest::mock::Host;

    use super::*;

    fn throws(seed: u64, sides: u32, count: u32) -> Vec<u32> {
        let thrown = Host::new().seed(seed).run(|| execute(Input { sides, count })).expect("dice");
        assert_eq!(thrown.total, thrown.throws.iter().copied().map(u64::from).sum());
        thrown.throws
    }

    #[test]
    fn every_side_comes_and_no_other() {
        for sides in [2, 6, 7, 100] {
            let mut seen = throws(1, sides, 1000);
            assert_eq!(seen.len(), 1000);
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen, (1..=sides).collect::<Vec<_>>(), "{sides}");
        }
    }

    #[test]
    fn the_same_stream_gives_the_same_throws() {
        assert_eq!(throws(7, 6, 20), throws(7, 6, 20));
        assert_ne!(throws(7, 6, 20), throws(8, 6, 20));
    }

    #[test]
    fn what_would_favour_the_low_sides_is_drawn_again() {
        // 2^32 is 4 more than a multiple of 6, so the last 4 draws are not fair.
        for (draw, fair) in [(u32::MAX, false), (u32::MAX - 3, false), (u32::MAX - 4, true), (0, true)] {
            let thrown = throw(draw.to_le_bytes(), 6);
            assert_eq!(thrown.ok(), fair.then_some(draw % 6 + 1), "there is no host to draw from again");
        }
        assert_eq!(throw(u32::MAX.to_le_bytes(), 2), Ok(2), "a power of two divides all draws");
    }

    #[test]
    fn without_random_bytes_nothing_is_thrown() {
        let refused = Host::new().deny("random").run(|| vak_guest::answer(b"{}", execute)).expect_err("denied");
        assert!(refused.starts_with(br#"{"error":"policy.ungranted: "#));
    }
}
