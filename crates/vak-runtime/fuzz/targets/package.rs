//! Artefacts: whatever the bytes, reading ends with a package or with whose fault it is, and never with a bug's code. What is
//! read can be written again, and is then the same artefact.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vak_model::Fault;
use vak_package::{Artefact, Bounds, Package, RawModule, embed_manifest, embed_signature};

fuzz_target!(|data: &[u8]| {
    let bounds = Bounds::default();
    if let Err(error) = RawModule::read(data.to_vec(), &bounds) {
        assert_ne!(error.code().fault(), Fault::Bug, "{error}");
    }
    match Package::read(data.to_vec(), &bounds) {
        Err(error) => assert_ne!(error.code().fault(), Fault::Bug, "{error}"),
        Ok(package) => {
            let written = embed_manifest(package.bytes(), package.document(), &bounds).expect("well-formed");
            Package::read(written, &bounds).expect("a package with its own manifest");
            let signed = Package::read(embed_signature(&package, b"no signature"), &bounds);
            assert!(signed.is_ok_and(|signed| signed.id() == package.id()), "a signature changes no identity");
        }
    }
});
