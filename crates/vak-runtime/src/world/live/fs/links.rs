//! Where a path leads through links within its folder: what may not be reached by its own name is not reached by another's.

use std::path::{Path, PathBuf};

use cap_std::fs::Dir;
use vak_model::GuestPath;

use super::{Folders, Place};
use crate::gate::Judge;
use crate::world::WorldError;

/// Whether an effect is about what the last part of a path leads to, or about that part itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Last {
    /// A link there is followed.
    Followed,
    /// A link there is what is meant.
    Itself,
}

impl Folders {
    /// Asks once more where a path leads through a link. Most lead through none, and nothing is asked.
    ///
    /// Who can change the folder at the same time can lead elsewhere in it after this look, and never out of it.
    pub(in super::super) fn follow(&self, path: &GuestPath, last: Last, judge: &Judge) -> Result<(), WorldError> {
        let Ok(Place::In(dir, rest)) = self.find(path) else { return Ok(()) };
        if !leads_elsewhere(dir, rest.as_str(), last) {
            return Ok(());
        }
        // What leads nowhere, or out of the folder, is refused where it is opened.
        let Some(real) = behind(dir, rest.as_str(), last) else { return Ok(()) };
        match self.name_in(dir, &real) {
            Some(there) if judge.allows_at(there.clone()) => Ok(()),
            _ => Err(WorldError::Escapes),
        }
    }

    /// What guests call a place in one of the folders; nothing for a name that none could write.
    fn name_in(&self, dir: &Dir, real: &Path) -> Option<GuestPath> {
        let (name, _) = self.folders.iter().find(|(_, other)| std::ptr::eq(other, dir))?;
        let below = real.to_str()?;
        let whole = match (name.is_top(), below) {
            (_, "" | ".") => name.as_str().to_owned(),
            (true, below) => below.to_owned(),
            (false, below) => format!("{name}/{below}"),
        };
        GuestPath::try_from(whole.as_str()).ok()
    }
}

/// Whether a part of the path is a link that would be followed.
fn leads_elsewhere(dir: &Dir, path: &str, last: Last) -> bool {
    let is_link = |end: usize| dir.symlink_metadata(&path[..end]).is_ok_and(|metadata| metadata.is_symlink());
    ends(path).any(|end| (end < path.len() || last == Last::Followed) && is_link(end))
}

/// Where the path leads: the part of it that is there, without its links, and the rest as it is.
fn behind(dir: &Dir, path: &str, last: Last) -> Option<PathBuf> {
    let mut there: Vec<usize> = ends(path).filter(|end| *end < path.len() || last == Last::Followed).collect();
    there.reverse();
    there.into_iter().find_map(|end| {
        let real = dir.canonicalize(&path[..end]).ok()?;
        let rest = path[end..].trim_start_matches('/');
        Some(if rest.is_empty() { real } else { real.join(rest) })
    })
}

/// Where the parts of a path end.
fn ends(path: &str) -> impl Iterator<Item = usize> {
    path.match_indices('/').map(|(end, _)| end).chain([path.len()])
}
