//! Host functions ask and do not act.

use super::Violation;
use crate::tree::{File, Tree};

/// Where the host functions are, and what they ask of.
const ASKING: &[&str] =
    &["crates/vak-runtime/src/host.rs", "crates/vak-runtime/src/host/", "crates/vak-runtime/src/world.rs"];

/// What reaches files, a network, a clock, the environment or random numbers.
const ACTS: &[&str] = &[
    "std::fs",
    "std::net",
    "std::os",
    "std::process",
    "std::env",
    "std::thread",
    "Instant",
    "SystemTime",
    "cap_std",
    "getrandom",
    "redb",
    "rustix",
];

/// None of those files names any of that.
pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let asking = tree.files.iter().filter(|file| ASKING.iter().any(|start| file.path.starts_with(start)));
    asking.flat_map(check_file).collect()
}

fn check_file(file: &File) -> Vec<Violation> {
    let lines = (1..).zip(file.text().unwrap_or_default().lines());
    let code = lines.map(|(number, line)| (number, line.split("//").next().unwrap_or_default()));
    let found = code
        .flat_map(|(number, line)| ACTS.iter().filter(move |act| line.contains(**act)).map(move |act| (number, *act)));
    let violation = |(number, act): (usize, &str)| {
        let what = format!("names `{act}`: host functions ask the gate, and only `world/live` acts");
        Violation::new(format!("{}:{number}", file.path), what)
    };
    found.map(violation).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::tests::tree;

    #[test]
    fn only_the_live_world_acts() {
        let act = "use std::fs;\nlet now = Instant::now(); // SystemTime\n";
        let found = check(&tree(&[
            ("crates/vak-runtime/src/host/log.rs", act),
            ("crates/vak-runtime/src/host.rs", "// std::fs\n"),
            ("crates/vak-runtime/src/world/live/fs.rs", act),
        ]));
        let places: Vec<_> = found.iter().map(|violation| violation.place.as_str()).collect();
        assert_eq!(places, ["crates/vak-runtime/src/host/log.rs:1", "crates/vak-runtime/src/host/log.rs:2"]);
    }
}
