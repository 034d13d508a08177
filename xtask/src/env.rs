//! The shell's view of this checkout.

use crate::error::Error;
use crate::shell::quote;
use crate::workspace::Workspace;

/// Print shell lines that put the tools on the PATH: `eval "$(cargo xtask env)"`
///
/// The tools then keep their files in `.vak/` of this checkout. Nothing but the lines is on stdout.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(workspace: &Workspace, _: &Args) -> Result<(), Error> {
    print!("{}", lines(workspace.bin_dir.as_str(), workspace.own_home().as_str()));
    Ok(())
}

fn lines(bin_dir: &str, home: &str) -> String {
    format!("export PATH={}:\"$PATH\"\nexport VAK_HOME={}\n", quote(bin_dir), quote(home))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_shell_that_evaluates_the_lines_has_both_variables_whatever_the_folder_is_called() {
        let lines = lines("/it's a $HOME/release", "/it's a $HOME/.vak");
        let script = format!("PATH=/bin\n{lines}printf '%s\\n%s' \"$PATH\" \"$VAK_HOME\"");
        let output = Command::new("/bin/sh").args(["-c", &script]).output().expect("sh runs");
        let expected = "/it's a $HOME/release:/bin\n/it's a $HOME/.vak";
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    }
}
