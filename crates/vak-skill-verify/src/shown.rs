//! How reports write paths.
//!
//! People read the paths that they typed. A report for machines says the same wherever it is made: its paths begin at the
//! root of the repository around what is looked at, or at the folder around all of it, and never at the root of the machine.

use std::path::{Component, Path, PathBuf};

/// Where shown paths begin.
#[derive(Clone, Debug)]
pub struct Shown(Option<PathBuf>);

impl Shown {
    /// Paths as they were typed.
    #[must_use]
    pub const fn as_typed() -> Self {
        Self(None)
    }

    /// Paths from the repository, or else from the folder, that holds everything at `paths`.
    #[must_use]
    pub fn from_around(paths: &[PathBuf]) -> Self {
        let mut folders = paths.iter().map(|path| parent(&absolute(path)));
        let first = folders.next().unwrap_or_default();
        let common = folders.fold(first, |common, folder| shared(&common, &folder));
        let repository = common.ancestors().find(|folder| folder.join(".git").symlink_metadata().is_ok());
        Self(Some(repository.map_or_else(|| common.clone(), Path::to_owned)))
    }

    /// The path as it is shown.
    #[must_use]
    pub fn path(&self, path: &Path) -> String {
        let Some(base) = &self.0 else { return path.display().to_string() };
        let path = absolute(path);
        let common = shared(base, &path);
        let above = base.components().skip(common.components().count()).map(|_| "..".to_owned());
        let below = path.components().skip(common.components().count());
        let parts: Vec<_> = above.chain(below.map(|part| part.as_os_str().to_string_lossy().into_owned())).collect();
        if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
    }
}

/// The path from the root, through no link but perhaps its own last part, as far as it exists.
pub(crate) fn absolute(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    match (whole.parent(), whole.components().next_back()) {
        (Some(folder), Some(Component::Normal(name))) => {
            folder.canonicalize().unwrap_or_else(|_| absolute(folder)).join(name)
        }
        _ => whole.canonicalize().unwrap_or(whole),
    }
}

fn parent(path: &Path) -> PathBuf {
    path.parent().unwrap_or(path).to_owned()
}

/// The deepest folder around both.
fn shared(one: &Path, other: &Path) -> PathBuf {
    one.components().zip(other.components()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn paths_begin_at_the_folder_around_all_or_at_the_repository() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |path: &str| folder.path().join(path);
        fs::create_dir_all(at("a/b/c")).expect("folders");
        let shown = |paths: &[&str], path: &str| {
            let paths: Vec<_> = paths.iter().map(|path| at(path)).collect();
            Shown::from_around(&paths).path(&at(path))
        };
        assert_eq!(shown(&["a/b/c"], "a/b/c/x.wasm"), "c/x.wasm");
        assert_eq!(shown(&["a/b/../b/c/"], "a/b/c"), "c");
        assert_eq!(shown(&["a/b/c", "a/x"], "a/b/c"), "b/c");
        assert_eq!(shown(&["a/b/c"], "a/x/missing/y"), "../x/missing/y");
        assert_eq!(shown(&["a/b/c"], "a/b"), ".");
        fs::create_dir(at("a/.git")).expect("a folder");
        assert_eq!(shown(&["a/b/c"], "a/b/c/x.wasm"), "b/c/x.wasm");
        assert_eq!(Shown::as_typed().path(Path::new("./x//y")), "./x//y");
    }
}
