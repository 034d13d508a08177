//! The cache of compiled code, and what somebody may have done to it.

use std::fs::{self, File, FileTimes, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use rustix::fs::{CWD, Mode, mkfifoat};
use vak_model::{CacheUse, LimitRequest};
use vak_package::{Bounds, RawModule, TextMemory};
use vak_runtime::{CacheConfig, CacheError, CompileBounds, CompiledModule, Number, Runtime, RuntimeConfig};

/// A cache of its own, in a folder that is gone afterwards.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn config(&self) -> CacheConfig {
        CacheConfig::below(&self.0.path().join("cache"), &self.0.path().join("state"))
    }

    fn folder(&self) -> PathBuf {
        self.config().folder
    }

    fn runtime(&self) -> Runtime {
        runtime(self.config())
    }

    /// What the cache had for the module that answers with `number`, in a process of its own.
    fn used(&self, number: i32) -> CacheUse {
        used(&self.runtime(), number)
    }

    /// The entry of a module.
    fn entry(&self, number: i32) -> PathBuf {
        let before = self.files();
        assert_eq!(self.used(number), CacheUse::Miss);
        let new: Vec<_> = self.files().into_iter().filter(|file| !before.contains(file)).collect();
        assert_eq!(new.len(), 1, "{new:?}");
        new[0].clone()
    }

    fn files(&self) -> Vec<PathBuf> {
        let Ok(files) = fs::read_dir(self.folder()) else { return Vec::new() };
        files.map(|file| file.expect("readable").path()).collect()
    }

    /// The cache's problem, if it is one that is told, and then it is not used.
    fn refused(&self) -> String {
        let runtime = self.runtime();
        let error = runtime.cache_error().expect("refused");
        assert!(error.is_suspicious(), "{error}");
        assert_eq!(used(&runtime, 1), CacheUse::Off);
        error.to_string()
    }
}

fn runtime(cache: CacheConfig) -> Runtime {
    Runtime::new(RuntimeConfig::default().cache(cache)).expect("an engine")
}

fn compile(runtime: &Runtime, number: i32) -> CompiledModule {
    let text = format!(r#"(module (func (export "run") (result i32) i32.const {number}))"#);
    let module = RawModule::read(wat::parse_str(text).expect("valid text"), &Bounds::default()).expect("a module");
    let admitted = crate::unsigned(module).expect("unsigned");
    runtime.compile_raw(&admitted, &LimitRequest::none()).expect("compiled")
}

/// Runs the module, which has to give the right answer wherever its code came from.
fn run(module: &CompiledModule, number: i32) -> CacheUse {
    let outcome = pollster::block_on(module.invoke("run", &[])).expect("a function");
    assert_eq!(outcome.result.expect("an answer"), [Number::I32(number)]);
    outcome.usage.cache.expect("known")
}

fn used(runtime: &Runtime, number: i32) -> CacheUse {
    run(&compile(runtime, number), number)
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("ours");
}

/// Gives a file away, where this process may: as root alone.
#[expect(clippy::print_stdout, reason = "a test that tests nothing says so")]
fn gives_away(path: &Path) -> bool {
    let given = rustix::process::geteuid().is_root() && chown(path, Some(12345), Some(12345)).is_ok();
    if !given {
        println!("only root can give files away: not tested");
    }
    given
}

#[test]
fn what_was_compiled_once_is_loaded_by_the_next_process() {
    let place = Place::new();
    assert_eq!([place.used(1), place.used(1), place.used(2), place.used(2)], {
        use CacheUse::{Hit, Miss};
        [Miss, Hit, Miss, Hit]
    });
    let size = place.runtime().cache_size().expect("readable");
    assert_eq!((size.entries, size.max_bytes), (2, 256 << 20));
    for file in place.files() {
        assert_eq!(file.metadata().expect("there").mode() & 0o7777, 0o600);
    }
    assert_eq!(place.folder().metadata().expect("there").mode() & 0o7777, 0o700);
    assert_eq!(used(&Runtime::new(RuntimeConfig::default()).expect("an engine"), 1), CacheUse::Off);
}

#[test]
fn n1_a_damaged_entry_is_a_miss_and_replaced() {
    let place = Place::new();
    let entry = place.entry(1);
    let whole = fs::read(&entry).expect("readable");
    let len = whole.len();
    let lengths = [0, 1, 15, 16, 47, 48, 55, 56, 57, len / 2, len - 33, len - 32, len - 31, len - 1];
    let cut = lengths.map(|len| whole[..len].to_vec());
    let places = [0, 15, 16, 47, 48, 55, 56, len / 2, len - 33, len - 32, len - 1];
    let flipped = places.map(|at| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    });
    let others = [vec![0; len], [&whole[..], &[0]].concat(), b"\x7fELF".repeat(len / 4)];
    for bytes in cut.into_iter().chain(flipped).chain(others) {
        fs::write(&entry, &bytes).expect("written");
        assert_eq!(place.used(1), CacheUse::Miss);
        assert_eq!(fs::read(&entry).expect("readable").len(), len, "replaced");
        assert_eq!(place.used(1), CacheUse::Hit);
    }
}

#[test]
fn n1_a_huge_entry_is_a_miss_and_not_read() {
    let place = Place::new();
    let entry = place.entry(1);
    File::options().write(true).open(&entry).expect("ours").set_len(1 << 40).expect("sparse");
    assert_eq!(place.used(1), CacheUse::Miss);
    assert_eq!(place.used(1), CacheUse::Hit);
}

#[test]
fn n2_entries_that_were_swapped_are_misses_and_each_module_gives_its_own_answer() {
    let place = Place::new();
    let (one, two, between) = (place.entry(1), place.entry(2), place.folder().join("between"));
    for (from, to) in [(&one, &between), (&two, &one), (&between, &two)] {
        fs::rename(from, to).expect("moved");
    }
    assert_eq!([place.used(1), place.used(2)], [CacheUse::Miss, CacheUse::Miss]);
    assert_eq!([place.used(1), place.used(2)], [CacheUse::Hit, CacheUse::Hit]);
}

#[test]
fn n2_an_entry_of_another_key_is_a_miss() {
    let (place, other) = (Place::new(), Place::new());
    fs::copy(other.entry(1), place.entry(1)).expect("copied");
    assert_eq!(place.used(1), CacheUse::Miss);
    fs::remove_file(place.config().key).expect("removed");
    assert_eq!([place.used(1), place.used(1)], [CacheUse::Miss, CacheUse::Hit], "a new key was made");
}

#[test]
fn n4_a_folder_that_others_can_write_is_not_used() {
    for mode in [0o777, 0o770, 0o702, 0o1777] {
        let place = Place::new();
        place.entry(1);
        chmod(&place.folder(), mode);
        assert!(place.refused().contains("can be written by others"));
        assert_eq!(place.files().len(), 1, "nothing was written");
        chmod(&place.folder(), 0o755);
        assert_eq!(place.used(1), CacheUse::Hit);
    }
}

#[test]
fn n4_a_folder_that_is_opened_to_others_later_is_not_used_any_more() {
    let place = Place::new();
    let runtime = place.runtime();
    assert_eq!([used(&runtime, 1), used(&runtime, 1)], [CacheUse::Miss, CacheUse::Hit]);
    chmod(&place.folder(), 0o777);
    assert_eq!([used(&runtime, 1), used(&runtime, 2)], [CacheUse::Miss, CacheUse::Miss]);
    assert_eq!(place.files().len(), 1, "nothing was written");
}

#[test]
fn n4_a_folder_of_somebody_else_is_not_used() {
    let place = Place::new();
    place.entry(1);
    if gives_away(&place.folder()) {
        assert!(place.refused().contains("belongs to somebody else"));
    }
}

#[test]
fn n4_a_folder_behind_a_link_or_below_one_that_everybody_can_write_is_not_used() {
    let place = Place::new();
    place.entry(1);
    let moved = place.0.path().join("moved");
    fs::rename(place.folder(), &moved).expect("moved");
    symlink(&moved, place.folder()).expect("a link");
    assert!(place.refused().contains("is a link"));
    fs::remove_file(place.folder()).expect("removed");
    fs::rename(&moved, place.folder()).expect("moved");
    let above = place.0.path().join("cache");
    chmod(&above, 0o777);
    assert!(place.refused().contains("can be written by everybody"));
    chmod(&above, 0o1777);
    assert_eq!(place.used(1), CacheUse::Hit);
}

#[test]
fn n5_an_entry_that_is_no_file_of_our_own_is_a_miss_and_never_followed() {
    let place = Place::new();
    let entry = place.entry(1);
    let elsewhere = place.0.path().join("elsewhere");
    let link = || {
        fs::rename(&entry, &elsewhere).expect("moved");
        symlink(&elsewhere, &entry).expect("a link");
    };
    let pipe = || {
        fs::remove_file(&entry).expect("removed");
        mkfifoat(CWD, &entry, Mode::RUSR | Mode::WUSR).expect("a pipe");
    };
    let hard_link = || {
        let other = place.entry(2);
        fs::remove_file(&entry).expect("removed");
        fs::hard_link(other, &entry).expect("a link");
    };
    for change in [&link as &dyn Fn(), &pipe, &hard_link] {
        change();
        assert_eq!(place.used(1), CacheUse::Miss);
        assert!(entry.symlink_metadata().expect("there").is_file(), "replaced");
        assert_eq!(place.used(1), CacheUse::Hit);
    }
    fs::remove_file(&entry).expect("removed");
    fs::create_dir(&entry).expect("a folder");
    assert_eq!([place.used(1), place.used(1)], [CacheUse::Miss, CacheUse::Miss]);
}

#[test]
fn n5_an_entry_of_somebody_else_s_is_a_miss() {
    let place = Place::new();
    if gives_away(&place.entry(1)) {
        assert_eq!([place.used(1), place.used(1)], [CacheUse::Miss, CacheUse::Hit]);
    }
}

#[test]
fn n6_code_that_is_loaded_does_not_change_with_its_entry() {
    let place = Place::new();
    let entry = place.entry(1);
    let runtime = place.runtime();
    let module = compile(&runtime, 1);
    for len in [100, 0] {
        File::options().write(true).open(&entry).expect("ours").set_len(len).expect("cut");
        assert_eq!(run(&module, 1), CacheUse::Hit);
    }
}

#[test]
fn n7_what_a_dead_writer_has_left_is_removed_and_what_a_living_one_writes_is_not() {
    let place = Place::new();
    place.entry(1);
    let (dead, alive) = (place.folder().join(".new-dead"), place.folder().join(".new-alive"));
    fs::write(&dead, "half").expect("written");
    let writer = File::create(&alive).expect("made");
    writer.lock().expect("locked");
    place.entry(2);
    assert!(!dead.exists() && alive.exists());
    drop(writer);
    place.entry(3);
    assert!(!alive.exists());
}

/// Somebody who has claimed to compile a module, and is neither dead nor done.
#[test]
fn n8_who_claims_to_compile_and_never_ends_is_waited_for_in_vain_and_not_for_long() {
    let place = Place::new();
    let entry = place.entry(1);
    fs::remove_file(&entry).expect("removed");
    let claim = entry.with_file_name(format!(".claim-{}", entry.file_name().expect("a name").to_string_lossy()));
    let holder = File::create(&claim).expect("made");
    holder.lock().expect("locked");
    let bounds = CompileBounds { time: Duration::from_millis(100), ..CompileBounds::default() };
    let config = RuntimeConfig::default().cache(place.config()).compile_bounds(bounds);
    let patient = Runtime::new(config).expect("an engine");
    let started = Instant::now();
    assert_eq!(used(&patient, 1), CacheUse::Miss);
    assert!(started.elapsed() >= bounds.time, "it has waited");
    assert_eq!(used(&patient, 1), CacheUse::Hit, "nobody waits for what is there");
    assert!(claim.exists(), "it is its holder's");
    drop(holder);
    place.entry(2);
    assert!(!claim.exists(), "nobody's any more");
}

#[test]
fn n8_a_claim_of_the_dead_or_one_that_is_no_file_holds_nobody_up() {
    let place = Place::new();
    let entry = place.entry(1);
    let claim = entry.with_file_name(format!(".claim-{}", entry.file_name().expect("a name").to_string_lossy()));
    let elsewhere = place.0.path().join("elsewhere");
    let left = || drop(File::create(&claim).expect("made"));
    let pipe = || mkfifoat(CWD, &claim, Mode::RUSR | Mode::WUSR).expect("a pipe");
    let folder = || fs::create_dir(&claim).expect("a folder");
    let link = || symlink(&elsewhere, &claim).expect("a link");
    for make in [&left as &dyn Fn(), &pipe, &link, &folder] {
        fs::remove_file(&entry).expect("removed");
        make();
        let started = Instant::now();
        assert_eq!([place.used(1), place.used(1)], [CacheUse::Miss, CacheUse::Hit]);
        assert!(started.elapsed() < Duration::from_secs(5), "nobody was waited for");
        let _ = fs::remove_file(&claim);
        assert!(!elsewhere.exists(), "never followed");
    }
}

#[test]
fn n8_threads_that_need_the_same_module_at_once_compile_it_once() {
    let place = Place::new();
    let runtime = place.runtime();
    let uses = std::thread::scope(|scope| {
        let running = [(); 8].map(|()| scope.spawn(|| used(&runtime, 1)));
        running.map(|thread| thread.join().expect("no panic"))
    });
    assert_eq!(uses.iter().filter(|cache| **cache == CacheUse::Miss).count(), 1, "{uses:?}");
}

#[test]
fn a_full_cache_loses_what_was_not_used_for_longest() {
    let place = Place::new();
    let entries = [1, 2, 3].map(|number| place.entry(number));
    let each = entries[0].metadata().expect("there").len();
    for (i, entry) in entries.iter().enumerate() {
        let then = SystemTime::now() - Duration::from_secs(1000 - 100 * i as u64);
        let file = File::options().write(true).open(entry).expect("ours");
        file.set_times(FileTimes::new().set_modified(then)).expect("set");
    }
    assert_eq!(place.used(1), CacheUse::Hit);
    let small = runtime(CacheConfig { max_bytes: each * 3 + each / 2, ..place.config() });
    assert_eq!(used(&small, 4), CacheUse::Miss);
    assert_eq!(entries.map(|entry| entry.exists()), [true, false, true]);
    assert_eq!(small.cache_size().expect("readable").entries, 3);
    let tiny = runtime(CacheConfig { max_bytes: each / 2, ..place.config() });
    assert_eq!(used(&tiny, 5), CacheUse::Miss);
    assert_eq!(tiny.cache_size().expect("readable").entries, 3, "what is larger than all there may be is not kept");
}

#[test]
fn a_key_that_others_can_read_or_that_is_none_is_not_used() {
    let place = Place::new();
    place.entry(1);
    let key = place.config().key;
    let good = fs::read(&key).expect("readable");
    assert_eq!((good.len(), key.metadata().expect("there").mode() & 0o7777), (32, 0o600));
    for mode in [0o644, 0o640, 0o620, 0o666] {
        chmod(&key, mode);
        assert!(place.refused().contains("this user alone"), "{mode:o}");
    }
    chmod(&key, 0o600);
    for wrong in [&good[..31], b"", &[&good[..], b"x"].concat()] {
        fs::write(&key, wrong).expect("written");
        place.refused();
    }
    let moved = place.0.path().join("moved");
    fs::write(&moved, &good).expect("written");
    chmod(&moved, 0o600);
    fs::remove_file(&key).expect("removed");
    symlink(&moved, &key).expect("a link");
    place.refused();
    fs::rename(&moved, &key).expect("moved");
    assert_eq!(place.used(1), CacheUse::Hit);
    chmod(key.parent().expect("a folder"), 0o777);
    assert!(place.refused().contains("can be written by others"));
}

#[test]
fn a_key_among_the_entries_is_refused() {
    let place = Place::new();
    let config = CacheConfig { key: place.folder().join("key"), ..place.config() };
    assert!(runtime(config).cache_error().is_some_and(CacheError::is_suspicious));
}

#[test]
fn n14_without_a_place_for_it_everything_works_without_a_cache() {
    let place = Place::new();
    fs::write(place.0.path().join("cache"), "in the way").expect("written");
    let relative = CacheConfig { folder: "cache".into(), ..place.config() };
    for config in [place.config(), relative] {
        let runtime = runtime(config);
        assert!(!runtime.cache_error().expect("unusable").is_suspicious());
        assert_eq!([used(&runtime, 1), used(&runtime, 1)], [CacheUse::Off, CacheUse::Off]);
    }
    assert!(!Path::new("cache").exists());
}

#[test]
fn n14_a_folder_that_is_gone_is_no_error() {
    let place = Place::new();
    let runtime = place.runtime();
    fs::remove_dir_all(place.folder()).expect("removed");
    assert_eq!([used(&runtime, 1), used(&runtime, 1)], [CacheUse::Miss, CacheUse::Miss]);
}

const TEXT: &str = "name: x";
const NOTE: &[u8] = b"{\"name\":\"x\"}\nnull";

/// Notes the text, and gives the entry that it is noted in.
fn noted(place: &Place, text: &str) -> PathBuf {
    let before = place.files();
    place.runtime().note(text, NOTE);
    let new: Vec<_> = place.files().into_iter().filter(|file| !before.contains(file)).collect();
    assert_eq!(new.len(), 1, "{new:?}");
    new[0].clone()
}

#[test]
fn what_a_text_was_read_as_is_known_to_the_next_process_for_that_text_alone() {
    let place = Place::new();
    let entry = noted(&place, TEXT);
    assert_eq!(entry.metadata().expect("there").mode() & 0o7777, 0o600);
    assert_eq!(place.runtime().recall(TEXT).expect("known"), NOTE);
    assert_eq!(place.runtime().recall("name: y"), None);
    let without = Runtime::new(RuntimeConfig::default()).expect("an engine");
    without.note(TEXT, NOTE);
    assert_eq!(without.recall(TEXT), None);
}

#[test]
fn n1_a_note_of_a_text_that_was_changed_anywhere_is_none() {
    let place = Place::new();
    let entry = noted(&place, TEXT);
    let whole = fs::read(&entry).expect("readable");
    let flipped = (0..whole.len()).map(|at| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    });
    let runtime = place.runtime();
    for bytes in (0..whole.len()).map(|len| whole[..len].to_vec()).chain(flipped) {
        fs::write(&entry, &bytes).expect("written");
        assert_eq!(runtime.recall(TEXT), None, "{bytes:?}");
    }
    runtime.note(TEXT, NOTE);
    assert_eq!(runtime.recall(TEXT).expect("noted anew"), NOTE);
}

#[test]
fn n2_a_note_of_another_text_another_key_or_code_in_its_place_is_none() {
    let (place, other) = (Place::new(), Place::new());
    let entry = noted(&place, TEXT);
    for foreign in [noted(&place, "name: y"), noted(&other, TEXT), place.entry(1)] {
        fs::copy(&foreign, &entry).expect("copied");
        assert_eq!(place.runtime().recall(TEXT), None, "{}", foreign.display());
    }
    let code = place.entry(2);
    fs::copy(noted(&place, "name: z"), &code).expect("copied");
    assert_eq!(place.used(2), CacheUse::Miss);
}

#[test]
fn n4_nothing_is_known_of_a_text_in_a_folder_that_others_can_write() {
    let place = Place::new();
    noted(&place, TEXT);
    let before = place.runtime();
    chmod(&place.folder(), 0o777);
    assert_eq!([before.recall(TEXT), place.runtime().recall(TEXT)], [None, None]);
    before.note("name: y", NOTE);
    assert_eq!(place.files().len(), 1, "nothing was written");
}
