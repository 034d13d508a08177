//! Dead Simple Signing Envelopes 1.0.2: a payload, its type, and signatures over both.
//!
//! What is used is what was verified: the payload is decoded once, and an envelope gives it out only together with the
//! keys that signed it. Key ids choose which key is tried first, and decide nothing.

use std::collections::BTreeSet;

use base64ct::{Base64, Base64Url, Encoding as _};
use serde::{Deserialize, Serialize};
use vak_package::parse_json;

use crate::key::{PublicKey, Role, SecretKey, TufKeyId};

/// The largest envelope that is looked at, in bytes.
pub(crate) const MAX_ENVELOPE_BYTES: usize = 1 << 20;

/// The most signatures of one envelope: each may be tried with every key.
const MAX_SIGNATURES: usize = 64;

/// A payload with signatures that nobody has checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    payload_type: String,
    payload: Vec<u8>,
    signatures: Vec<EnvelopeSignature>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct EnvelopeSignature {
    key_id: Option<TufKeyId>,
    signature: [u8; 64],
}

/// What an envelope holds, and who signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<'a> {
    /// The very bytes that were signed.
    pub payload: &'a [u8],
    /// The keys that signed them: each once, however many signatures it made.
    pub signers: BTreeSet<PublicKey>,
}

/// Why an envelope can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// It is not of the form.
    #[error("not a signed envelope: {0}")]
    Malformed(String),
    /// It holds something else.
    #[error("the envelope holds `{found}`, not `{expected}`")]
    PayloadType {
        /// What was asked for.
        expected: &'static str,
        /// What there is, fit to be shown.
        found: String,
    },
    /// Fewer keys have signed than are needed.
    #[error("{signed} of the {needed} keys that are needed have signed")]
    Threshold {
        /// How many have.
        signed: usize,
        /// How many must.
        needed: usize,
    },
}

#[derive(Serialize, Deserialize)]
struct Wire {
    payload: String,
    #[serde(rename = "payloadType")]
    payload_type: String,
    signatures: Vec<WireSignature>,
}

#[derive(Serialize, Deserialize)]
struct WireSignature {
    #[serde(default)]
    keyid: String,
    sig: String,
}

/// What is signed: type and payload, each with its length, so that neither can pass for a part of the other.
#[must_use]
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

impl Envelope {
    /// An envelope that nobody has signed yet.
    #[must_use]
    pub fn new(payload_type: &str, payload: Vec<u8>) -> Self {
        Self { payload_type: payload_type.to_owned(), payload, signatures: Vec::new() }
    }

    /// Reads an envelope from JSON. Base64 may be of either alphabet; members that DSSE does not define are ignored.
    ///
    /// # Errors
    /// It is too large, not strict JSON, or has signatures that are not of Ed25519.
    pub fn read(json: &[u8]) -> Result<Self, EnvelopeError> {
        let malformed = |what: &str| EnvelopeError::Malformed(what.to_owned());
        if json.len() > MAX_ENVELOPE_BYTES {
            return Err(malformed("it is larger than 1 MiB"));
        }
        let value = parse_json(json).map_err(|error| malformed(&vak_model::printable(&error.to_string(), 200)))?;
        let wire: Wire =
            serde_json::from_value(value).map_err(|error| malformed(&vak_model::printable(&error.to_string(), 200)))?;
        if wire.signatures.len() > MAX_SIGNATURES {
            return Err(malformed("it has more than 64 signatures"));
        }
        let payload = base64(&wire.payload).ok_or_else(|| malformed("its payload is not base64"))?;
        let signatures = wire.signatures.into_iter().map(read_signature).collect::<Option<_>>();
        let signatures = signatures.ok_or_else(|| malformed("a signature is not the base64 of 64 bytes"))?;
        Ok(Self { payload_type: wire.payload_type, payload, signatures })
    }

    /// The envelope as canonical JSON, in standard base64.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let wire = Wire {
            payload: Base64::encode_string(&self.payload),
            payload_type: self.payload_type.clone(),
            signatures: self.signatures.iter().map(EnvelopeSignature::wire).collect(),
        };
        // Strings in structs: there is nothing in it that has no canonical form.
        serde_json_canonicalizer::to_vec(&wire).unwrap_or_default()
    }

    /// Adds the signature of `key`, in the place of one that it made before.
    pub fn sign<R: Role>(&mut self, key: &SecretKey<R>) {
        let signature = key.sign(&pae(&self.payload_type, &self.payload));
        let key_id = Some(key.public().tuf_key_id());
        self.signatures.retain(|earlier| earlier.key_id != key_id);
        self.signatures.push(EnvelopeSignature { key_id, signature });
    }

    /// What is in the envelope, whoever signed it.
    ///
    /// # Errors
    /// It holds something else than `payload_type`.
    pub(crate) fn unverified(&self, payload_type: &'static str) -> Result<&[u8], EnvelopeError> {
        if self.payload_type == payload_type {
            return Ok(&self.payload);
        }
        let found = vak_model::printable(&self.payload_type, 80);
        Err(EnvelopeError::PayloadType { expected: payload_type, found })
    }

    /// The payload, if at least `threshold` of `keys` have signed it as `payload_type`.
    ///
    /// # Errors
    /// It holds something else, or too few have signed. A threshold of 0 is never reached.
    pub fn open(
        &self,
        payload_type: &'static str,
        keys: &BTreeSet<PublicKey>,
        threshold: usize,
    ) -> Result<Verified<'_>, EnvelopeError> {
        let payload = self.unverified(payload_type)?;
        let message = pae(&self.payload_type, payload);
        let signers: BTreeSet<_> = self.signatures.iter().filter_map(|one| one.signer(&message, keys)).collect();
        if signers.len() < threshold.max(1) {
            return Err(EnvelopeError::Threshold { signed: signers.len(), needed: threshold.max(1) });
        }
        Ok(Verified { payload, signers })
    }

    /// Whether two signatures say to be of the same key.
    pub(crate) fn has_doubled_key_ids(&self) -> bool {
        let ids: Vec<_> = self.signatures.iter().filter_map(|signature| signature.key_id).collect();
        ids.iter().collect::<BTreeSet<_>>().len() != ids.len()
    }
}

impl EnvelopeSignature {
    /// The key that made it: the one that it names, if that is known, else any.
    fn signer(&self, message: &[u8], keys: &BTreeSet<PublicKey>) -> Option<PublicKey> {
        let named = self.key_id.and_then(|id| keys.iter().find(|key| key.tuf_key_id() == id));
        match named {
            Some(key) => key.verifies(message, &self.signature).then_some(*key),
            None => keys.iter().find(|key| key.verifies(message, &self.signature)).copied(),
        }
    }

    fn wire(&self) -> WireSignature {
        let keyid = self.key_id.map(|id| id.to_string()).unwrap_or_default();
        WireSignature { keyid, sig: Base64::encode_string(&self.signature) }
    }
}

/// A key id of another form is a hint that helps nobody here.
fn read_signature(wire: WireSignature) -> Option<EnvelopeSignature> {
    let signature = base64(&wire.sig)?.try_into().ok()?;
    Some(EnvelopeSignature { key_id: TufKeyId::try_from(wire.keyid).ok(), signature })
}

fn base64(text: &str) -> Option<Vec<u8>> {
    Base64::decode_vec(text).or_else(|_| Base64Url::decode_vec(text)).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::key::{Root, RootKey};

    const TYPE: &str = "application/vnd.in-toto+json";

    fn key(seed: u8) -> SecretKey<Root> {
        RootKey::from_seed(&[seed; 32])
    }

    fn keys(seeds: &[u8]) -> BTreeSet<PublicKey> {
        seeds.iter().map(|seed| key(*seed).public()).collect()
    }

    fn signed(seeds: &[u8]) -> Envelope {
        let mut envelope = Envelope::new(TYPE, b"{\"a\":\"\xc3\xbf\xc3\xbe>>>\"}".to_vec());
        seeds.iter().for_each(|seed| envelope.sign(&key(*seed)));
        envelope
    }

    #[test]
    fn the_message_is_that_of_the_specification() {
        assert_eq!(
            pae("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
        assert_eq!(pae("", b""), b"DSSEv1 0  0 ");
    }

    #[test]
    fn an_envelope_reads_back_and_is_verified() {
        let envelope = Envelope::read(&signed(&[7, 8]).to_json()).expect("ours");
        assert_eq!(envelope, signed(&[7, 8]));
        let verified = envelope.open(TYPE, &keys(&[7, 8, 9]), 2).expect("two of three");
        assert_eq!(verified.signers, keys(&[7, 8]));
        assert_eq!(verified.payload, signed(&[]).payload);
    }

    #[test]
    fn both_alphabets_of_base64_are_read_and_unknown_members_ignored() {
        let json = String::from_utf8(signed(&[7]).to_json()).expect("text");
        let both = |text: &str| (base64(text), base64(&text.replace('+', "-").replace('/', "_")));
        let (standard, safe) = both("+/+/");
        assert_eq!(standard.expect("standard"), safe.expect("URL-safe"));
        let extra = json.replacen('{', "{\"extra\":[1],", 1);
        assert_eq!(Envelope::read(extra.as_bytes()), Ok(signed(&[7])));
    }

    #[test]
    fn v30_keys_are_counted_not_signatures() {
        let refused = |envelope: &Envelope, seeds: &[u8], threshold| {
            envelope.open(TYPE, &keys(seeds), threshold).expect_err("too few");
        };
        let mut doubled = signed(&[7]);
        let again = doubled.signatures[0].clone();
        doubled.signatures.push(EnvelopeSignature { key_id: None, ..again.clone() });
        doubled.signatures.push(EnvelopeSignature { key_id: Some(key(8).public().tuf_key_id()), ..again });
        refused(&doubled, &[7, 8, 9], 2);
        let mut broken = signed(&[7, 8]);
        broken.signatures[1].signature[40] ^= 1;
        refused(&broken, &[7, 8, 9], 2);
        refused(&signed(&[7, 9]), &[7, 8], 2);
        refused(&signed(&[]), &[7], 0);
        refused(&signed(&[7]), &[], 0);
    }

    #[test]
    fn v13_a_signature_holds_for_its_type_and_payload_alone() {
        let mut other = signed(&[7]);
        other.payload_type = "application/vnd.vak.trust-root.v1+json".to_owned();
        assert!(matches!(other.open(TYPE, &keys(&[7]), 1), Err(EnvelopeError::PayloadType { .. })));
        let relabelled = other.open("application/vnd.vak.trust-root.v1+json", &keys(&[7]), 1);
        assert!(matches!(relabelled, Err(EnvelopeError::Threshold { .. })));
        let mut changed = signed(&[7]);
        changed.payload[0] ^= 1;
        assert!(changed.open(TYPE, &keys(&[7]), 1).is_err());
    }

    #[test]
    fn v26_a_key_id_is_a_hint() {
        let mut lying = signed(&[9]);
        lying.signatures[0].key_id = Some(key(7).public().tuf_key_id());
        assert!(lying.open(TYPE, &keys(&[7]), 1).is_err(), "named, and did not sign");
        let mut nameless = signed(&[7]);
        nameless.signatures[0].key_id = None;
        assert!(nameless.open(TYPE, &keys(&[6, 7]), 1).is_ok());
        nameless.signatures[0].key_id = Some(key(9).public().tuf_key_id());
        assert!(nameless.open(TYPE, &keys(&[6, 7]), 1).is_ok(), "an unknown name helps nobody and harms nobody");
    }

    #[test]
    fn v30_the_number_of_signatures_is_bounded() {
        let mut junk = signed(&[7]);
        junk.signatures.resize(MAX_SIGNATURES + 1, EnvelopeSignature { key_id: None, signature: [1; 64] });
        assert!(matches!(Envelope::read(&junk.to_json()), Err(EnvelopeError::Malformed(_))));
        assert!(Envelope::read(&vec![b' '; MAX_ENVELOPE_BYTES + 1]).is_err());
    }

    #[test]
    fn other_texts_are_no_envelopes() {
        let json = String::from_utf8(signed(&[7]).to_json()).expect("text");
        for bad in [
            "",
            "{}",
            "[]",
            &json[1..],
            &json.replacen('{', "{\"payload\":\"\",", 1),
            &json.replace("\"sig\":\"", "\"sig\":\"AAAA"),
            &json.replace("\"sig\"", "\"gis\""),
            &json.replace("eyJh", "eyJ*"),
        ] {
            assert!(matches!(Envelope::read(bad.as_bytes()), Err(EnvelopeError::Malformed(_))), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_of_envelopes_panic(bytes: Vec<u8>, at in 0..200usize, with: u8) {
            let _ = Envelope::read(&bytes);
            let mut changed = signed(&[7]).to_json();
            changed[at] = with;
            if let Ok(envelope) = Envelope::read(&changed) {
                let _ = envelope.open(TYPE, &keys(&[7]), 1);
            }
        }
    }
}
