//! What CI runs, in order.

mod readme;

use clap::builder::PossibleValuesParser;
use vak_toolchain::TARGET;

use crate::error::Error;
use crate::process::Task;
use crate::steps::Steps;
use crate::workspace::Workspace;
use crate::{docs, install, mutants, setup, test, threats, tidy, tools};

/// Run everything that CI runs, and stop at the first step that fails
///
/// The last step demands that all is committed and that nothing but ignored files was written, so run it on a clean
/// checkout.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Begin at this step, after those before it have passed
    #[arg(long, value_name = "STEP", value_parser = PossibleValuesParser::new(STEPS.iter().map(|(name, _)| name)))]
    from: Option<String>,
}

type Act = fn(&Workspace) -> Result<(), Error>;

/// The cheap ones first.
const STEPS: &[(&str, Act)] = &[
    ("setup", setup::everything),
    ("format", format),
    ("tidy", |workspace| tidy::run(workspace, &tidy::Args {})),
    ("threats", threats::verify),
    ("clippy", clippy),
    ("rustdoc", rustdoc),
    ("tools", tools::build),
    ("docs", docs::verify),
    ("test", test::all),
    ("install", install::verify),
    ("mutants", mutants::all),
    ("specification", specification),
    ("readme", readme::run),
    ("clean", clean),
];

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<(), Error> {
    let first = STEPS.iter().position(|(name, _)| Some(*name) == args.from.as_deref()).unwrap_or(0);
    let mut steps = Steps::new(STEPS.len() - first, |step| format!("cargo xtask ci --from {step}"));
    let result = STEPS[first..].iter().try_for_each(|(name, act)| steps.step(name, || act(workspace)));
    eprint!("\n{}", steps.summary());
    result?;
    println!("ci: all steps passed");
    Ok(())
}

fn format(workspace: &Workspace) -> Result<(), Error> {
    Task::cargo(workspace).args(["fmt", "--all", "--check"]).next("run `cargo fmt --all`").run()
}

fn clippy(workspace: &Workspace) -> Result<(), Error> {
    let what = ["clippy", "--release", "--workspace", "--all-targets", "--", "-D", "warnings"];
    Task::cargo(workspace).args(what).next("mend the warnings above").run()
}

fn rustdoc(workspace: &Workspace) -> Result<(), Error> {
    let what = ["doc", "--release", "--workspace", "--no-deps"];
    Task::cargo(workspace).args(what).env("RUSTDOCFLAGS", "-D warnings").next("mend the warnings above").run()
}

/// The commands that the specification names and no other step runs, in the profile that is compiled already.
fn specification(workspace: &Workspace) -> Result<(), Error> {
    Task::cargo(workspace).args(["test", "--release", "--package", "vak", "--lib", "sandbox"]).run()?;
    if !has_target(workspace) {
        eprintln!("the build for {TARGET} by cargo alone is skipped: the default toolchain lacks that target;");
        eprintln!("the skills were built with the toolchain that `setup` found");
        return Ok(());
    }
    Task::cargo(workspace).args(["build", "--target", TARGET, "--release", "-p", "calculator-skill"]).run()
}

fn has_target(workspace: &Workspace) -> bool {
    let libraries = Task::program(workspace, "rustc").args(["--print", "target-libdir", "--target", TARGET]).stdout();
    libraries.is_ok_and(|path| std::path::Path::new(String::from_utf8_lossy(&path).trim()).is_dir())
}

/// What is committed is all there is, and no step changed it.
fn clean(workspace: &Workspace) -> Result<(), Error> {
    let next =
        "commit the files above if you changed them; a step that writes files which git does not ignore is a bug";
    Task::program(workspace, "git").args(["--no-pager", "diff", "--exit-code"]).next(next).run()?;
    let left = Task::program(workspace, "git").args(["status", "--porcelain"]).stdout()?;
    let left = String::from_utf8_lossy(&left).into_owned();
    left.lines().for_each(|line| eprintln!("{line}"));
    match left.lines().count() {
        0 => Ok(()),
        count => Err(Error::Violations { count, next: next.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_step_has_a_name_of_its_own_and_the_clean_checkout_is_looked_at_last() {
        let names: HashSet<&str> = STEPS.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), STEPS.len());
        assert_eq!(STEPS.last().map(|(name, _)| *name), Some("clean"));
    }
}
