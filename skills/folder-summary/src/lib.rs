//! Counts what is in a folder.

use serde::{Deserialize, Serialize};
use vak_guest::fs::{self, Kind};
use vak_guest::{Error, HostError};

/// How much of a file is in memory at a time, in bytes.
const PIECE: usize = 64 * 1024;

/// How many files and folders are looked at: each costs host calls, of which a run has 10,000.
const MOST: u64 = 5000;

/// Where to look: `{"folder":"notes"}`.
#[derive(Deserialize)]
struct Input {
    folder: String,
}

/// What is there.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Summary {
    files: u64,
    /// Those below the folder.
    folders: u64,
    /// Links, and what can't be read.
    skipped: u64,
    bytes: u64,
    lines: u64,
}

vak_guest::export!(execute);

fn execute(Input { folder }: Input) -> Result<Summary, Error> {
    let mut summary = Summary::default();
    let mut piece = vec![0; PIECE];
    let mut waiting = vec![folder];
    while let Some(folder) = waiting.pop() {
        for entry in fs::list(&folder)? {
            let path = if folder == "." { entry.name } else { format!("{folder}/{}", entry.name) };
            match entry.kind {
                Kind::File => summary.add_file(&path, &mut piece)?,
                Kind::Folder => {
                    summary.folders += 1;
                    waiting.push(path);
                }
                Kind::Link | Kind::Other => summary.skipped += 1,
            }
            if summary.files + summary.folders > MOST {
                return Err(format_args!("more than {MOST} files and folders").into());
            }
        }
    }
    Ok(summary)
}

impl Summary {
    fn add_file(&mut self, path: &str, piece: &mut [u8]) -> Result<(), HostError> {
        self.files += 1;
        let (mut offset, mut last) = (0, b'\n');
        loop {
            let len = fs::read_part(path, offset, piece)?;
            let read = piece.get(..len).unwrap_or_default();
            self.bytes += read.len() as u64;
            self.lines += read.iter().filter(|byte| **byte == b'\n').count() as u64;
            last = read.last().copied().unwrap_or(last);
            offset += len as u64;
            if len < PIECE {
                // What stands behind the last line break is a line too.
                self.lines += u64::from(last != b'\n');
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use vak_guest::mock::Host;

    use super::*;

    fn summary(host: &mut Host, folder: &str) -> Result<Summary, String> {
        let input = Input { folder: folder.to_owned() };
        host.run(|| execute(input)).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn all_below_the_folder_is_counted_and_nothing_beside_it() {
        let mut host = Host::new()
            .file("notes/a.txt", "one\ntwo\n")
            .file("notes/deep/er/b.txt", "three, without an end")
            .file("notes/empty", "")
            .file("notes2/c.txt", "of another folder\n");
        let expected = Summary { files: 3, folders: 2, skipped: 0, bytes: 29, lines: 3 };
        assert_eq!(summary(&mut host, "notes"), Ok(expected));
        let all = summary(&mut host, ".").expect("the top");
        assert_eq!((all.files, all.folders, all.lines), (4, 4, 4));
    }

    #[test]
    fn a_file_of_many_pieces_is_counted_whole() {
        for len in [PIECE - 1, PIECE, PIECE + 1, 5 * PIECE] {
            let mut host = Host::new().file("a/b", "x\n".repeat(len / 2 + 1).get(..len).expect("ASCII"));
            let counted = summary(&mut host, "a").expect("counted");
            assert_eq!((counted.bytes, counted.lines), (len as u64, len.div_ceil(2) as u64), "{len}");
        }
    }

    #[test]
    fn what_the_host_refuses_is_the_skill_s_own_error() {
        let mut host = Host::new().file("notes/a.txt", "");
        assert!(summary(&mut host, "other").expect_err("not there").starts_with("fs.not_found: "));
        assert!(summary(&mut host, "../notes").expect_err("no path").starts_with("path.invalid: "));
        let mut closed = Host::new().file("notes/a.txt", "").deny("fs.read");
        assert!(summary(&mut closed, "notes").expect_err("denied").starts_with("policy.ungranted: "));
    }

    #[test]
    fn a_folder_with_too_much_in_it_is_refused() {
        let mut host = (0..=MOST).fold(Host::new(), |host, i| host.file(&format!("a/{i}"), ""));
        assert_eq!(summary(&mut host, "a"), Err("more than 5000 files and folders".to_owned()));
    }
}
