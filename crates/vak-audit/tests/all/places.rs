//! Where a log may lie.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use rustix::fs::{CWD, Mode, mkfifoat};
use vak_audit::{AuditLog, LogConfig, LogError};

use crate::{append, open, read, trail};

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn refused(&self) -> String {
        AuditLog::open(&LogConfig::below(self.0.path())).expect_err("not here").to_string()
    }

    fn mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), Permissions::from_mode(mode)).expect("set");
    }
}

#[test]
fn a_new_log_and_its_key_are_their_owner_s_alone_and_apart() {
    let place = Place::new();
    append(&mut open(place.0.path()), &mut trail(), 0).expect("recorded");
    let mode = |name: &str| fs::metadata(place.path(name)).expect("there").permissions().mode() & 0o7777;
    assert_eq!(["audit", "keys"].map(mode), [0o700; 2]);
    assert_eq!(["keys/log.pem", "audit/checkpoint", "audit/tile/entries/000.p/1"].map(mode), [0o600; 3]);
    let below_the_log = LogConfig::below(place.0.path()).folder(place.0.path().to_owned());
    assert!(matches!(AuditLog::open(&below_the_log), Err(LogError::Unsafe { .. })), "the key would be in the log");
}

#[test]
fn l15_a_folder_that_is_a_link_a_file_or_a_pipe_is_refused() {
    let place = Place::new();
    fs::create_dir(place.path("elsewhere")).expect("made");
    symlink(place.path("elsewhere"), place.path("audit")).expect("a link");
    assert!(place.refused().contains("is a link"));
    fs::remove_file(place.path("audit")).expect("removed");
    fs::write(place.path("audit"), "").expect("written");
    assert!(place.refused().contains("not a folder"));
    fs::remove_file(place.path("audit")).expect("removed");
    mkfifoat(CWD, place.path("audit"), Mode::RUSR | Mode::WUSR).expect("a pipe");
    assert!(place.refused().contains("not a folder"));
    let relative = LogConfig::below(std::path::Path::new("state"));
    assert!(matches!(AuditLog::open(&relative), Err(LogError::Relative(_))));
}

#[test]
fn l15_a_folder_or_a_file_that_others_can_write_is_refused() {
    for open_to_others in [0o770, 0o707, 0o777, 0o1777] {
        let place = Place::new();
        fs::create_dir(place.path("audit")).expect("made");
        place.mode("audit", open_to_others);
        assert!(place.refused().contains("can be written by others"), "{open_to_others:o}");
    }
    let place = Place::new();
    append(&mut open(place.0.path()), &mut trail(), 0).expect("recorded");
    for file in ["audit/checkpoint", "audit/tile/entries/000.p/1", "audit/tile/0/000.p/1", "audit/lock"] {
        for mode in [0o666, 0o620] {
            place.mode(file, mode);
            let refused = AuditLog::open(&LogConfig::below(place.0.path()))
                .and_then(|mut log| append(&mut log, &mut trail(), 1))
                .expect_err(file);
            let LogError::Io { source, .. } = refused else { panic!("{file}: {refused}") };
            assert_eq!(source.to_string(), "can be written by others", "{file}");
        }
        place.mode(file, 0o600);
    }
    append(&mut open(place.0.path()), &mut trail(), 1).expect("all as it was");
}

#[test]
fn l15_a_file_that_is_a_link_or_a_pipe_is_refused_and_nothing_waits_for_it() {
    for file in ["checkpoint", "lock", "tile/entries/000.p/1"] {
        let place = Place::new();
        append(&mut open(place.0.path()), &mut trail(), 0).expect("recorded");
        let path = place.path("audit").join(file);
        let aside = place.path("aside");
        fs::rename(&path, &aside).expect("moved");
        let refused = |what: &str| {
            let appended =
                AuditLog::open(&LogConfig::below(place.0.path())).and_then(|mut log| append(&mut log, &mut trail(), 1));
            assert!(matches!(appended, Err(LogError::Io { .. })), "{file}, {what}: {appended:?}");
        };
        symlink(&aside, &path).expect("a link");
        refused("a link");
        fs::remove_file(&path).expect("removed");
        mkfifoat(CWD, &path, Mode::RUSR | Mode::WUSR).expect("a pipe");
        refused("a pipe");
    }
}

#[test]
fn a_log_without_its_key_is_not_gone_on_with() {
    let place = Place::new();
    append(&mut open(place.0.path()), &mut trail(), 0).expect("recorded");
    let key = fs::read(place.path("keys/log.pem")).expect("a key");
    fs::remove_file(place.path("keys/log.pem")).expect("removed");
    let refused = AuditLog::open(&LogConfig::below(place.0.path())).expect_err("its key is gone");
    assert!(matches!(refused, LogError::KeyGone(_)), "{refused}");
    fs::write(place.path("keys/log.pem"), key).expect("written");
    assert!(place.refused().contains("key"), "others may read it now");
    place.mode("keys/log.pem", 0o600);
    append(&mut open(place.0.path()), &mut trail(), 1).expect("recorded");
    assert_eq!(read(place.0.path()).check(None).expect("whole").size, 2);
}
