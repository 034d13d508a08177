//! Trust roots, keys, envelopes, and signature sections: no bytes make a panic, and none make a signature of a key that has
//! signed nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vak_package::{Bounds, RawModule, embed_signature};
use vak_trust::{
    Envelope, PublicKey, PublisherKey, RootProposal, SignedRoot, Timestamp, Trust, admit, claimed_signers,
};

fuzz_target!(|data: &[u8]| {
    if let Ok(root) = SignedRoot::read(data) {
        assert!(SignedRoot::read(&root.to_json()).is_ok(), "what was read is written as something else");
    }
    if let Ok(proposal) = RootProposal::read(data) {
        assert!(RootProposal::read(&proposal.to_json()).is_ok(), "what was read is written as something else");
    }
    if let Ok(envelope) = Envelope::read(data) {
        assert!(Envelope::read(&envelope.to_json()).is_ok(), "what was read is written as something else");
    }
    let _ = PublicKey::read(data);
    section(data);
});

/// The bytes as what signs a module.
fn section(payload: &[u8]) {
    let bounds = Bounds::default();
    let module = RawModule::read(b"\0asm\x01\0\0\0".to_vec(), &bounds).expect("the smallest module");
    let Ok(signed) = RawModule::read(embed_signature(&module, payload), &bounds) else { return };
    let _ = claimed_signers(&signed, &[]);
    let silent = PublisherKey::from_seed(&[99; 32]).public();
    assert!(admit(signed, &Trust::key(silent), Timestamp::EPOCH).is_err(), "a signature of nobody's");
}
