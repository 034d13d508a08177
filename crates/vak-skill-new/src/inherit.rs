//! What the packages of this repository inherit from its root, read from the root itself.

/// The root's `Cargo.toml`.
const ROOT: &str = include_str!("../../../Cargo.toml");

/// The tables of a package that it needs in this repository only.
const LEFT_OUT: &[&str] = &["dev-dependencies", "lints"];

/// What stands behind a key that is inherited.
const INHERITED: &str = ".workspace = true";

/// A setting of all packages, such as the edition, as TOML.
pub(crate) fn setting(key: &str) -> &'static str {
    value("workspace.package", key)
}

/// A dependency as the root states it, as TOML. The repository's own crates lie beside each other.
pub(crate) fn dependency(name: &str) -> String {
    value("workspace.dependencies", name).replace("\"crates/", "\"../")
}

/// The `Cargo.toml` of a package of this repository, for a place outside of it: with all that it inherits written out,
/// and without its tests, which need more.
pub(crate) fn standalone(manifest: &str) -> String {
    let mut text = String::new();
    let mut table = "";
    for line in manifest.lines() {
        table = header(line).unwrap_or(table);
        if LEFT_OUT.contains(&table) {
            continue;
        }
        text.push_str(&written_out(table, line));
        text.push('\n');
    }
    format!("{}\n\n[lib]\ntest = false\ndoctest = false\n", text.trim_end())
}

/// The names in the table `dependencies` of a package of this repository.
pub(crate) fn dependencies(manifest: &str) -> Vec<&str> {
    entries(manifest, "dependencies").map(|(key, _)| key.split('.').next().unwrap_or(key)).collect()
}

fn written_out(table: &str, line: &str) -> String {
    match line.strip_suffix(INHERITED) {
        Some(key) if table == "package" => format!("{key} = {}", setting(key)),
        Some(key) => format!("{key} = {}", dependency(key)),
        None => line.to_owned(),
    }
}

fn value(table: &str, key: &str) -> &'static str {
    let found = entries(ROOT, table).find(|(name, _)| *name == key);
    found.map(|(_, value)| value).expect("the root has every key that is asked for: a test asks for all")
}

/// Key and value of a table's entries that are one line each.
fn entries<'t>(toml: &'t str, table: &str) -> impl Iterator<Item = (&'t str, &'t str)> {
    let lines = toml.lines().skip_while(move |line| header(line) != Some(table)).skip(1);
    let lines = lines.take_while(|line| header(line).is_none());
    lines.filter_map(|line| line.split_once('=').map(|(key, value)| (key.trim(), value.trim())))
}

/// The table that begins on this line.
fn header(line: &str) -> Option<&str> {
    line.strip_prefix('[')?.split(']').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_and_versions_are_the_root_s() {
        for (key, line) in [("edition", "edition = "), ("rust-version", "rust-version = ")] {
            assert!(ROOT.lines().any(|of_root| of_root == format!("{line}{}", setting(key))), "{key}");
        }
        for name in ["serde", "ryu-js"] {
            assert!(ROOT.lines().any(|line| line == format!("{name} = {}", dependency(name))), "{name}");
        }
        assert_eq!(dependency("vak-abi"), "{ path = \"../vak-abi\" }");
    }

    #[test]
    fn a_package_stands_alone_without_tests_and_lints() {
        let manifest = "[package]\nname = \"x\"\nedition.workspace = true\n\n[dependencies]\nserde.workspace = true\n\n\
                        [dev-dependencies]\nserde_json.workspace = true\n\n[lints]\nworkspace = true\n";
        let alone = standalone(manifest);
        let expected = format!(
            "[package]\nname = \"x\"\nedition = {}\n\n[dependencies]\nserde = {}\n\n[lib]\ntest = false\ndoctest = false\n",
            setting("edition"),
            dependency("serde")
        );
        assert_eq!(alone, expected);
        assert_eq!(dependencies(manifest), ["serde"]);
        assert_eq!(dependencies("[package]\nname = \"x\"\n"), [""; 0]);
    }
}
