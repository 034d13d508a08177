//! What verifying costs, beside the bare hash of the same bytes and the other implementation of the format, in one run.
//!
//! The floor is SHA-256 over what the signature covers: a verifier has to touch every byte once.

use std::hint::black_box;
use std::io::Cursor;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use sha2::{Digest as _, Sha256};
use vak_package::{Artefact as _, Bounds, RawModule};
use vak_trust::{Earlier, PublicKeyForm, PublisherKey, Timestamp, Trust, admit, sign};

/// A module of that many bytes, nearly all of them in one section, signed.
fn signed(bytes: usize, key: &PublisherKey) -> RawModule {
    let bounds = Bounds { file_bytes: Bounds::MAX_FILE_BYTES, ..Bounds::default() };
    let mut body = b"\x04data".to_vec();
    body.extend((0..bytes).map(|i| (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()[0]));
    let mut module = b"\0asm\x01\0\0\0\0".to_vec();
    let mut size = body.len();
    while size >= 0x80 {
        module.push(size as u8 | 0x80);
        size >>= 7;
    }
    module.push(size as u8);
    module.extend(body);
    let module = RawModule::read(module, &bounds).expect("a module");
    RawModule::read(sign(&module, key, Earlier::Replace).expect("signed"), &bounds).expect("a module")
}

fn verify(c: &mut Criterion, name: &str, bytes: usize) {
    let key = PublisherKey::from_seed(&[7; 32]);
    let (module, trust) = (signed(bytes, &key), Trust::key(key.public()));
    let theirs = wasmsign2::PublicKey::from_bytes(&key.public().write(PublicKeyForm::Raw, "")).expect("their form");
    let mut group = c.benchmark_group(name);
    group.throughput(Throughput::Bytes(bytes as u64)).sample_size(20);
    group.bench_function("floor", |b| b.iter(|| Sha256::digest(black_box(module.covered()))));
    group.bench_function("vak", |b| {
        // The copy is the bench's own, and is not timed: an artefact is moved through the door.
        b.iter_batched(
            || module.clone(),
            |module| admit(module, black_box(&trust), Timestamp::EPOCH).expect("trusted"),
            BatchSize::PerIteration,
        );
    });
    group.bench_function("wasmsign2", |b| {
        b.iter(|| theirs.verify(&mut Cursor::new(black_box(module.bytes())), None).expect("trusted"));
    });
    group.finish();
}

fn verify_small(c: &mut Criterion) {
    verify(c, "trust/verify_100kb", 100_000);
}

fn verify_large(c: &mut Criterion) {
    verify(c, "trust/verify_25mb", 25_000_000);
}

criterion_group!(benches, verify_small, verify_large);
criterion_main!(benches);
