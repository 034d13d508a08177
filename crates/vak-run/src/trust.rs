//! Whom this run trusts, and how an artefact gets in.

use std::time::SystemTime;

use vak_cli::{Failure, Home, Ui, quote};
use vak_model::Code;
use vak_package::Artefact;
use vak_trust::{
    AdmitError, Admitted, ExpiredRoot, Signed, Standing, StoreError, Timestamp, Trust, TrustStore, dangerous,
};

use crate::args::RunArgs;
use crate::report::Report;

/// Lets an artefact in by the trust root of this machine, or by the door that the operator opened. `title` names it in
/// messages, `place` says where it lies.
pub(crate) fn admit<A: Artefact>(
    artefact: A,
    title: &str,
    place: &str,
    args: &RunArgs,
    ui: &mut Ui,
    report: &mut Report,
) -> Result<Admitted<A>, Failure> {
    let (trust, now) = (trust()?, now()?);
    let admitted = if args.unsigned.allow_unsigned {
        dangerous::admit_unsigned(artefact, &trust, now)
    } else {
        vak_trust::admit(artefact, &trust, now)
    };
    let admitted = admitted.map_err(|error| untrusted(&error, title, place, args))?;
    if let Some(skill) = &mut report.skill {
        skill.signers = admitted.signers().iter().map(|signer| signer.key.to_string()).collect();
    }
    warn(admitted.standing(), title, ui)?;
    Ok(admitted)
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

/// The trust root of this machine, if it has one.
fn trust() -> Result<Trust, Failure> {
    let store = TrustStore::at(Home::from_env().config.join("trust"));
    let root = store.load().map_err(|error: StoreError| Failure::of(error.code(), &error))?;
    Ok(root.map_or_else(Trust::nobody, |root| Trust::root(root, ExpiredRoot::Note)))
}

fn now() -> Result<Timestamp, Failure> {
    Timestamp::from_system(SystemTime::now()).map_err(|error| Failure::of(Code::HostEngine, &error))
}

/// Why something is not admitted, and the way in if there is one.
fn untrusted(error: &AdmitError, title: &str, place: &str, args: &RunArgs) -> Failure {
    let failure = Failure::new(error.code(), format!("{title} is {error}")).fact("file", place);
    if !error.is_for_want_of_trust() {
        return failure;
    }
    let word = quote(args.skill.as_deref().unwrap_or_default());
    let rest = args.invoke.as_ref().map(|name| format!(" --invoke {}", quote(name))).unwrap_or_default();
    failure.next(format!("vak-run {word} --allow-unsigned{rest}"), "run it unsigned, for development")
}
