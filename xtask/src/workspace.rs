//! Where things lie: the root, the target folder, the tools.

use std::env;
use std::path::PathBuf;

use cargo_metadata::camino::Utf8PathBuf;
use cargo_metadata::{Metadata, MetadataCommand, TargetKind};

use crate::error::Error;

/// The workspace as cargo sees it, without its dependencies.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// The repository's root folder, absolute.
    pub(crate) root: Utf8PathBuf,
    /// Where the release profile puts its binaries, absolute.
    pub(crate) bin_dir: Utf8PathBuf,
    /// The packages whose binary is one of VAK's tools, sorted; package and binary have the same name.
    pub(crate) tools: Vec<String>,
}

impl Workspace {
    /// Asks cargo; works offline and from any folder, since cargo says where xtask lies.
    pub(crate) fn load() -> Result<Self, Error> {
        let metadata = metadata_command().no_deps().exec().map_err(|e| Error::Metadata(Box::new(e)))?;
        let bin_dir = metadata.target_directory.join("release");
        Ok(Self { bin_dir, tools: tools(&metadata), root: metadata.workspace_root })
    }

    /// The path of one tool's binary.
    pub(crate) fn tool(&self, name: &str) -> Utf8PathBuf {
        self.bin_dir.join(name)
    }

    /// Where the tools keep their files when xtask runs them: the caller's `VAK_HOME`, else a folder of the
    /// checkout, so that nothing is written outside of it.
    pub(crate) fn vak_home(&self) -> PathBuf {
        let named = env::var_os("VAK_HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
        named.unwrap_or_else(|| self.own_home().into())
    }

    /// The `VAK_HOME` of this checkout; git ignores it.
    pub(crate) fn own_home(&self) -> Utf8PathBuf {
        self.root.join(".vak")
    }
}

/// `cargo metadata` for this workspace.
pub(crate) fn metadata_command() -> MetadataCommand {
    let mut command = MetadataCommand::new();
    command.manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
    command
}

fn tools(metadata: &Metadata) -> Vec<String> {
    let mut tools: Vec<String> = metadata
        .workspace_packages()
        .into_iter()
        .flat_map(|package| &package.targets)
        .filter(|target| target.is_kind(TargetKind::Bin) && target.name.starts_with("vak-"))
        .map(|target| target.name.clone())
        .collect();
    tools.sort();
    tools
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_is_found_from_any_folder() {
        let workspace = Workspace::load().expect("cargo knows the workspace");
        assert!(workspace.root.join("xtask/Cargo.toml").is_file());
        assert!(workspace.bin_dir.is_absolute());
    }
}
