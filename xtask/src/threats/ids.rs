//! The rows that the threat model must have.

use std::ops::RangeInclusive;

/// Kinds of attack, and the numbers of each.
const IDS: &[(&str, RangeInclusive<u32>)] = &[
    ("A", 1..=15),  // CPU, stack and time
    ("B", 1..=12),  // memory, tables, instances
    ("C", 1..=11),  // compile bombs
    ("D", 1..=16),  // malformed or confusing modules
    ("E", 1..=25),  // abuse of the host-call ABI
    ("F", 1..=14),  // files
    ("G", 1..=17),  // the network
    ("S", 2..=15),  // the engine's configuration
    ("V", 1..=8),   // signatures
    ("V", 10..=38), // attacks on a signed skill
    ("L", 1..=22),  // the log, faults and durability
    ("P", 1..=12),  // sessions and MCP
    ("N", 1..=14),  // the compiled-code cache
];

/// All ids, in the order of the page.
pub(super) fn all() -> Vec<String> {
    IDS.iter().flat_map(|(kind, numbers)| numbers.clone().map(move |number| format!("{kind}{number}"))).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_id_is_there_once() {
        let all = all();
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
        assert_eq!(all.len(), 209);
        assert!(all.contains(&"V38".to_owned()) && !all.contains(&"V9".to_owned()) && !all.contains(&"S1".to_owned()));
    }
}
