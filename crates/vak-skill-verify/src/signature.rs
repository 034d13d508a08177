//! Who vouches for an artefact, as checks.

use vak_cli::quote;
use vak_model::Code;
use vak_package::{Artefact as _, ManifestDocument, Specimen};
use vak_trust::{AdmitError, ClaimedSigner, Signed, Signer, Standing, Timestamp, Trust, admit, claimed_signers};

use crate::check::{Check, CheckId, Verdict};
use crate::report::SignerReport;

/// Whether there is a signature. One in `skill.yaml` is one too, and whether it is this module's is another check.
pub(crate) fn present(specimen: &Specimen, yaml: Option<&ManifestDocument>, file: &str) -> Check {
    let check = |verdict, message: &str| Check::new(CheckId::SigPresent, verdict, message);
    let is_filled = yaml.is_some_and(|yaml| yaml.manifest().signature.is_some());
    match specimen.signature() {
        Some(_) => check(Verdict::Ok, "there is a signature"),
        None if is_filled => check(Verdict::Ok, "there is a signature in `skill.yaml`"),
        None => check(Verdict::Failed(Code::SignatureMissing), "not signed")
            .next(format!("vak-skill-sign {}", quote(file)), "sign it with your key"),
    }
}

/// Whether enough of those whom `trust` names have made it; and who they are.
pub(crate) fn threshold(
    specimen: Specimen,
    file: &str,
    key_hints: &[String],
    trust: &Trust,
    now: Timestamp,
) -> (Check, Vec<Signer>) {
    let check = |verdict, message: String| Check::new(CheckId::SigThreshold, verdict, message);
    let name = specimen.document().manifest().name.to_string();
    let claimed = claimed_signers(&specimen, key_hints);
    match admit(specimen, trust, now) {
        Ok(admitted) => {
            let message = match admitted.standing() {
                Standing::Signed(signed) => vouched(signed),
                Standing::Unsigned(reason) => reason.to_string(),
            };
            (check(Verdict::Ok, message), admitted.signers().to_vec())
        }
        Err(AdmitError::Unsigned) => {
            (check(Verdict::Skipped, "there is no signature of this module".to_owned()), Vec::new())
        }
        Err(error) => {
            let failed = check(Verdict::Failed(error.code()), message(&error, &claimed));
            (with_next(failed, &error, file, &name, &claimed), Vec::new())
        }
    }
}

fn vouched(signed: &Signed) -> String {
    let signers: Vec<_> = signed.signers.iter().map(|signer| SignerReport::of(signer).to_string()).collect();
    let by = signed.root.map(|root| format!(", by version {} of the trust root", root.version)).unwrap_or_default();
    format!("signed by {}{by}", signers.join(", "))
}

fn message(error: &AdmitError, claimed: &[ClaimedSigner]) -> String {
    let claimed: Vec<_> = claimed.iter().take(3).map(ToString::to_string).collect();
    match error {
        AdmitError::Unknown if !claimed.is_empty() => format!("{error}: it says {}", claimed.join(", ")),
        _ => error.to_string(),
    }
}

fn with_next(check: Check, error: &AdmitError, file: &str, name: &str, claimed: &[ClaimedSigner]) -> Check {
    let trust = |key: &str| {
        let role = quote(&format!("publisher:{name}"));
        (format!("vak-skill-sign trust add {} --role {role}", quote(key)), "trust that key with it, if you do")
    };
    let next = match error {
        AdmitError::Unknown => match claimed.first() {
            Some(ClaimedSigner::Key(key)) => Some(trust(&key.to_string())),
            Some(ClaimedSigner::Id(_)) | None => Some(trust("SIGNER.pub")),
        },
        AdmitError::NotEntitled { signers } => signers.first().map(|key| trust(&key.to_string())),
        AdmitError::Threshold { .. } => {
            Some((format!("vak-skill-sign {} --add", quote(file)), "add a signature, with another of these keys"))
        }
        AdmitError::RootExpired { .. } => {
            Some(("vak-skill-sign trust renew".to_owned(), "make the next version of the trust root"))
        }
        AdmitError::Unsigned
        | AdmitError::Malformed(_)
        | AdmitError::Unsupported(_)
        | AdmitError::OtherBytes
        | AdmitError::Broken(_)
        | AdmitError::NotYet(_)
        | AdmitError::Expired(_)
        | AdmitError::Revoked { .. }
        | AdmitError::Denied(_) => None,
    };
    match next {
        Some((command, purpose)) => check.next(command, purpose),
        None => check,
    }
}
