//! What the log costs, beside what writing and hashing the same bytes costs, in one run.
//!
//! The floor of appending is SHA-256 over each entry and one plain write of all; the floor of verifying is SHA-256 over
//! the entries. What a log adds to the first is canonical JSON, salts, the tree, files and a signature.

use std::fs::File;
use std::hint::black_box;
use std::io::Write as _;
use std::path::Path;
use std::time::SystemTime;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use sha2::{Digest as _, Sha256};
use vak_audit::{AuditLog, Kind, LogConfig, LogIdentity, LogReader, Record, RunId, Subject, Trail, Value};
use vak_model::Digest;

const NOW: SystemTime = SystemTime::UNIX_EPOCH;

/// How many entries one commit has here: a second of a busy host.
const BATCH: u64 = 100_000;

/// A record as a host call leaves it.
fn record(trail: &mut Trail, of: u64) -> Record {
    let subject = Subject { module: Some(Digest::from_bytes([7; 32])), ..Subject::default() };
    let record = trail.record(Kind::HostCall).about(subject);
    record
        .with("import", Value::text("fs_read"))
        .with("bytes", Value::number(of))
        .with("decision", Value::text("allow"))
}

fn open(state: &Path) -> AuditLog {
    AuditLog::open(&LogConfig::below(state)).expect("a log")
}

fn trail() -> Trail {
    Trail::new(RunId::random().expect("random"))
}

/// A log of so many entries below `state`, and the entries as they are in it.
fn fill(state: &Path, entries: u64) -> (LogReader, Vec<Vec<u8>>) {
    let (mut log, mut trail) = (open(state), trail());
    for i in 0..entries {
        log.append(&record(&mut trail, i), NOW).expect("taken");
    }
    log.commit(NOW).expect("recorded");
    let identity = LogIdentity::Key(log.public_key());
    let reader = LogReader::open(LogConfig::below(state).log_folder(), &identity).expect("a log");
    let mut all = Vec::new();
    reader
        .each(0, |_, entry| {
            all.push(entry.to_vec());
            Ok::<_, vak_audit::ReadError>(())
        })
        .expect("readable");
    (reader, all)
}

fn append(c: &mut Criterion) {
    let place = tempfile::tempdir().expect("a folder");
    let (_, entries) = fill(&place.path().join("state"), BATCH);
    let mut group = c.benchmark_group("audit/append_100k_buffered");
    group.throughput(Throughput::Elements(BATCH)).sample_size(10);
    group.bench_function("floor", |b| {
        b.iter(|| {
            let mut file = File::create(place.path().join("floor")).expect("a file");
            let mut buffer = Vec::new();
            for entry in &entries {
                black_box(Sha256::digest(entry));
                buffer.extend_from_slice(entry);
            }
            file.write_all(&buffer).expect("written");
        });
    });
    let state = place.path().join("append");
    let (mut log, mut trail) = (open(&state), trail());
    group.bench_function("vak", |b| {
        b.iter(|| {
            for i in 0..BATCH {
                log.append(black_box(&record(&mut trail, i)), NOW).expect("taken");
            }
            log.commit(NOW).expect("recorded");
        });
    });
    group.finish();
}

/// What one run of a skill pays: two commits, by a process that opens the log.
fn one_run(c: &mut Criterion) {
    let place = tempfile::tempdir().expect("a folder");
    let mut group = c.benchmark_group("audit/one_run_buffered");
    group.sample_size(20);
    group.bench_function("vak", |b| {
        b.iter_batched(
            trail,
            |mut trail| {
                let mut log = open(place.path());
                for of in 0..2 {
                    log.append(&record(&mut trail, of), NOW).expect("taken");
                    log.commit(NOW).expect("recorded");
                }
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn verify(c: &mut Criterion) {
    let place = tempfile::tempdir().expect("a folder");
    let (reader, entries) = fill(place.path(), 1_000_000);
    let mut group = c.benchmark_group("audit/verify_1m");
    group.throughput(Throughput::Elements(entries.len() as u64)).sample_size(10);
    group.bench_function("floor", |b| {
        b.iter(|| entries.iter().map(|entry| Sha256::digest(entry)[0] as u64).sum::<u64>())
    });
    group.bench_function("vak", |b| b.iter(|| reader.check(None).expect("whole")));
    group.finish();
}

criterion_group!(benches, append, one_run, verify);
criterion_main!(benches);
