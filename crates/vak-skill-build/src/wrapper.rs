//! What stands before the compiler, so that cargo can't tell by its flags which project it builds.
//!
//! A module must not name the folder that it was built in, so the compiler is told to write something else in its place.
//! As a flag of cargo's that would be another flag for each project, and no crate that was compiled for one would do for
//! another. So a script adds it where cargo calls the compiler. It is the same for all projects, and none can have what
//! was compiled for another and get another module than by compiling it: the folders stand in neither.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// By what the script is told the workspace's folder, which becomes `.`.
const ROOT: &str = "VAK_BUILD_ROOT";

/// By what it is told the folder of what is built, which becomes `/build`: generated source lies there.
const TARGET_DIR: &str = "VAK_BUILD_TARGET";

/// Of several prefixes that fit, the compiler takes the last: what the flags say of the registry comes behind these.
const SCRIPT: &str = "\
#!/bin/sh
# Cargo calls this in the place of the compiler, whose path comes first.
rustc=$1
shift
exec \"$rustc\" \"--remap-path-prefix=$VAK_BUILD_ROOT=.\" \"--remap-path-prefix=$VAK_BUILD_TARGET=/build\" \"$@\"
";

/// Makes `cargo` call the compiler through the script, which is put into the target folder.
pub(crate) fn wrap(cargo: &mut Command, root: &Path, target_dir: &Path) -> io::Result<()> {
    let script = place(target_dir)?;
    cargo.env("RUSTC_WRAPPER", script).env(ROOT, root).env(TARGET_DIR, target_dir);
    Ok(())
}

/// The script; whole, since it is renamed to where it belongs.
fn place(target_dir: &Path) -> io::Result<PathBuf> {
    let path = target_dir.join(".vak-rustc");
    if fs::read(&path).is_ok_and(|there| there == SCRIPT.as_bytes()) {
        return Ok(path);
    }
    fs::create_dir_all(target_dir)?;
    let mut file = tempfile::NamedTempFile::new_in(target_dir)?;
    file.write_all(SCRIPT.as_bytes())?;
    file.as_file().set_permissions(fs::Permissions::from_mode(0o755))?;
    // Closed before it is renamed: what is open for writing can't be run.
    file.into_temp_path().persist(&path)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn the_compiler_is_told_the_folders_before_everything_else() {
        let target = tempfile::Builder::new().prefix("it's a \"folder\" ").tempdir().expect("a folder");
        let mut cargo = Command::new("cargo");
        wrap(&mut cargo, Path::new("/my skills"), target.path()).expect("written");
        let set = |name: &str| cargo.get_envs().find(|(key, _)| *key == OsStr::new(name)).and_then(|(_, value)| value);
        let mut compiler = Command::new(set("RUSTC_WRAPPER").expect("set"));
        for name in [ROOT, TARGET_DIR] {
            compiler.env(name, set(name).expect("set"));
        }
        let said = compiler.args(["/bin/echo", "-", "a  b"]).output().expect("it runs");
        let target = target.path().display();
        let expected = format!("--remap-path-prefix=/my skills=. --remap-path-prefix={target}=/build - a  b\n");
        assert_eq!(String::from_utf8_lossy(&said.stdout), expected);
    }

    #[test]
    fn the_script_is_whole_whatever_lay_there() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(".vak-rustc"), "#!/bin/sh\nexit").expect("written");
        let path = place(folder.path()).expect("written");
        assert_eq!(fs::read_to_string(&path).expect("readable"), SCRIPT);
        assert_eq!(folder.path().read_dir().expect("readable").count(), 1);
    }
}
