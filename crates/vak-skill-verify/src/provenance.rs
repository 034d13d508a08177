//! Who attests how an artefact was built, and whether anybody has built it again.
//!
//! Statements lie beside an artefact or are named; many may be, and each artefact looks for those that are about its own
//! bytes. What nobody trusted has signed is not read.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use vak_cli::Failure;
use vak_model::Code;
use vak_package::{Artefact as _, FileError, Specimen, read_file, sha256};
use vak_trust::{
    Attestation, AttestationError, Builders, Envelope, PROVENANCE_TYPE, Provenance, PublicKey, REPRODUCED,
    VERIFICATION_TYPE, VerificationResult,
};

use crate::Inspector;
use crate::check::{Check, CheckId, Verdict};
use crate::gate::ProvenanceRule;

/// The largest file of statements that is read, in bytes.
const MAX_BYTES: u64 = 4 << 20;

/// The most statements of one file: each may be tried with every key.
const MAX_ENVELOPES: usize = 64;

/// Statements that nobody has checked yet; or a file beside an artefact that holds none.
#[derive(Clone, Debug, Default)]
pub struct Attestations(Vec<Result<Envelope, AttestationError>>);

impl Attestations {
    /// Reads the files that were named: envelopes, one a line, or one over all lines.
    ///
    /// # Errors
    /// One can't be read.
    pub fn read(paths: &[PathBuf]) -> Result<Self, Failure> {
        let files = paths.iter().map(|path| {
            read_file(path, MAX_BYTES).map(|bytes| envelopes(&bytes)).map_err(|error| {
                let code = if matches!(error, FileError::TooLarge { .. }) {
                    Code::ProvenanceMalformed
                } else {
                    Code::FileRead
                };
                Failure::of(code, &error)
            })
        });
        Ok(Self(files.collect::<Result<Vec<_>, _>>()?.concat()))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// These, and those that lie beside the artefact.
    fn beside(&self, file: &Path) -> Self {
        let mut name = file.as_os_str().to_owned();
        name.push(".intoto.jsonl");
        let beside = match read_file(Path::new(&name), MAX_BYTES) {
            Ok(bytes) => envelopes(&bytes),
            Err(FileError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Vec::new(),
            Err(_) => vec![malformed("the file beside the artefact can't be read")],
        };
        Self([self.0.clone(), beside].concat())
    }
}

fn malformed(what: &str) -> Result<Envelope, AttestationError> {
    Err(AttestationError::Malformed(what.to_owned()))
}

fn envelopes(bytes: &[u8]) -> Vec<Result<Envelope, AttestationError>> {
    if let Ok(one) = Envelope::read(bytes) {
        return vec![Ok(one)];
    }
    let lines: Vec<_> = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).collect();
    match lines.len() {
        0 => vec![malformed("there is no statement in the file")],
        1..=MAX_ENVELOPES => {
            lines.into_iter().map(|line| Envelope::read(line).map_err(AttestationError::from)).collect()
        }
        _ => vec![malformed("there are more than 64 statements in the file")],
    }
}

/// What builders say about an artefact.
pub(crate) fn checks(inspector: &Inspector, specimen: &Specimen, file: &Path) -> Vec<Check> {
    let rule = &inspector.gate.provenance;
    let builders = match rule.keys.is_empty() {
        true => inspector.trust.builders(inspector.now),
        false => Builders { keys: rule.keys.clone(), threshold: 1 },
    };
    let opened: Vec<_> =
        inspector.attestations.beside(file).0.into_iter().map(|envelope| open(envelope, &builders)).collect();
    let (valid, provenance) = valid(&opened, specimen, rule);
    vec![valid, builder(provenance.as_ref(), rule), reproduced(&opened, specimen, rule)]
}

fn open(envelope: Result<Envelope, AttestationError>, builders: &Builders) -> Result<Attestation, AttestationError> {
    Attestation::open(&envelope?, builders)
}

/// The provenance of these bytes; else why what there is is none: the gravest reason of what comes nearest.
fn valid(
    opened: &[Result<Attestation, AttestationError>],
    specimen: &Specimen,
    rule: &ProvenanceRule,
) -> (Check, Option<Provenance>) {
    let check = |verdict, message: String| Check::new(CheckId::ProvenanceValid, verdict, message);
    let mut other = None;
    let mut failed = None;
    for one in opened {
        let read =
            one.as_ref().map_err(Clone::clone).and_then(|one| Ok((one, one.predicate::<Provenance>(PROVENANCE_TYPE)?)));
        match read {
            Ok((one, Some(provenance))) if one.statement.is_about(specimen.id().0) => {
                return (attested(one, &provenance, specimen, rule), Some(provenance));
            }
            Ok((one, Some(_))) => other = other.or(one.statement.subject.first().cloned()),
            Ok((_, None)) => {}
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    let check = match (other, failed) {
        (Some(subject), _) => {
            let named = vak_model::printable(&subject.name, 80);
            let message = format!("the provenance is that of another artefact, called `{named}`");
            check(Verdict::Failed(Code::ProvenanceSubject), message)
        }
        (None, Some(error)) => check(Verdict::Failed(error.code()), error.to_string()),
        (None, None) => check(Verdict::Skipped, "nobody attests how it was built".to_owned()),
    };
    (check, None)
}

/// What is attested of these very bytes, if they were built in a way that is known.
fn attested(one: &Attestation, provenance: &Provenance, specimen: &Specimen, rule: &ProvenanceRule) -> Check {
    let check = |verdict, message: String| Check::new(CheckId::ProvenanceValid, verdict, message);
    let build_type = &provenance.build_definition.build_type;
    if !rule.build_types.contains(build_type) {
        let shown = vak_model::printable(build_type, 120);
        return check(
            Verdict::Failed(Code::ProvenanceBuilder),
            format!("it was built in the way `{shown}`, which may not be"),
        );
    }
    let keys = list(&one.signers);
    let bytes = match one.statement.is_about(sha256(specimen.bytes())) {
        true => "this very file",
        false => "this module, which has been signed since",
    };
    let count = provenance.build_definition.resolved_dependencies.len();
    check(Verdict::Ok, format!("{keys} attests how {bytes} was built, from {count} inputs"))
}

fn builder(provenance: Option<&Provenance>, rule: &ProvenanceRule) -> Check {
    let check = |verdict, message: String| Check::new(CheckId::ProvenanceBuilder, verdict, message);
    let Some(provenance) = provenance else {
        return check(Verdict::Skipped, "nobody attests who built it".to_owned());
    };
    let id = &provenance.run_details.builder.id;
    let shown = vak_model::printable(id, 120);
    match rule.builders.contains(id) {
        true => check(Verdict::Ok, format!("built by `{shown}`")),
        false => check(Verdict::Failed(Code::ProvenanceBuilder), format!("built by `{shown}`, which may not build it")),
    }
}

/// Whether enough different keys attest to have built the same bytes.
fn reproduced(opened: &[Result<Attestation, AttestationError>], specimen: &Specimen, rule: &ProvenanceRule) -> Check {
    let check = |verdict, message: String| Check::new(CheckId::Reproduced, verdict, message);
    let rebuilt = opened.iter().filter_map(|one| one.as_ref().ok()).filter(|one| {
        let result = one.predicate::<VerificationResult>(VERIFICATION_TYPE).ok().flatten();
        let same = result.is_some_and(|result| result.properties.iter().any(|property| property == REPRODUCED));
        same && one.statement.is_about(specimen.id().0)
    });
    let keys: BTreeSet<PublicKey> = rebuilt.flat_map(|one| one.signers.iter().copied()).collect();
    match keys.len() {
        0 => check(Verdict::Skipped, "nobody trusted attests to have built it again".to_owned()),
        count if count < rule.rebuilders => {
            let needed = rule.rebuilders;
            check(
                Verdict::Warning,
                format!("{count} of the {needed} keys that are needed attest to have built it again"),
            )
        }
        _ => check(Verdict::Ok, format!("{} attests to have built the same bytes again", list(&keys))),
    }
}

fn list(keys: &BTreeSet<PublicKey>) -> String {
    keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
