//! Attestations: what builders and rebuilders say about an artefact, as in-toto statements in signed envelopes.
//!
//! The shapes are those of in-toto's Statement v1, of SLSA's provenance v1, and of in-toto's simple verification result
//! v0.2; both who writes them and who reads them takes them from here. A statement is given out only with the keys that
//! signed it, and a subject is known by its digest alone: its name is for people.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use vak_model::{Code, Digest};
use vak_package::parse_json;

use crate::dsse::{Envelope, EnvelopeError};
use crate::key::PublicKey;
use crate::root::{KeyRole, KeyState};
use crate::time::Timestamp;
use crate::trust::Trust;

/// What an envelope with a statement says that it holds.
pub const STATEMENT_PAYLOAD: &str = "application/vnd.in-toto+json";

/// The only type of statements.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

/// The type of [`Provenance`].
pub const PROVENANCE_TYPE: &str = "https://slsa.dev/provenance/v1";

/// The type of [`VerificationResult`].
pub const VERIFICATION_TYPE: &str = "https://in-toto.io/attestation/svr/v0.2";

/// The property of an artefact that somebody has built again, bit by bit the same.
pub const REPRODUCED: &str = "VAK_REPRODUCED_BITWISE";

/// How `vak-skill-build` builds: cargo packages, C by clang, and WAT.
pub const BUILD_TYPES: [&str; 3] =
    ["urn:vak:build:cargo-wasm:v1", "urn:vak:build:clang-wasm:v1", "urn:vak:build:wat:v1"];

/// The builder that is a person's own machine.
pub const LOCAL_BUILDER: &str = "urn:vak:builder:local:v1";

/// What somebody says about artefacts. Members that are not known here are ignored, as in-toto has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement<P> {
    /// [`STATEMENT_TYPE`].
    #[serde(rename = "_type")]
    pub statement_type: String,
    /// What it is about.
    pub subject: Vec<Subject>,
    /// What kind of thing is said.
    pub predicate_type: String,
    /// What is said.
    pub predicate: P,
}

/// An artefact that a statement is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// What it is called, for people.
    #[serde(default)]
    pub name: String,
    /// Which bytes it is.
    pub digest: DigestSet,
}

/// The digests of one thing. Others than SHA-256 are not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestSet {
    /// 64 lower-case hex digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

impl From<Digest> for DigestSet {
    fn from(digest: Digest) -> Self {
        Self { sha256: Some(digest.to_string().trim_start_matches("sha256:").to_owned()) }
    }
}

/// How an artefact was built.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Provenance {
    /// What went in.
    pub build_definition: BuildDefinition,
    /// Who did it, and when.
    pub run_details: RunDetails,
}

/// What went into a build.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BuildDefinition {
    /// How the parameters are meant; one of [`BUILD_TYPES`].
    pub build_type: String,
    /// What whoever asked for the build has chosen.
    pub external_parameters: Map<String, Value>,
    /// What the builder has chosen.
    #[serde(default)]
    pub internal_parameters: Map<String, Value>,
    /// What was taken from elsewhere: crates by their checksums, the lock file, the compiler.
    #[serde(default)]
    pub resolved_dependencies: Vec<Resource>,
}

/// Something that a build took or made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// Where it is from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Which bytes it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<DigestSet>,
    /// What else is known of it.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub annotations: Map<String, Value>,
}

/// Who built, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunDetails {
    /// Who.
    pub builder: BuilderIdentity,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BuildMetadata>,
    /// What else came of it.
    #[serde(default)]
    pub byproducts: Vec<Resource>,
}

/// A builder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BuilderIdentity {
    /// Which one, as a URI.
    pub id: String,
    /// The versions of its parts.
    #[serde(default)]
    pub version: Map<String, Value>,
}

/// When something was built.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BuildMetadata {
    /// Which run of the builder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invocation_id: Option<String>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_on: Option<String>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_on: Option<String>,
}

/// What somebody has found out about an artefact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerificationResult {
    /// Who.
    pub verifier: Verifier,
    /// When.
    pub time_created: String,
    /// What holds, such as [`REPRODUCED`].
    pub properties: Vec<String>,
}

/// Who has found something out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verifier {
    /// Which one, as a URI.
    pub id: String,
}

impl<P> Statement<P> {
    /// A statement of that type about `subject`.
    #[must_use]
    pub fn new(subject: Vec<Subject>, predicate_type: &str, predicate: P) -> Self {
        let (statement_type, predicate_type) = (STATEMENT_TYPE.to_owned(), predicate_type.to_owned());
        Self { statement_type, subject, predicate_type, predicate }
    }

    /// Whether it is about these bytes.
    #[must_use]
    pub fn is_about(&self, digest: Digest) -> bool {
        let wanted = DigestSet::from(digest);
        self.subject.iter().any(|subject| subject.digest.sha256.is_some() && subject.digest == wanted)
    }
}

impl<P: Serialize> Statement<P> {
    /// The statement in an envelope that nobody has signed yet.
    ///
    /// # Errors
    /// The predicate has no form in JSON.
    pub fn envelope(&self) -> Result<Envelope, AttestationError> {
        let payload = serde_json_canonicalizer::to_vec(self);
        let payload = payload.map_err(|error| AttestationError::Malformed(error.to_string()))?;
        Ok(Envelope::new(STATEMENT_PAYLOAD, payload))
    }
}

/// Whose attestations count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Builders {
    /// Their keys.
    pub keys: BTreeSet<PublicKey>,
    /// How many of them must have signed.
    pub threshold: usize,
}

impl Trust {
    /// The keys of the role `builder` that are good at `now`; or the one key that is trusted for everything.
    #[must_use]
    pub fn builders(&self, now: Timestamp) -> Builders {
        let Some(root) = self.signed_root().map(crate::root::SignedRoot::root) else {
            return Builders { keys: self.single_key().copied().into_iter().collect(), threshold: 1 };
        };
        let usable = !(root.is_expired(now) && self.refuses_expired());
        let role = root.roles().find(|(role, _)| **role == KeyRole::Builder && usable).map(|(_, keys)| keys);
        let good = |id| root.key(id).filter(|key| key.state(now) == KeyState::Good).map(|key| key.key);
        let keys = role.into_iter().flat_map(|role| role.keys.iter().filter_map(|id| good(*id))).collect();
        Builders { keys, threshold: role.map_or(1, |role| role.threshold) }
    }
}

/// What is attested, and by whom.
#[derive(Clone, Debug)]
pub struct Attestation {
    /// What is said.
    pub statement: Statement<Value>,
    /// The keys that signed it and count.
    pub signers: BTreeSet<PublicKey>,
}

/// Why an envelope attests nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AttestationError {
    /// It is not of the form.
    #[error("the attestation is malformed: {0}")]
    Malformed(String),
    /// Too few builders that are trusted have signed it.
    #[error("the attestation is signed by {signed} of the {needed} keys of builders that are needed")]
    Untrusted {
        /// How many have.
        signed: usize,
        /// How many must.
        needed: usize,
    },
}

impl AttestationError {
    /// What the error is called.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Malformed(_) => Code::ProvenanceMalformed,
            Self::Untrusted { .. } => Code::ProvenanceUntrusted,
        }
    }
}

impl From<EnvelopeError> for AttestationError {
    fn from(error: EnvelopeError) -> Self {
        match error {
            EnvelopeError::Threshold { signed, needed } => Self::Untrusted { signed, needed },
            EnvelopeError::Malformed(_) | EnvelopeError::PayloadType { .. } => Self::Malformed(error.to_string()),
        }
    }
}

impl Attestation {
    /// Reads what is in the envelope, if enough of `builders` have signed it. What is read is what was verified.
    ///
    /// # Errors
    /// Too few have signed, or it is no statement.
    pub fn open(envelope: &Envelope, builders: &Builders) -> Result<Self, AttestationError> {
        let verified = envelope.open(STATEMENT_PAYLOAD, &builders.keys, builders.threshold)?;
        let value = parse_json(verified.payload).map_err(malformed)?;
        let statement: Statement<Value> = serde_json::from_value(value).map_err(malformed)?;
        if statement.statement_type != STATEMENT_TYPE {
            let found = vak_model::printable(&statement.statement_type, 80);
            return Err(AttestationError::Malformed(format!("it is a statement of type `{found}`")));
        }
        Ok(Self { statement, signers: verified.signers })
    }

    /// What is said, as a predicate of that type; nothing, if it is of another one.
    ///
    /// # Errors
    /// It says that it is of that type, and is not.
    pub fn predicate<P: DeserializeOwned>(&self, predicate_type: &str) -> Result<Option<P>, AttestationError> {
        if self.statement.predicate_type != predicate_type {
            return Ok(None);
        }
        serde_json::from_value(self.statement.predicate.clone()).map(Some).map_err(malformed)
    }
}

fn malformed(error: impl std::fmt::Display) -> AttestationError {
    AttestationError::Malformed(vak_model::printable(&error.to_string(), 200))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::key::{BuilderKey, RootKey};
    use crate::root::{RootDraft, TrustedKey};
    use crate::{ExpiredRoot, Timestamp};

    const DIGEST: Digest = Digest::from_bytes([7; 32]);

    fn key(seed: u8) -> BuilderKey {
        BuilderKey::from_seed(&[seed; 32])
    }

    fn builders(seeds: &[u8], threshold: usize) -> Builders {
        Builders { keys: seeds.iter().map(|seed| key(*seed).public()).collect(), threshold }
    }

    fn statement() -> Statement<Value> {
        let subject = Subject { name: "x.wasm".to_owned(), digest: DIGEST.into() };
        let predicate = json!({
            "buildDefinition": { "buildType": BUILD_TYPES[0], "externalParameters": {}, "extra": 1 },
            "runDetails": { "builder": { "id": LOCAL_BUILDER } },
        });
        Statement::new(vec![subject], PROVENANCE_TYPE, predicate)
    }

    fn signed(statement: &Statement<Value>, seeds: &[u8]) -> Envelope {
        let mut envelope = statement.envelope().expect("JSON");
        seeds.iter().for_each(|seed| envelope.sign(&key(*seed)));
        Envelope::read(&envelope.to_json()).expect("ours")
    }

    #[test]
    fn a_statement_is_given_out_with_those_who_signed_it() {
        let attestation = Attestation::open(&signed(&statement(), &[3, 4]), &builders(&[3, 5], 1)).expect("signed");
        assert_eq!(attestation.signers, builders(&[3], 1).keys);
        assert!(attestation.statement.is_about(DIGEST));
        assert!(!attestation.statement.is_about(Digest::from_bytes([8; 32])));
        let provenance: Provenance = attestation.predicate(PROVENANCE_TYPE).expect("of the form").expect("of the type");
        assert_eq!(provenance.run_details.builder.id, LOCAL_BUILDER);
        assert_eq!(attestation.predicate::<VerificationResult>(VERIFICATION_TYPE), Ok(None));
    }

    #[test]
    fn too_few_builders_or_none_that_are_trusted_attest_nothing() {
        for (seeds, builders) in [
            (&[][..], builders(&[3], 1)),
            (&[4], builders(&[3], 1)),
            (&[3], builders(&[3, 4], 2)),
            (&[3], builders(&[], 0)),
        ] {
            let error = Attestation::open(&signed(&statement(), seeds), &builders).expect_err("refused");
            assert_eq!(error.code(), Code::ProvenanceUntrusted, "{seeds:?}");
        }
    }

    #[test]
    fn what_is_no_statement_is_malformed_even_if_it_is_signed() {
        let mut other = statement();
        other.statement_type = "https://in-toto.io/Statement/v0.1".to_owned();
        let payloads = [&b"[]"[..], b"{", b"{\"_type\":\"x\",\"_type\":\"y\"}"].map(<[u8]>::to_vec);
        let mut envelopes: Vec<_> = payloads.map(|payload| Envelope::new(STATEMENT_PAYLOAD, payload)).into();
        envelopes.push(other.envelope().expect("JSON"));
        envelopes.push(Envelope::new("application/json", b"{}".to_vec()));
        for mut envelope in envelopes {
            envelope.sign(&key(3));
            let error = Attestation::open(&envelope, &builders(&[3], 1)).expect_err("refused");
            assert_eq!(error.code(), Code::ProvenanceMalformed);
        }
        let wrong = Statement::new(Vec::new(), PROVENANCE_TYPE, json!({ "buildDefinition": 1 }));
        let opened = Attestation::open(&signed(&wrong, &[3]), &builders(&[3], 1)).expect("a statement");
        assert!(opened.predicate::<Provenance>(PROVENANCE_TYPE).is_err());
    }

    #[test]
    fn builders_are_those_of_the_role_whose_time_it_is() {
        let time = |text: &str| text.parse::<Timestamp>().expect(text);
        let root_key = RootKey::from_seed(&[1; 32]);
        let mut draft = RootDraft::first(root_key.public(), time("2027-01-01T00:00:00Z"));
        let late = TrustedKey { valid_until: Some(time("2026-06-01T00:00:00Z")), ..TrustedKey::new(key(4).public()) };
        draft.add(late, KeyRole::Builder).expect("added");
        draft.add(TrustedKey::new(key(3).public()), KeyRole::Builder).expect("added");
        draft.add(TrustedKey::new(key(5).public()), "publisher:*".parse().expect("a role")).expect("added");
        let root = draft.propose().expect("consistent").sign(&root_key).complete().expect("signed");
        let trust = Trust::root(root, ExpiredRoot::Refuse);
        assert_eq!(trust.builders(time("2026-05-31T00:00:00Z")), builders(&[3, 4], 1));
        assert_eq!(trust.builders(time("2026-11-21T00:00:00Z")), builders(&[3], 1));
        assert!(trust.builders(time("2027-01-01T00:00:00Z")).keys.is_empty(), "the root has expired");
        assert_eq!(Trust::key(key(9).public()).builders(time("2026-11-21T00:00:00Z")), builders(&[9], 1));
        assert!(Trust::nobody().builders(time("2026-11-21T00:00:00Z")).keys.is_empty());
    }
}
