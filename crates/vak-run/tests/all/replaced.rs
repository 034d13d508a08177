//! A file that somebody replaces, and writes into, all the while that it is read: what was verified is what runs.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use vak_model::LimitRequest;
use vak_package::{Artefact as _, Bounds, Package, read_module};
use vak_runtime::Grant;
use vak_runtime::{Runtime, RuntimeConfig};
use vak_trust::{Admitted, PublicKeyForm, Timestamp, Trust, create_public_file};

use crate::trust::{Place, key, of_another_build, signed, tampered};

/// How often the file is read while it changes.
const ROUNDS: usize = 10_000;

/// How often a process of its own reads and runs it.
const RUNS: usize = 100;

/// Does `act` while one thread moves other files into the place of `path`, and another writes into whatever lies there.
fn while_it_changes(path: &Path, act: impl FnOnce()) {
    let (good, evil) = (signed(&[2]).bytes().to_vec(), tampered());
    let at = good.iter().zip(&evil).position(|(good, evil)| good != evil).expect("a difference") as u64;
    let differing = [good[at as usize], evil[at as usize]];
    let unsigned = of_another_build();
    fs::write(path, &good).expect("written");
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let beside = path.with_extension("new");
            for bytes in [&good, &evil, &good, &unsigned].into_iter().cycle() {
                fs::write(&beside, bytes).expect("written");
                fs::rename(&beside, path).expect("moved");
                if over.load(Ordering::Relaxed) {
                    break;
                }
            }
        });
        scope.spawn(|| {
            for byte in differing.into_iter().cycle() {
                let file = File::options().write(true).open(path).expect("there");
                file.write_all_at(&[byte], at).expect("written");
                if over.load(Ordering::Relaxed) {
                    break;
                }
            }
        });
        act();
        over.store(true, Ordering::Relaxed);
    });
}

/// From the file to what may be compiled, as the tool goes.
fn admitted(path: &Path, trust: &Trust) -> Option<Admitted<Package>> {
    let bytes = read_module(path, &Bounds::default()).expect("there is always a file");
    let package = Package::read(bytes, &Bounds::default()).ok()?;
    vak_trust::admit(package, trust, Timestamp::EPOCH).ok()
}

fn answers(admitted: &Admitted<Package>, runtime: &Runtime) -> bool {
    let manifest = admitted.artefact().document().manifest();
    let grant = Grant::from_nobody(manifest).expect("granted");
    let skill = runtime.compile(admitted, &LimitRequest::none()).expect("compiled").prepare(&grant).expect("prepared");
    pollster::block_on(skill.call("execute", b"7")).result.expect("an answer").bytes() == b"7"
}

#[test]
#[expect(clippy::print_stdout, reason = "how many rounds hit what they were to hit is worth reading")]
fn v25_of_a_file_that_is_replaced_all_the_time_nothing_runs_but_what_was_signed() {
    let place = Place::new();
    let path = place.path("echo.wasm");
    let (trust, good) = (Trust::key(key(2).public()), signed(&[2]));
    let runtime = Runtime::new(RuntimeConfig::default()).expect("an engine");
    let mut let_in = 0;
    while_it_changes(&path, || {
        for _ in 0..ROUNDS {
            let Some(admitted) = admitted(&path, &trust) else { continue };
            assert_eq!(admitted.artefact().bytes(), good.bytes());
            if let_in % 100 == 0 {
                assert!(answers(&admitted, &runtime));
            }
            let_in += 1;
        }
    });
    println!("{let_in} of {ROUNDS} rounds found what was signed");
    assert!(let_in > 0 && let_in < ROUNDS);
}

#[test]
fn v25_the_tool_runs_a_file_that_is_replaced_all_the_time_as_it_was_signed_or_refuses_it() {
    let place = Place::new();
    create_public_file(&place.path("alice.pub"), &key(2).public(), PublicKeyForm::Spki, "").expect("written");
    let digest = signed(&[2]).id().to_string();
    while_it_changes(&place.path("echo.wasm"), || {
        for _ in 0..RUNS {
            let (code, report) = place.run(&["echo.wasm", "--trust", "alice.pub", "--input", "7"]);
            let ran = code == 0 && report["output"] == 7 && report["skill"]["digest"] == digest.as_str();
            // Refused: the signature is broken, or there is neither signature nor manifest.
            assert!(ran || code == 5 || code == 4, "{report}");
        }
    });
}
