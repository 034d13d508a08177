//! What comes in, goes out and is refused.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::thread;

use rustix::fs::{CWD, Mode, mkfifoat};
use vak_model::Code;
use vak_package::Artefact as _;
use vak_store::{Added, Entry, OnConflict, SkillReference, Store, StoreBounds};

use crate::{add, admitted, files, key, names, package, signed};

/// A store in a folder that is gone afterwards.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn folder(&self) -> PathBuf {
        self.0.path().join("home/store")
    }

    fn store(&self) -> Store {
        Store::at(self.folder())
    }

    fn blobs(&self) -> PathBuf {
        self.folder().join("blobs")
    }

    fn add(&self, reference: &str, number: u32) -> Entry {
        add(&self.store(), package(reference, number)).expect("added").entry().clone()
    }
}

fn reference(text: &str) -> SkillReference {
    text.parse().expect(text)
}

fn found(store: &Store, text: &str) -> Option<String> {
    store.find(&reference(text)).expect("a whole index").map(|entry| entry.reference().to_string())
}

#[test]
fn what_was_added_is_found_by_name_and_comes_out_byte_for_byte() {
    let place = Place::new();
    let store = place.store();
    assert_eq!((names(&store).len(), found(&store, "x")), (0, None));
    for (text, number) in [("x@1.9.0", 1), ("x@1.10.0", 2), ("x@2.0.0-rc.1", 3), ("acme/x@5.0.0", 4)] {
        place.add(text, number);
    }
    assert_eq!(names(&store), ["acme/x@5.0.0", "x@1.9.0", "x@1.10.0", "x@2.0.0-rc.1"]);
    assert_eq!(found(&store, "x").as_deref(), Some("x@1.10.0"));
    let entry = store.find(&reference("x@2.0.0-rc.1")).expect("readable").expect("there");
    assert_eq!(store.load(&entry).expect("whole").expect("there").bytes(), package("x@2.0.0-rc.1", 3).bytes());
}

#[test]
fn a_signature_is_kept_and_another_one_renews_the_entry() {
    let place = Place::new();
    let store = place.store();
    let (plain, one) = (package("x@1.0.0", 1), signed(&package("x@1.0.0", 1), 7));
    assert!(matches!(add(&store, plain.clone()), Ok(Added::New(entry)) if entry.signers.is_empty()));
    assert!(matches!(add(&store, plain), Ok(Added::Unchanged(_))));
    let Ok(Added::Renewed(entry)) = add(&store, one.clone()) else { panic!("it is signed now") };
    assert_eq!(entry.signers, [key(7).public().to_string()]);
    assert_eq!(store.load(&entry).expect("whole").expect("there").signature(), one.signature());
    assert_eq!(store.gc(&BTreeSet::new()).expect("swept").artefacts, 1, "the one without a signature");
    assert_eq!(names(&store), ["x@1.0.0"]);
}

#[test]
fn another_artefact_of_that_name_and_version_is_refused_unless_it_shall_replace() {
    let place = Place::new();
    let store = place.store();
    let first = place.add("x@1.0.0", 1);
    let error = add(&store, package("x@1.0.0", 2)).expect_err("another");
    assert_eq!((error.code(), error.code().exit_code()), (Code::StoreConflict, 9));
    assert_eq!(store.entries().expect("readable"), std::slice::from_ref(&first));
    let replaced = store.add(&admitted(package("x@1.0.0", 2)), OnConflict::Replace).expect("added");
    assert!(matches!(replaced, Added::Replaced(_, old) if *old == first));
    assert_eq!(names(&store), ["x@1.0.0"]);
}

/// An index of one day beside an artefact of another.
#[test]
fn v32_an_artefact_that_is_not_the_one_of_the_index_is_refused() {
    let place = Place::new();
    let (x, y) = (place.add("x@1.0.0", 1), place.add("x@1.1.0", 2));
    let store = place.store();
    let (path, other) = (store.path(&x), fs::read(store.path(&y)).expect("readable"));
    let good = fs::read(&path).expect("readable");
    let cut = good[..good.len() - 1].to_vec();
    let mut flipped = good.clone();
    flipped[good.len() - 1] ^= 1;
    for bytes in [other, cut, flipped, [&good[..], b"\x00\x02\x01x"].concat(), Vec::new(), vec![0; good.len()]] {
        fs::write(&path, &bytes).expect("written");
        let error = store.load(&x).expect_err("another");
        assert_eq!((error.code(), error.code().exit_code()), (Code::StoreMismatch, 9));
    }
    assert!(matches!(add(&store, package("x@1.0.0", 1)), Ok(Added::Renewed(_))), "adding it again mends it");
    assert_eq!(fs::read(&path).expect("readable"), good);
}

#[test]
fn v33_a_file_without_an_end_is_read_to_the_length_that_the_index_says() {
    let place = Place::new();
    let x = place.add("x@1.0.0", 1);
    let store = place.store();
    File::options().write(true).open(store.path(&x)).expect("ours").set_len(1 << 40).expect("sparse");
    assert_eq!(store.load(&x).expect_err("longer").code(), Code::StoreMismatch);
}

#[test]
fn n9_links_and_pipes_in_the_place_of_an_artefact_or_the_index_are_refused() {
    let place = Place::new();
    let x = place.add("x@1.0.0", 1);
    let store = place.store();
    let (path, index, moved) = (store.path(&x), place.folder().join("index.json"), place.folder().join("moved"));
    for file in [&path, &index] {
        fs::rename(file, &moved).expect("moved");
        symlink(&moved, file).expect("a link");
        assert_eq!(store.entries().and_then(|_| store.load(&x)).expect_err("a link").code(), Code::FileRead);
        fs::remove_file(file).expect("removed");
        mkfifoat(CWD, file, Mode::RUSR | Mode::WUSR).expect("a pipe");
        assert_eq!(store.entries().and_then(|_| store.load(&x)).expect_err("a pipe").code(), Code::FileRead);
        fs::remove_file(file).expect("removed");
        fs::rename(&moved, file).expect("moved");
    }
    assert_eq!(names(&store), ["x@1.0.0"]);
}

/// The other artefacts are such that reading one of them would be an error, or would never end.
#[test]
fn a_look_at_the_store_reads_no_artefact_but_the_one_that_it_gives() {
    let place = Place::new();
    let store = place.store();
    for version in 0..20 {
        let path = store.path(&place.add(&format!("x@1.{version}.0"), version));
        fs::remove_file(&path).expect("removed");
        if version % 2 == 0 {
            mkfifoat(CWD, &path, Mode::RUSR | Mode::WUSR).expect("a pipe");
        } else {
            File::create(&path).expect("made").set_len(1 << 40).expect("sparse");
        }
    }
    place.add("x@2.0.0", 7);
    assert_eq!(store.entries().expect("readable").len(), 21);
    let entry = store.find(&reference("x")).expect("readable").expect("there");
    assert!(store.load(&entry).expect("whole").is_some());
}

#[test]
fn n12_a_damaged_index_is_refused_and_can_be_made_anew() {
    let place = Place::new();
    let store = place.store();
    ["x@1.0.0", "y@1.0.0"].into_iter().for_each(|text| drop(place.add(text, 1)));
    let index = place.folder().join("index.json");
    let good = fs::read(&index).expect("readable");
    for bad in [&good[..good.len() / 2], b"", b"{}", &vec![b' '; 17 << 20]] {
        fs::write(&index, bad).expect("written");
        let codes = [
            store.entries().expect_err("damaged").code(),
            add(&store, package("z@1.0.0", 1)).expect_err("damaged").code(),
            store
                .remove(&"x".parse().expect("a name"), &"1.0.0".parse().expect("a version"))
                .expect_err("damaged")
                .code(),
            store.gc(&BTreeSet::new()).expect_err("damaged").code(),
        ];
        assert!(codes.iter().all(|code| matches!(code, Code::StoreIndex | Code::FileRead)), "{codes:?}");
        assert_eq!(files(&place.blobs()).len(), 2, "nothing was swept away");
    }
    let rebuilt = store.rebuild().expect("made");
    assert_eq!((rebuilt.entries, rebuilt.damaged, rebuilt.disputed.len()), (2, 0, 0));
    assert_eq!(names(&store), ["x@1.0.0", "y@1.0.0"]);
}

#[test]
fn an_index_that_is_made_anew_lists_nothing_that_is_disputed_or_damaged() {
    let place = Place::new();
    let store = place.store();
    let (y, _) = (place.add("y@1.0.0", 1), place.add("x@1.0.0", 1));
    store.add(&admitted(package("x@1.0.0", 2)), OnConflict::Replace).expect("replaced");
    place.add("z@1.0.0", 1);
    fs::write(store.path(&y), "no artefact").expect("written");
    fs::write(place.blobs().join("notes.txt"), "nobody's").expect("written");
    let rebuilt = store.rebuild().expect("made");
    assert_eq!((rebuilt.entries, rebuilt.damaged), (1, 1));
    assert_eq!(rebuilt.disputed, [reference("x@1.0.0")]);
    assert_eq!(names(&store), ["z@1.0.0"]);
}

#[test]
fn n12_what_a_dead_writer_has_left_is_swept_away_and_what_something_names_is_not() {
    let place = Place::new();
    let store = place.store();
    assert_eq!(store.gc(&BTreeSet::new()).expect("nothing"), vak_store::Swept::default());
    let [x, y, z] = ["x@1.0.0", "y@1.0.0", "z@1.0.0"].map(|text| place.add(text, 1));
    fs::write(place.blobs().join(".new-dead"), "half").expect("written");
    fs::write(place.folder().join(".new-dead"), "half").expect("written");
    fs::write(place.blobs().join("notes.txt"), "nobody's").expect("written");
    for gone in [&x, &y] {
        assert_eq!(store.remove(&gone.name, &gone.version).expect("removed").as_ref(), Some(gone));
        assert_eq!(store.remove(&gone.name, &gone.version).expect("nothing to do"), None);
    }
    assert_eq!(files(&place.blobs()).len(), 5, "files stay until they are swept away");
    let swept = store.gc(&BTreeSet::from([y.digest])).expect("swept");
    assert_eq!((swept.artefacts, swept.unfinished), (1, 2));
    assert!(!store.path(&x).exists() && store.path(&y).exists() && store.path(&z).exists());
    assert!(store.load(&x).expect("no error").is_none(), "an entry that was found before it was removed");
    assert_eq!(names(&store), ["z@1.0.0"]);
}

#[test]
fn n10_a_store_is_bounded_in_number_and_size() {
    let place = Place::new();
    let size = place.add("x@1.0.0", 1).size;
    let bounded = |entries, bytes| place.store().bounds(StoreBounds { entries, bytes });
    for store in [bounded(1, 1 << 20), bounded(9, size * 2 - 1)] {
        assert_eq!(add(&store, package("y@1.0.0", 1)).expect_err("full").code(), Code::StoreFull);
        assert_eq!(files(&place.blobs()).len(), 1, "nothing was written");
        assert!(add(&store, signed(&package("x@1.0.0", 1), 7)).is_ok() || size * 2 > 1 << 20);
        place.store().add(&admitted(package("x@1.0.0", 1)), OnConflict::Refuse).expect("as it was");
        place.store().gc(&BTreeSet::new()).expect("swept");
    }
    assert!(add(&bounded(2, size * 2), package("y@1.0.0", 1)).is_ok());
}

#[test]
fn n11_the_process_s_own_mask_says_who_may_read_what_is_stored() {
    let place = Place::new();
    let old = rustix::process::umask(Mode::RWXG | Mode::RWXO);
    let entry = place.add("x@1.0.0", 1);
    rustix::process::umask(old);
    for file in [place.store().path(&entry), place.folder().join("index.json"), place.folder().join("lock")] {
        assert_eq!(file.metadata().expect("there").permissions().mode() & 0o7777, 0o600, "{}", file.display());
    }
}

#[test]
fn n12_writers_at_once_lose_nothing_of_each_other() {
    let place = Place::new();
    thread::scope(|scope| {
        for writer in 0..4 {
            let store = place.store();
            scope.spawn(move || {
                for number in 0..10 {
                    add(&store, package(&format!("w{writer}@1.{number}.0"), number)).expect("added");
                    if number % 3 == 0 {
                        store.gc(&BTreeSet::new()).expect("swept");
                    }
                }
            });
        }
    });
    assert_eq!(names(&place.store()).len(), 40);
    assert_eq!(files(&place.blobs()).len(), 40);
}
