//! The way of an author, from an empty folder to a run, with tools that carry all they need.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use vak_testkit::Suite;

const TOOLS: [&str; 3] = ["vak-skill-new", "vak-skill-build", "vak-run"];

fn suite() -> Suite {
    Suite::of_package(env!("CARGO_MANIFEST_DIR"), env!("CARGO_BIN_EXE_vak-run"))
}

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the checkout")
}

/// What is typed, and nothing between.
const CHAIN: &str = "vak-skill-new hello && cd hello && vak-skill-build && vak-run . --allow-unsigned";

/// What the chain's last command writes to stdout for the template's default input.
const GREETING: &str = r#"{"greeting":"Hello, world!"}"#;

#[test]
fn a_new_project_builds_and_runs_without_an_edit() {
    let folder = tempfile::tempdir().expect("a folder");
    let suite = suite();
    let mut place = suite.empty_place(folder.path());
    let (code, shown) = place.run(CHAIN);
    assert_eq!(code, 0, "{shown}");
    assert_eq!(shown.lines().last(), Some(GREETING), "{shown}");
    let (code, shown) = place.run("sh ci.sh");
    assert_eq!(code, 0, "{shown}");
}

#[test]
fn the_guide_for_authors_is_followed_word_by_word() {
    let folder = tempfile::tempdir().expect("a folder");
    suite().follow(folder.path(), &checkout().join("docs/guides/write-a-skill.md"));
}

#[test]
fn the_guide_on_keys_is_followed_word_by_word() {
    let folder = tempfile::tempdir().expect("a folder");
    suite().follow(folder.path(), &checkout().join("docs/guides/keys-and-trust.md"));
}

#[test]
fn the_guide_on_host_calls_is_followed_word_by_word() {
    let folder = tempfile::tempdir().expect("a folder");
    suite().follow(folder.path(), &checkout().join("docs/guides/host-skills.md"));
}

/// The tools lie elsewhere, and in the place of the checkout there is an empty file system. That needs a mount namespace of
/// one's own; where there is none, what cargo read is looked at instead, which every machine can do.
#[test]
fn a_new_project_builds_with_the_checkout_moved_away() {
    let folder = tempfile::tempdir().expect("a folder");
    let tools = folder.path().join("tools");
    fs::create_dir(&tools).expect("a folder");
    let mut suite = suite();
    for tool in TOOLS {
        fs::copy(suite.bin_dir.join(tool), tools.join(tool)).expect("a tool");
    }
    suite.bin_dir = tools;
    let mut place = suite.empty_place(folder.path());
    let checkout = checkout();
    let hide = format!("mount -t tmpfs none '{0}' && test -z \"$(ls -A '{0}')\" && {CHAIN}", checkout.display());
    place.write("hidden.sh", &hide);
    let chain = if may_mount() { "unshare --mount --map-root-user sh hidden.sh" } else { CHAIN };
    let (code, shown) = place.run(chain);
    assert_eq!(code, 0, "{shown}");
    assert_eq!(shown.lines().last(), Some(GREETING), "{shown}");
    let (code, read) = place.run("find . -name '*.d' -exec cat {} +");
    assert_eq!(code, 0, "{read}");
    assert!(read.contains("src/lib.rs") && !read.contains(&*checkout.to_string_lossy()), "{read}");
}

fn may_mount() -> bool {
    let mut tried = Command::new("unshare");
    tried.args(["--mount", "--map-root-user", "mount", "-t", "tmpfs", "none", "/mnt"]);
    tried.output().is_ok_and(|output| output.status.success())
}
