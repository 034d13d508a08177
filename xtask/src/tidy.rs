//! The rules of the repository that no compiler checks.

mod border;
mod doubles;
mod edges;
mod features;
mod files;
mod graph;
mod licences;
mod lints;
mod reach;
mod sources;

use std::fmt;

use self::features::Features;
use self::graph::Graph;
use crate::error::Error;
use crate::tree::Tree;
use crate::workspace::Workspace;

/// Check the rules that no compiler checks; all violations are listed at once
///
/// Crates may depend only on those that the edge table allows, and the tools that sign and verify never on Wasmtime;
/// every package comes from crates.io under an allowed licence, in one version, and tests build it with the features that
/// the tools build it with; no binary, no large file, no machine path, no unfinished code and no stray `unsafe` is in the
/// repository; every crate takes the workspace's lints.
/// Needs what `cargo build` needs, and no network after it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Something that a rule forbids.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Violation {
    /// The file to mend, with a line where there is one.
    pub(crate) place: String,
    /// What is wrong with it, and why that is a rule.
    pub(crate) what: String,
}

impl Violation {
    /// A violation at `place`.
    pub(crate) fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

pub(crate) fn run(workspace: &Workspace, _: &Args) -> Result<(), Error> {
    let graph = Graph::load(workspace)?;
    let tree = Tree::load(workspace)?;
    let tools = Features::load(workspace, "normal,build")?;
    let tests = Features::load(workspace, "normal,build,dev")?;
    let violations = [violations(&graph, &tree), features::check(&tools, &tests)].concat();
    report(violations, "mend each, or change the rule's table in `xtask/src/tidy/` and give the reason there")?;
    println!("tidy: {} packages and {} files follow the rules", graph.packages.len(), tree.files.len());
    Ok(())
}

/// Prints all violations; it is an error if there are any.
pub(crate) fn report(mut violations: Vec<Violation>, next: &str) -> Result<(), Error> {
    violations.sort();
    for violation in &violations {
        eprintln!("{violation}");
    }
    match violations.len() {
        0 => Ok(()),
        count => Err(Error::Violations { count, next: next.to_owned() }),
    }
}

fn violations(graph: &Graph, tree: &Tree) -> Vec<Violation> {
    [
        border::check(tree),
        edges::check(graph),
        reach::check(graph),
        licences::check(graph),
        sources::check(graph),
        doubles::check(graph),
        lints::check(graph, tree),
        files::check(tree),
    ]
    .concat()
}
