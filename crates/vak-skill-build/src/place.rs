//! Putting the artefact where it belongs: whole or not at all, and inside the skill's folder.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use vak_model::ModulePath;
use vak_package::{Artefact, Bounds, Package, read_file};

use crate::Error;
use crate::source::below;

/// Everybody may read an artefact; nobody executes it as it is.
const MODE: u32 = 0o644;

/// What putting it there changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// There is a new file, or a file with new contents.
    Written,
    /// The same artefact was there, unsigned, and still is.
    Unchanged,
    /// The same artefact was there with a signature on it, and still is.
    Signed,
}

/// Where the artefact goes.
#[derive(Debug)]
pub(crate) struct Destination(PathBuf);

impl Destination {
    /// The manifest's `module`, in the skill's folder. A symbolic link must not lead it elsewhere.
    pub(crate) fn in_skill(dir: &Path, module: &ModulePath) -> Result<Self, Error> {
        let path = below(dir, module.as_str());
        let real = |path: &Path| path.canonicalize().map_err(|source| Error::Write { path: path.to_owned(), source });
        let inside = dir.join(module.as_str());
        let existing = inside.ancestors().skip(1).find(|folder| folder.symlink_metadata().is_ok()).unwrap_or(dir);
        if real(existing)?.starts_with(real(dir)?) { Ok(Self(path)) } else { Err(Error::Escape(path)) }
    }

    /// A file that the caller named.
    pub(crate) fn file(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// The path, as the caller would write it.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes the artefact, unless the same is there already: a signature on it would be lost.
    pub(crate) fn put(&self, package: &Package) -> Result<Placed, Error> {
        if let Some(there) = self.read().filter(|there| there.id() == package.id()) {
            return Ok(there.signature().map_or(Placed::Unchanged, |_| Placed::Signed));
        }
        self.write(package.bytes()).map_err(|source| Error::Write { path: self.0.clone(), source })?;
        Ok(Placed::Written)
    }

    /// The artefact that is there, if one is.
    fn read(&self) -> Option<Package> {
        let is_file = self.0.symlink_metadata().is_ok_and(|meta| meta.is_file());
        let bounds = Bounds::default();
        let there = read_file(&self.0, bounds.file_bytes as u64).ok().filter(|_| is_file)?;
        Package::read(there, &bounds).ok()
    }

    /// The same folder's file that tells of the build of the artefact.
    pub(crate) fn record(&self) -> Self {
        let mut name = self.0.clone().into_os_string();
        name.push(".build.json");
        Self(name.into())
    }

    /// Writes a file whole or not at all.
    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let folder = self.0.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut file = tempfile::Builder::new().prefix(".vak-").tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().set_permissions(Permissions::from_mode(MODE))?;
        file.as_file().sync_all()?;
        file.persist(&self.0)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use vak_package::ManifestDocument;

    use super::*;

    const MANIFEST: &str = "name: x\nversion: 1.0.0\ndescription: x\nmodule: x.wasm\nexports: [{ name: execute }]\nlimits: { max_fuel: 1 }\n";

    /// `memory`, `vak_alloc` and `execute`, the latter two giving 0.
    const MODULE: &[u8] = b"\0asm\x01\0\0\0\
        \x01\x0c\x02\x60\x01\x7f\x01\x7f\x60\x02\x7f\x7f\x01\x7e\
        \x03\x03\x02\x00\x01\
        \x05\x03\x01\x00\x01\
        \x07\x20\x03\x06memory\x02\x00\x09vak_alloc\x00\x00\x07execute\x00\x01\
        \x0a\x0b\x02\x04\x00\x41\x00\x0b\x04\x00\x42\x00\x0b";

    fn package(manifest: &str) -> Package {
        let document = ManifestDocument::from_yaml(manifest).expect("a manifest");
        Package::pack(MODULE.to_vec(), &document, &Bounds::default()).expect("an artefact")
    }

    /// The artefact with a section in front that claims to be a signature.
    fn signed(package: &Package) -> Vec<u8> {
        let (header, rest) = package.bytes().split_at(8);
        [header, b"\x00\x0b\x09signature!", rest].concat()
    }

    #[test]
    fn the_same_artefact_is_left_alone_and_keeps_its_signature() {
        let folder = tempfile::tempdir().expect("a folder");
        let destination = Destination::file(&folder.path().join("x.wasm"));
        let one = package(MANIFEST);
        assert_eq!(destination.put(&one).expect("placed"), Placed::Written);
        assert_eq!(destination.put(&one).expect("placed"), Placed::Unchanged);
        fs::write(destination.path(), signed(&one)).expect("written");
        assert_eq!(destination.put(&one).expect("placed"), Placed::Signed);
        assert_eq!(fs::read(destination.path()).expect("readable"), signed(&one));
        let other = package(&MANIFEST.replace("max_fuel: 1", "max_fuel: 2"));
        assert_eq!(destination.put(&other).expect("placed"), Placed::Written);
        assert_eq!(fs::read(destination.path()).expect("readable"), other.bytes());
    }

    fn module(path: &str) -> ModulePath {
        path.to_owned().try_into().expect("a module path")
    }

    #[test]
    fn the_artefact_stays_inside_the_skill_s_folder() {
        let (skill, outside) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        symlink(outside.path(), skill.path().join("out")).expect("a link");
        symlink(skill.path().join("gone"), skill.path().join("dangling")).expect("a link");
        fs::create_dir(skill.path().join("real")).expect("a folder");
        symlink("real", skill.path().join("inner")).expect("a link");
        for (path, allowed) in [
            ("x.wasm", true),
            ("a/b/x.wasm", true),
            ("inner/x.wasm", true),
            ("out/x.wasm", false),
            ("out/a/x.wasm", false),
        ] {
            assert_eq!(Destination::in_skill(skill.path(), &module(path)).is_ok(), allowed, "{path}");
        }
        assert!(Destination::in_skill(skill.path(), &module("dangling/x.wasm")).is_err());
        assert_eq!(outside.path().read_dir().expect("readable").count(), 0);
    }

    #[test]
    fn a_link_in_the_place_of_the_artefact_is_replaced_and_not_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let (victim, link) = (folder.path().join("victim"), folder.path().join("x.wasm"));
        fs::write(&victim, "precious").expect("written");
        symlink(&victim, &link).expect("a link");
        Destination::file(&link).write(b"module").expect("written");
        assert_eq!(fs::read(&victim).expect("readable"), b"precious");
        assert_eq!(fs::read(&link).expect("readable"), b"module");
        assert_eq!(link.symlink_metadata().expect("there").permissions().mode() & 0o777, MODE);
    }

    #[test]
    fn folders_are_made_and_nothing_else_is_left_behind() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a/b/x.wasm");
        Destination::file(&path).write(b"module").expect("written");
        assert_eq!(path.parent().expect("a folder").read_dir().expect("readable").count(), 1);
    }
}
