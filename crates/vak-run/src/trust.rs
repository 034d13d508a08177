//! Whom this run trusts, and how an artefact gets in.

use std::path::PathBuf;
use std::time::SystemTime;

use vak_cli::{Failure, Home, TrustArgs, Ui, UnsignedArgs, quote};
use vak_model::{Code, SkillName};
use vak_package::Artefact;
use vak_trust::{
    AdmitError, Admitted, ClaimedSigner, ExpiredRoot, Signed, Standing, Timestamp, Trust, TrustStore, claimed_signers,
    dangerous,
};

/// What is to be let in, as messages speak of it.
#[derive(Debug)]
pub(crate) struct Subject {
    /// What it is called.
    pub(crate) title: String,
    /// Where it lies.
    pub(crate) file: PathBuf,
    /// The keys that may have signed it.
    pub(crate) key_hints: Vec<String>,
}

/// Who is let in, and how the operator would open the door further.
#[derive(Debug)]
pub(crate) struct Door<'a> {
    /// Whose signatures count.
    pub(crate) trust: &'a TrustArgs,
    /// Whether others come in too.
    pub(crate) unsigned: UnsignedArgs,
    /// The command that lets the artefact in, whoever signed it.
    pub(crate) open: String,
    /// What that command is good for.
    pub(crate) purpose: &'static str,
}

/// Lets an artefact in by the trust root of this machine or by `--trust`, or through the door that the operator opened.
pub(crate) fn admit<A: Artefact>(
    artefact: A,
    subject: &Subject,
    door: &Door<'_>,
    ui: &mut Ui,
) -> Result<Admitted<A>, Failure> {
    let (trust, now) = (trust(door.trust)?, now()?);
    let refusal = Refusal::prepare(&artefact, subject, door);
    let admitted = if door.unsigned.allow_unsigned {
        dangerous::admit_unsigned(artefact, &trust, now)
    } else {
        vak_trust::admit(artefact, &trust, now)
    };
    let admitted = admitted.map_err(|error| refusal.of(&error))?;
    warn(admitted.standing(), &subject.title, ui)?;
    Ok(admitted)
}

/// Whether an artefact is let in as one that somebody trusted vouches for.
pub(crate) fn is_admitted<A: Artefact>(artefact: A, args: &TrustArgs) -> bool {
    let (Ok(trust), Ok(now)) = (trust(args), now()) else { return false };
    vak_trust::admit(artefact, &trust, now).is_ok()
}

fn warn(standing: &Standing, title: &str, ui: &mut Ui) -> Result<(), Failure> {
    match standing {
        Standing::Unsigned(reason) => ui.warn(&format!("{title} is {reason}: nobody vouches for it"))?,
        Standing::Signed(Signed { root: Some(root), .. }) if root.expired => {
            ui.warn(&format!("version {} of the trust root has expired", root.version))?;
        }
        Standing::Signed(_) => {}
    }
    Ok(())
}

/// Whom the operator names, else the trust root of this machine, if it has one. It is read anew for each run.
fn trust(args: &TrustArgs) -> Result<Trust, Failure> {
    match &args.trust {
        Some(file) => {
            let trust = Trust::read_file(file, ExpiredRoot::Note);
            trust.map_err(|error| Failure::of(error.code(), &error))
        }
        None => {
            let trust = TrustStore::at(Home::from_env().config.join("trust")).trust(ExpiredRoot::Note);
            trust.map_err(|error| Failure::of(error.code(), &error))
        }
    }
}

/// The only look at the clock that trust depends on.
fn now() -> Result<Timestamp, Failure> {
    Timestamp::from_system(SystemTime::now()).map_err(|error| Failure::of(Code::HostEngine, &error))
}

/// What there is to say if something is not admitted.
struct Refusal<'a> {
    subject: &'a Subject,
    door: &'a Door<'a>,
    place: String,
    name: Option<SkillName>,
    claimed: Vec<ClaimedSigner>,
}

impl<'a> Refusal<'a> {
    fn prepare<A: Artefact>(artefact: &A, subject: &'a Subject, door: &'a Door<'a>) -> Self {
        Self {
            subject,
            door,
            place: format!("{} ({})", subject.file.display(), artefact.id()),
            name: artefact.manifest().map(|manifest| manifest.name.clone()),
            claimed: claimed_signers(artefact, &subject.key_hints),
        }
    }

    /// Why it is not admitted, what would make it so, and the way in if there is one.
    fn of(&self, error: &AdmitError) -> Failure {
        let failure =
            Failure::new(error.code(), format!("{} is {error}", self.subject.title)).fact("file", &self.place);
        let failure = match error {
            AdmitError::Unknown => self.unknown(failure),
            AdmitError::NotEntitled { signers } => {
                signers.iter().take(1).fold(failure, |failure, key| self.trust_it(failure, &key.to_string()))
            }
            AdmitError::Threshold { .. } => {
                let file = quote(&self.subject.file.display().to_string());
                failure.next(format!("vak-skill-sign {file} --add"), "add a signature, with another of these keys")
            }
            _ => failure,
        };
        if error.is_for_want_of_trust() { failure.next(&self.door.open, self.door.purpose) } else { failure }
    }

    fn unknown(&self, failure: Failure) -> Failure {
        let failure = self
            .claimed
            .iter()
            .take(3)
            .fold(failure, |failure, claimed| failure.fact("signed by", claimed.to_string()));
        match self.claimed.first() {
            Some(ClaimedSigner::Key(key)) => self.trust_it(failure, &key.to_string()),
            Some(ClaimedSigner::Id(_)) | None => self.trust_it(failure, "SIGNER.pub"),
        }
    }

    /// The line that would trust a key with this skill.
    fn trust_it(&self, failure: Failure, key: &str) -> Failure {
        let pattern = self.name.as_ref().map_or_else(|| "*".to_owned(), ToString::to_string);
        let command =
            format!("vak-skill-sign trust add {} --role {}", quote(key), quote(&format!("publisher:{pattern}")));
        failure.next(command, "trust that key with it, if you do")
    }
}
