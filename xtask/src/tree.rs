//! The repository's files, as git sees them.

use std::fs;
use std::io::ErrorKind;

use crate::error::Error;
use crate::process::Task;
use crate::workspace::Workspace;

/// How many bytes are looked at to tell text from binary.
const SNIFFED: usize = 8 * 1024;

/// Every file that git tracks, or would track after `git add --all`.
#[derive(Debug)]
pub(crate) struct Tree {
    /// The files, sorted by path.
    pub(crate) files: Vec<File>,
}

/// One file and what is in it.
#[derive(Debug)]
pub(crate) struct File {
    /// Relative to the root, with `/`.
    pub(crate) path: String,
    /// Its content.
    pub(crate) bytes: Vec<u8>,
}

impl Tree {
    /// Reads all of them; what is not a regular file is left out.
    pub(crate) fn load(workspace: &Workspace) -> Result<Self, Error> {
        let listed = Task::program(workspace, "git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .next("run this in a git checkout")
            .stdout()?;
        let mut files = Vec::new();
        for path in String::from_utf8_lossy(&listed).split_terminator('\0') {
            let full = workspace.root.join(path);
            match fs::symlink_metadata(&full).map(|found| found.is_file()) {
                Ok(true) => files.push(File::read(workspace, path)?),
                Ok(false) => {}
                Err(source) if source.kind() == ErrorKind::NotFound => {} // deleted, not yet committed
                Err(source) => return Err(Error::File { doing: "reading", path: full.into(), source }),
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|a, b| a.path == b.path);
        Ok(Self { files })
    }

    /// The files whose name ends with `.rs`, with their text.
    pub(crate) fn rust(&self) -> impl Iterator<Item = (&str, &str)> {
        let rust = self.files.iter().filter(|file| file.path.ends_with(".rs"));
        rust.filter_map(|file| Some((file.path.as_str(), file.text()?)))
    }

    /// Whether a file of that path is there.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.files.iter().any(|file| file.path == path)
    }
}

impl File {
    fn read(workspace: &Workspace, path: &str) -> Result<Self, Error> {
        let full = workspace.root.join(path);
        let bytes = fs::read(&full).map_err(|source| Error::File { doing: "reading", path: full.into(), source })?;
        Ok(Self { path: path.to_owned(), bytes })
    }

    /// The content, if it is text: UTF-8 without a NUL near its start.
    pub(crate) fn text(&self) -> Option<&str> {
        let start = &self.bytes[..self.bytes.len().min(SNIFFED)];
        if start.contains(&0) { None } else { std::str::from_utf8(&self.bytes).ok() }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A tree that lies nowhere.
    pub(crate) fn tree(files: &[(&str, &str)]) -> Tree {
        let file = |(path, text): &(&str, &str)| File { path: (*path).to_owned(), bytes: text.as_bytes().to_vec() };
        Tree { files: files.iter().map(file).collect() }
    }

    #[test]
    fn a_nul_or_broken_utf8_makes_a_file_binary() {
        let file = |bytes: &[u8]| File { path: "x".to_owned(), bytes: bytes.to_vec() };
        assert_eq!(file("grün".as_bytes()).text(), Some("grün"));
        assert_eq!(file(b"a\0b").text(), None);
        assert_eq!(file(b"\xff\xfe").text(), None);
    }

    #[test]
    fn this_repository_holds_this_file() {
        let workspace = Workspace::load().expect("cargo knows the workspace");
        let tree = Tree::load(&workspace).expect("git lists the files");
        assert!(tree.has("xtask/src/tree.rs"));
        assert!(!tree.files.iter().any(|file| file.path.starts_with("target/")));
    }
}
