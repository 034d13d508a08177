//! Lock files: what they pin, and what they are not taken in by.

use std::fs;
use std::os::unix::fs::symlink;

use vak_model::Code;
use vak_store::{LOCK_FILE, LockFile, Pin};

use crate::{package, signed};

#[test]
fn a_lock_file_reads_back_and_pins_what_it_was_made_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(LOCK_FILE);
    assert!(LockFile::read(&path).expect("none").is_none());
    let mut lock = LockFile::empty(path.clone());
    let (x, y) = (package("x@1.0.0", 1), package("acme/y@2.0.0", 2));
    for package in [&x, &y] {
        lock.put(package.document().manifest().name.clone(), Pin::of(package));
    }
    lock.write().expect("written");
    let read = LockFile::read(&path).expect("readable").expect("there");
    assert_eq!(read, lock);
    for good in [&x, &y, &signed(&x, 7), &package("z@1.0.0", 1)] {
        assert_eq!(read.check(good), Ok(()), "{good:?}");
    }
    for (drifted, what) in
        [(package("x@1.0.0", 2), "sha256:"), (package("x@1.0.1", 1), "it pins 1.0.0, and this is 1.0.1")]
    {
        let drift = read.check(&drifted).expect_err("another").to_string();
        assert!(drift.contains(what), "{drift}");
    }
    let resolve = |text: &str| read.resolve(&text.parse().expect(text)).map(|found| found.to_string());
    assert_eq!(resolve("x"), Ok("x@1.0.0".to_owned()));
    assert_eq!(resolve("z"), Ok("z".to_owned()));
    assert!(resolve("x@1.0.1").is_err());
}

#[test]
fn a_lock_file_that_lies_is_drift_and_one_that_is_none_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(LOCK_FILE);
    let mut lock = LockFile::empty(path.clone());
    let x = package("x@1.0.0", 1);
    lock.put("x".parse().expect("a name"), Pin::of(&x));
    lock.write().expect("written");
    let good = fs::read_to_string(&path).expect("text");
    let read = |text: &str| {
        fs::write(&path, text).expect("written");
        LockFile::read(&path).map(|lock| lock.expect("there"))
    };
    let size = Pin::of(&x).size;
    let lies = [good.replace(&format!("\"size\": {size}"), "\"size\": 7"), good.replace("\"1.0.0\"", "\"1.0.1\"")];
    for lie in lies {
        assert!(read(&lie).expect("well-formed").check(&x).is_err(), "{lie}");
    }
    let twice = good.replace("[\n", &format!("[\n{},\n", good.split(['[', ']']).nth(1).expect("a skill")));
    for bad in [
        "",
        "{}",
        &good[..good.len() - 3],
        &twice,
        &good.replace("lock/v1", "lock/v2"),
        &good.replace("\"x\"", "\"../x\""),
        &good.replace("sha256:", "sha512:"),
        &good.replace("\"size\"", "\"length\""),
        &good.replace("{\n  \"format\"", "{\n  \"more\": 1,\n  \"format\""),
    ] {
        assert_eq!(read(bad).expect_err(bad).code(), Code::LockMalformed, "{bad}");
    }
    let elsewhere = folder.path().join("elsewhere");
    fs::rename(&path, &elsewhere).expect("moved");
    symlink(&elsewhere, &path).expect("a link");
    assert_eq!(LockFile::read(&path).expect_err("a link").code(), Code::FileRead);
}
