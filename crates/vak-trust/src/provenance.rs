//! How an artefact was built: an in-toto statement whose predicate is SLSA's provenance 1, to be signed in an envelope.
//!
//! These are the types of both sides: who builds writes them, who verifies reads them. Reading takes strict JSON of a
//! bounded size and refuses what has another type; members that are not listed here are other people's, and are ignored,
//! as in-toto asks. Nothing here is true before [`Envelope::open`](crate::Envelope::open) has said who signed it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vak_model::Digest;
use vak_package::parse_json;

use crate::dsse::Envelope;
use crate::key::{Builder, SecretKey};
use crate::time::Timestamp;

/// The type of payloads that are statements of in-toto.
pub const STATEMENT_PAYLOAD: &str = "application/vnd.in-toto+json";

/// What a statement of in-toto says to be.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

/// The predicate of a statement that says how its subjects were built.
pub const PROVENANCE_PREDICATE: &str = "https://slsa.dev/provenance/v1";

/// A build by `vak-skill-build` on its author's machine: SLSA's build level 1, since nobody watches it.
pub const LOCAL_BUILDER: &str = "urn:vak:builder:local:v1";

/// A cargo package compiled for WebAssembly.
pub const BUILD_TYPE_RUST: &str = "urn:vak:build:cargo-wasm:v1";

/// Sources in C compiled by clang.
pub const BUILD_TYPE_C: &str = "urn:vak:build:clang-wasm:v1";

/// The text of a module, translated.
pub const BUILD_TYPE_WAT: &str = "urn:vak:build:wat:v1";

/// What the name of a subject ends with that is the artefact without its signature section: its digest is the module id.
pub const DETACHED: &str = "#detached";

/// A statement that says how its subjects were built.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProvenanceStatement {
    /// [`STATEMENT_TYPE`].
    #[serde(rename = "_type")]
    pub kind: String,
    /// What was built. Subjects are matched by digest, never by name.
    pub subject: Vec<Subject>,
    /// [`PROVENANCE_PREDICATE`].
    #[serde(rename = "predicateType")]
    pub predicate_type: String,
    /// How.
    pub predicate: Provenance,
}

/// Something that was built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// For people.
    pub name: String,
    /// Which bytes.
    pub digest: DigestSet,
}

/// Digests of the same thing, each by the name of its algorithm, in lower-case hex.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DigestSet(pub BTreeMap<String, String>);

/// SLSA's provenance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Provenance {
    /// What was to be built.
    pub build_definition: BuildDefinition,
    /// Who built it, and when.
    pub run_details: RunDetails,
}

/// What was to be built, and from what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BuildDefinition {
    /// How the parameters are to be read, such as [`BUILD_TYPE_RUST`].
    pub build_type: String,
    /// What the author chose.
    pub external_parameters: ExternalParameters,
    /// What the builder chose.
    #[serde(default)]
    pub internal_parameters: InternalParameters,
    /// What went into it besides: crates, the lock file, the compiler.
    #[serde(default)]
    pub resolved_dependencies: Vec<ResourceDescriptor>,
}

/// What the author chose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalParameters {
    /// The source code.
    pub source: ResourceDescriptor,
    /// The skill's package, or its name where there is no package.
    pub package: String,
    /// The profile that it was compiled with.
    pub profile: String,
    /// What it was compiled for.
    pub target: String,
    /// The features that were chosen.
    #[serde(default)]
    pub features: Vec<String>,
}

/// What the builder chose.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InternalParameters {
    /// Flags of the compiler, with the places of this machine taken out.
    #[serde(default)]
    pub rustflags: Vec<String>,
    /// Variables that builds can see.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
}

/// Something that went into a build.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceDescriptor {
    /// Where it is from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Which bytes.
    #[serde(default, skip_serializing_if = "DigestSet::is_empty")]
    pub digest: DigestSet,
    /// What else is known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// Who built it, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunDetails {
    /// Who built it.
    pub builder: BuilderIdentity,
    /// When.
    pub metadata: BuildMetadata,
    /// What else came out of it.
    #[serde(default)]
    pub byproducts: Vec<ResourceDescriptor>,
}

/// Who built it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuilderIdentity {
    /// The kind of builder, such as [`LOCAL_BUILDER`].
    pub id: String,
    /// The versions of its parts.
    #[serde(default)]
    pub version: BTreeMap<String, String>,
}

/// One build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BuildMetadata {
    /// The build's own name: a random UUID.
    pub invocation_id: String,
    /// When it began.
    pub started_on: Timestamp,
    /// When it ended.
    pub finished_on: Timestamp,
}

/// Why a payload is no statement of provenance.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a statement of provenance: {0}")]
pub struct InvalidProvenance(String);

impl DigestSet {
    /// Of one SHA-256.
    #[must_use]
    pub fn sha256(digest: Digest) -> Self {
        Self::of("sha256", digest.to_string().trim_start_matches("sha256:"))
    }

    /// Of one algorithm.
    #[must_use]
    pub fn of(algorithm: &str, hex: &str) -> Self {
        Self(BTreeMap::from([(algorithm.to_owned(), hex.to_owned())]))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The SHA-256, if there is one and it is one.
    #[must_use]
    pub fn get_sha256(&self) -> Option<Digest> {
        self.0.get("sha256").and_then(|hex| format!("sha256:{hex}").parse().ok())
    }
}

impl ProvenanceStatement {
    /// That `subject` was built so.
    #[must_use]
    pub fn new(subject: Vec<Subject>, predicate: Provenance) -> Self {
        Self { kind: STATEMENT_TYPE.to_owned(), subject, predicate_type: PROVENANCE_PREDICATE.to_owned(), predicate }
    }

    /// Reads the payload of an envelope: give it what [`Envelope::open`](crate::Envelope::open) gave out.
    ///
    /// # Errors
    /// It is not strict JSON, or a statement of another kind.
    pub fn read(payload: &[u8]) -> Result<Self, InvalidProvenance> {
        let shown = |error: &dyn std::error::Error| InvalidProvenance(vak_model::printable(&error.to_string(), 200));
        let value = parse_json(payload).map_err(|error| shown(&error))?;
        for (member, expected) in [("_type", STATEMENT_TYPE), ("predicateType", PROVENANCE_PREDICATE)] {
            if value[member] != expected {
                return Err(InvalidProvenance(format!("its `{member}` is not `{expected}`")));
            }
        }
        serde_json::from_value(value).map_err(|error| shown(&error))
    }

    /// The statement in an envelope that nobody has signed yet, as canonical JSON.
    #[must_use]
    pub fn to_envelope(&self) -> Envelope {
        // Texts, maps of texts and times: there is nothing in it that has no canonical form.
        Envelope::new(STATEMENT_PAYLOAD, serde_json_canonicalizer::to_vec(self).unwrap_or_default())
    }

    /// The statement, signed by a builder.
    #[must_use]
    pub fn sign(&self, key: &SecretKey<Builder>) -> Envelope {
        let mut envelope = self.to_envelope();
        envelope.sign(key);
        envelope
    }

    /// Whether one of its subjects is what has this digest.
    #[must_use]
    pub fn is_about(&self, digest: Digest) -> bool {
        self.subject.iter().any(|subject| subject.digest.get_sha256() == Some(digest))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::key::BuilderKey;

    fn digest(byte: u8) -> Digest {
        Digest::from_bytes([byte; 32])
    }

    fn statement() -> ProvenanceStatement {
        let time: Timestamp = "2026-11-21T00:00:00Z".parse().expect("a time");
        let source = ResourceDescriptor {
            uri: Some("git+file:.".to_owned()),
            digest: DigestSet::of("gitCommit", &"0".repeat(40)),
            ..ResourceDescriptor::default()
        };
        let subject = |name: &str, byte| Subject { name: name.to_owned(), digest: DigestSet::sha256(digest(byte)) };
        ProvenanceStatement::new(
            vec![subject("square.wasm", 1), subject("square.wasm#detached", 2)],
            Provenance {
                build_definition: BuildDefinition {
                    build_type: BUILD_TYPE_RUST.to_owned(),
                    external_parameters: ExternalParameters {
                        source,
                        package: "square".to_owned(),
                        profile: "release".to_owned(),
                        target: "wasm32-unknown-unknown".to_owned(),
                        features: Vec::new(),
                    },
                    internal_parameters: InternalParameters::default(),
                    resolved_dependencies: Vec::new(),
                },
                run_details: RunDetails {
                    builder: BuilderIdentity { id: LOCAL_BUILDER.to_owned(), version: BTreeMap::new() },
                    metadata: BuildMetadata { invocation_id: "1".to_owned(), started_on: time, finished_on: time },
                    byproducts: Vec::new(),
                },
            },
        )
    }

    #[test]
    fn what_a_builder_signs_is_read_back_by_who_knows_its_key() {
        let key = BuilderKey::from_seed(&[7; 32]);
        let envelope = Envelope::read(&statement().sign(&key).to_json()).expect("ours");
        let keys = BTreeSet::from([key.public()]);
        let verified = envelope.open(STATEMENT_PAYLOAD, &keys, 1).expect("signed");
        let read = ProvenanceStatement::read(verified.payload).expect("a statement");
        assert_eq!(read, statement());
        assert!(read.is_about(digest(1)) && read.is_about(digest(2)) && !read.is_about(digest(3)));
    }

    #[test]
    fn members_have_the_names_of_in_toto_and_slsa() {
        let json = serde_json::to_value(statement()).expect("JSON");
        assert_eq!(json["_type"], "https://in-toto.io/Statement/v1");
        assert_eq!(json["subject"][0]["digest"]["sha256"], "01".repeat(32));
        let predicate = &json["predicate"];
        assert_eq!(predicate["buildDefinition"]["externalParameters"]["source"]["uri"], "git+file:.");
        assert_eq!(predicate["runDetails"]["metadata"]["startedOn"], "2026-11-21T00:00:00Z");
        for member in ["internalParameters", "resolvedDependencies", "buildType"] {
            assert!(predicate["buildDefinition"].get(member).is_some(), "{member}");
        }
    }

    #[test]
    fn other_statements_are_none_of_provenance_and_unknown_members_are_ignored() {
        let json = serde_json::to_string(&statement()).expect("JSON");
        assert!(ProvenanceStatement::read(json.replace("{\"_type\"", "{\"more\":[1],\"_type\"").as_bytes()).is_ok());
        for bad in [
            "",
            "{}",
            "[]",
            &json.replace("Statement/v1", "Statement/v0.1"),
            &json.replace("provenance/v1", "provenance/v0.2"),
            &json.replace("\"_type\"", "\"_type\":\"x\",\"_type\""),
            &json.replace("2026-11-21", "2026-11-41"),
            &json.replace("\"buildType\"", "\"kind\""),
        ] {
            assert!(ProvenanceStatement::read(bad.as_bytes()).is_err(), "{bad}");
        }
        let mut other = statement();
        other.subject[0].digest = DigestSet::of("sha256", "01");
        assert!(!other.is_about(digest(1)));
    }
}
