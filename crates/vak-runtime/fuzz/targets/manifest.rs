//! Manifests: as people write them, and as artefacts hold them. What is read has one canonical form, which reads back as the
//! same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vak_package::ManifestDocument;

fuzz_target!(|data: &[u8]| {
    let yaml = std::str::from_utf8(data).ok().and_then(|text| ManifestDocument::from_yaml(text).ok());
    let embedded = ManifestDocument::from_canonical(data).ok();
    assert!(
        embedded.as_ref().is_none_or(|document| document.canonical() == data),
        "another form was taken for canonical"
    );
    for document in yaml.into_iter().chain(embedded) {
        let again = ManifestDocument::from_canonical(document.canonical()).expect("its own canonical form");
        assert_eq!(again.digest(), document.digest());
    }
});
