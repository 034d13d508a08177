//! The commands of the README, run as a reader would.

use std::fs;

use crate::error::Error;
use crate::process::Task;
use crate::workspace::Workspace;

/// The info string of a block that CI runs.
const MARK: &str = "sh ci";

/// Runs every block of README.md that is marked `sh ci`, each in a shell of its own that stops at the first failure.
pub(super) fn run(workspace: &Workspace) -> Result<(), Error> {
    let path = workspace.root.join("README.md");
    let page =
        fs::read_to_string(&path).map_err(|source| Error::File { doing: "reading", path: path.into(), source })?;
    let next = format!("mark the commands that must work with ```{MARK}");
    let blocks = blocks(&page).map_err(|what| Error::Unknown(format!("README.md {what}"), next.clone()))?;
    if blocks.is_empty() {
        return Err(Error::Unknown("README.md has no commands that CI could run".to_owned(), next));
    }
    blocks.iter().try_for_each(|block| {
        eprintln!("README.md:{}", block.line);
        Task::program(workspace, "bash").args(["-euo", "pipefail", "-c", &block.script]).run()
    })
}

/// A marked block.
#[derive(Debug, PartialEq, Eq)]
struct Block {
    /// The line of its first command, from 1.
    line: usize,
    /// Its text.
    script: String,
}

/// The blocks with the mark, in order; a fence that is never closed is an error.
fn blocks(page: &str) -> Result<Vec<Block>, String> {
    let mut blocks = Vec::new();
    let mut lines = (1..).zip(page.lines());
    while let Some((line, text)) = lines.next() {
        let Some((ticks, info)) = fence(text) else { continue };
        let mut script = String::new();
        loop {
            match lines.next() {
                None => return Err(format!("opens a block in line {line} and never closes it")),
                Some((_, text)) if closes(text, ticks) => break,
                Some((_, text)) => script.extend([text, "\n"]),
            }
        }
        if info == MARK {
            blocks.push(Block { line: line + 1, script });
        }
    }
    Ok(blocks)
}

/// The number of backticks and the info string of a line that opens a block.
fn fence(line: &str) -> Option<(usize, &str)> {
    let line = line.trim_start();
    let info = line.trim_start_matches('`');
    let ticks = line.len() - info.len();
    (ticks >= 3 && !info.contains('`')).then_some((ticks, info.trim()))
}

fn closes(line: &str, ticks: usize) -> bool {
    fence(line).is_some_and(|(found, info)| found >= ticks && info.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_marked_blocks_are_taken_whole_and_in_order() {
        let page = "# VAK\n```sh ci\none\ntwo\n```\ntext\n```sh\nnot this\n```\n```console ci\nnor this\n```\n```sh ci\n\nx\n```";
        let block = |line, script: &str| Block { line, script: script.to_owned() };
        assert_eq!(blocks(page), Ok(vec![block(3, "one\ntwo\n"), block(14, "\nx\n")]));
    }

    #[test]
    fn a_block_inside_a_longer_fence_is_text() {
        assert_eq!(blocks("````md\n```sh ci\nrm x\n```\n````\n"), Ok(vec![]));
    }

    #[test]
    fn a_fence_that_is_never_closed_is_an_error() {
        assert_eq!(blocks("text\n```sh ci\none\n"), Err("opens a block in line 2 and never closes it".to_owned()));
    }

    #[test]
    fn code_between_backticks_in_a_line_opens_nothing() {
        assert_eq!(blocks("```sh ci``` is the mark\n"), Ok(vec![]));
    }
}
