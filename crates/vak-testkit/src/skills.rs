//! The repository's skills as cases find them: whole, and signed by nobody, whoever has signed them in the checkout.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

/// Where a skill's artefact is built, below its folder.
const BUILT: &str = "target/wasm32-unknown-unknown/release";

/// The name of the section that is left out.
const SIGNATURE: &[u8] = b"signature";

/// Makes `to` look like the folder of skills `from`. Nothing that is written there reaches the checkout, but for the source
/// code, which is linked.
pub(crate) fn mirror(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for (name, path) in entries(from) {
        if path.join("skill.yaml").is_file() {
            mirror_skill(&path, &to.join(name));
        } else if path.is_dir() {
            mirror(&path, &to.join(name));
        }
    }
}

fn mirror_skill(from: &Path, to: &Path) {
    fs::create_dir(to).expect("a folder");
    for (name, path) in entries(from) {
        match name.as_str() {
            "target" => mirror_built(&path.join("wasm32-unknown-unknown/release"), &to.join(BUILT)),
            "skill.yaml" => drop(fs::copy(&path, to.join(name)).expect("a copy")),
            _ => symlink(&path, to.join(name)).expect("a link"),
        }
    }
}

/// Artefacts, and the records of their builds.
fn mirror_built(from: &Path, to: &Path) {
    if !from.is_dir() {
        return;
    }
    fs::create_dir_all(to).expect("a folder");
    for (name, path) in entries(from).filter(|(name, _)| name.ends_with(".wasm") || name.ends_with(".build.json")) {
        fs::write(to.join(name), unsigned(fs::read(&path).expect("readable"))).expect("written");
    }
}

fn entries(folder: &Path) -> impl Iterator<Item = (String, std::path::PathBuf)> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| {
        let path = entry.expect("readable").path();
        (path.file_name().expect("a name").to_string_lossy().into_owned(), path)
    })
}

/// The module without the signature that may be its first section; anything else as it is.
fn unsigned(module: Vec<u8>) -> Vec<u8> {
    let Some((header, [0, rest @ ..])) = module.split_at_checked(8) else { return module };
    let Some((size, contents)) = number(rest) else { return module };
    let is_signature = number(contents).is_some_and(|(_, name)| name.starts_with(SIGNATURE));
    match contents.get(size..) {
        Some(after) if is_signature && header.starts_with(b"\0asm") => [header, after].concat(),
        _ => module,
    }
}

/// An unsigned LEB128, and what comes after it.
fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut number = 0;
    for (i, byte) in bytes.iter().take(5).enumerate() {
        number |= usize::from(byte & 0x7f) << (7 * i);
        if *byte < 0x80 {
            return Some((number, &bytes[i + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &[u8] = b"\0asm\x01\0\0\0";

    #[test]
    fn a_signature_is_left_out_and_nothing_else() {
        let section = [&[0, 0x8b, 0x00, 9], SIGNATURE, b"!"].concat();
        let other = b"\x00\x06\x05other";
        assert_eq!(unsigned([HEADER, &section, other].concat()), [HEADER, other].concat());
        for same in [&b""[..], b"text", &[HEADER, other].concat(), HEADER, &[HEADER, &section[..3]].concat()] {
            assert_eq!(unsigned(same.to_vec()), same);
        }
    }

    #[test]
    fn what_is_written_in_the_mirror_does_not_reach_the_checkout() {
        let (from, to) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let built = from.path().join("hostile/loop").join(BUILT);
        fs::create_dir_all(&built).expect("a folder");
        fs::write(built.join("loop.wasm"), [HEADER, b"\x00\x0b\x09signature!"].concat()).expect("written");
        fs::write(from.path().join("hostile/loop/skill.yaml"), "name: loop").expect("written");
        let mirrored = to.path().join("skills");
        mirror(from.path(), &mirrored);
        let skill = mirrored.join("hostile/loop");
        assert_eq!(fs::read(skill.join(BUILT).join("loop.wasm")).expect("there"), HEADER);
        fs::write(skill.join("skill.yaml"), "changed").expect("written");
        assert_eq!(fs::read(from.path().join("hostile/loop/skill.yaml")).expect("there"), b"name: loop");
    }
}
