//! What the compiler is told for a skill, besides what it is told for all that goes into a module.

use std::ffi::{OsStr, OsString};
use std::path::Path;

/// One page of memory for the stack, in the place of Rust's 1 MiB: the manifest's memory is for the skill's data.
const STACK: &str = "-Clink-arg=-zstack-size=65536";

/// The flags for a skill, from those for the standard library: the same for every skill, so that the crates that many
/// need do for all. What differs, the folder, is told the compiler by other means.
pub(crate) fn for_skill(standard: Vec<OsString>, sysroot: Option<&Path>) -> Vec<OsString> {
    let named = |folder: &Path| [OsStr::new("--sysroot="), folder.as_os_str()].into_iter().collect();
    [STACK.into()].into_iter().chain(standard).chain(sysroot.map(named)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skill_has_a_small_stack_and_the_standard_library_that_was_built_for_it() {
        let flags = for_skill(vec!["--remap-path-prefix=/a=/b".into()], Some(Path::new("/cache/sys")));
        assert_eq!(flags, ["-Clink-arg=-zstack-size=65536", "--remap-path-prefix=/a=/b", "--sysroot=/cache/sys"]);
        assert_eq!(for_skill(Vec::new(), None).len(), 1);
    }
}
