//! Guides that are followed word by word: every block of a page is done, in order, as a reader would.
//!
//! | block | what is done |
//! |---|---|
//! | ` ```sh ` | run in a shell, from the folder where the block before left; it must succeed |
//! | ` ```sh exit=1 ` | the same, with that exit code |
//! | ` ```sh needs=openssl ` | the same as the first, where that command is installed |
//! | ` ```text ` | what the block before must print on a terminal; `[..]` stands for anything, a line `[...]` for any lines |
//! | ` ```rust src/lib.rs ` | written to that file, whatever the language |
//!
//! Any other block is refused: what a reader sees and nobody tries grows wrong.

use std::fs;
use std::path::Path;

use crate::compare::matches_in_parts;
use crate::run::Suite;

/// One block of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Block {
    /// A script and the exit code that it must have.
    Run { script: String, exit: i32 },
    /// A script that is for those who have that command.
    Optional { script: String, needs: String },
    /// What the script before it prints.
    Prints(String),
    /// A file and its contents.
    File { path: String, contents: String },
}

/// A page: its blocks, each with the lines that it has in the page, the fences aside.
type Blocks = Vec<(Block, std::ops::Range<usize>)>;

impl Suite {
    /// Follows a guide, in an empty folder below `scratch`, with the tools of this suite.
    ///
    /// # Panics
    /// The page has a block of no known kind, or a block does not do what the page says; the message shows both. With
    /// `BLESS=1` in the environment, what commands print is written into the page instead.
    pub fn follow(&self, scratch: &Path, page: &Path) {
        let text = fs::read_to_string(page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
        let mut place = self.empty_place(scratch);
        let mut printed = None;
        let mut lines: Vec<&str> = text.lines().collect();
        let mut blessed = Vec::new();
        for (block, range) in blocks(&text) {
            match block {
                Block::File { path, contents } => place.write(&path, &contents),
                Block::Run { script, exit } => {
                    let (code, output) = place.run(&script);
                    assert_eq!(code, exit, "{}: exit code of\n{script}{output}", page.display());
                    printed = Some(output);
                }
                Block::Optional { script, needs } => {
                    let (code, output) = place.run(&format!("command -v {needs} > /dev/null || exit 0\n{script}"));
                    assert_eq!(code, 0, "{}: exit code of\n{script}{output}", page.display());
                }
                Block::Prints(expected) => {
                    let output = printed.take().expect("a `text` block comes after an `sh` block");
                    if !matches_in_parts(&expected, &output) {
                        blessed.push((range, output, expected));
                    }
                }
            }
        }
        if std::env::var_os("BLESS").is_some() {
            for (range, text, _) in blessed.iter().rev() {
                lines.splice(range.clone(), text.lines());
            }
            fs::write(page, lines.join("\n") + "\n").expect("a writable page");
        } else if let Some((_, got, expected)) = blessed.first() {
            panic!("{} says\n{expected}--- and what is printed is\n{got}", page.display());
        }
    }
}

/// The blocks of a page.
fn blocks(page: &str) -> Blocks {
    let mut blocks = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((opened, line)) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let first = opened + 1;
        let body: Vec<&str> = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
        let range = first..first + body.len();
        let body: String = body.into_iter().flat_map(|line| [line, "\n"]).collect();
        blocks.push((Block::of(info, body), range));
    }
    blocks
}

impl Block {
    fn of(info: &str, body: String) -> Self {
        match info.split_once(' ') {
            None if info == "sh" => Self::Run { script: body, exit: 0 },
            None if info == "text" => Self::Prints(body),
            Some(("sh", word)) => match word.split_once('=') {
                Some(("exit", code)) => Self::Run { script: body, exit: code.parse().expect("an exit code") },
                Some(("needs", command)) => Self::Optional { script: body, needs: command.to_owned() },
                _ => panic!("```{info} is no block that can be followed"),
            },
            Some((_, path)) => Self::File { path: path.to_owned(), contents: body },
            None => panic!("```{info} is no block that can be followed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# A page\n```sh\nls\n```\nprints\n```text\na\nb\n```\n```sh exit=3\nexit 3\n```\n```sh needs=cc\ncc x.c\n```\n```rust src/lib.rs\n//! x\n```\n";

    #[test]
    fn every_block_has_a_meaning() {
        let blocks = blocks(PAGE);
        let kinds: Vec<_> = blocks.iter().map(|(block, _)| block.clone()).collect();
        assert_eq!(
            kinds,
            [
                Block::Run { script: "ls\n".to_owned(), exit: 0 },
                Block::Prints("a\nb\n".to_owned()),
                Block::Run { script: "exit 3\n".to_owned(), exit: 3 },
                Block::Optional { script: "cc x.c\n".to_owned(), needs: "cc".to_owned() },
                Block::File { path: "src/lib.rs".to_owned(), contents: "//! x\n".to_owned() },
            ]
        );
        let lines: Vec<_> = PAGE.lines().collect();
        assert_eq!(lines[blocks[1].1.clone()], ["a", "b"]);
    }

    #[test]
    #[should_panic(expected = "no block that can be followed")]
    fn a_block_that_nobody_tries_is_refused() {
        let _ = blocks("```console\n$ ls\n```\n");
    }
}
