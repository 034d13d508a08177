//! Trust roots in the words of other tools. What they can't say, thresholds above all, is lost on the way; keys that do not
//! count are left out.

use crate::key::{PublicKey, PublicKeyForm};
use crate::root::{KeyRole, KeyState, TrustRoot, TrustedKey};
use crate::time::Timestamp;

impl TrustRoot {
    /// The keys of publishers as OpenSSH's `allowed_signers`, in the namespace `vak-skill`, with their times.
    #[must_use]
    pub fn to_allowed_signers(&self, now: Timestamp) -> String {
        let mut lines = String::new();
        for (role, keys) in self.roles() {
            let KeyRole::Publisher(pattern) = role else { continue };
            let principal = pattern.owner().map_or_else(|| pattern.to_string(), str::to_owned);
            for key in keys.keys.iter().filter_map(|id| self.key(*id)).filter(|key| key.may_count(now)) {
                lines.push_str(&allowed_signer(&principal, key));
            }
        }
        lines
    }

    /// The keys of logs as verifier keys of signed notes, one a line.
    #[must_use]
    pub fn to_verifier_keys(&self) -> String {
        self.logs().map(|log| format!("{log}\n")).collect()
    }

    /// The keys that count as publishers, each once, with the contents of a file of its own in `form`.
    #[must_use]
    pub fn publisher_keys(&self, form: PublicKeyForm, now: Timestamp) -> Vec<(PublicKey, Vec<u8>)> {
        let publishers = self.roles().filter(|(role, _)| matches!(role, KeyRole::Publisher(_)));
        let ids: std::collections::BTreeSet<_> = publishers.flat_map(|(_, keys)| &keys.keys).collect();
        let keys = ids.into_iter().filter_map(|id| self.key(*id)).filter(|key| key.may_count(now));
        keys.map(|key| (key.key, key.key.write(form, key.comment()))).collect()
    }
}

impl TrustedKey {
    /// Whether it counts, or will.
    fn may_count(&self, now: Timestamp) -> bool {
        matches!(self.state(now), KeyState::Good | KeyState::NotYet)
    }

    fn comment(&self) -> &str {
        self.label.as_ref().map_or("", vak_model::Text::as_str)
    }
}

fn allowed_signer(principal: &str, key: &TrustedKey) -> String {
    let mut options = "namespaces=\"vak-skill\"".to_owned();
    for (name, time) in [("valid-after", key.valid_from), ("valid-before", end(key))] {
        if let Some(time) = time {
            options.push_str(&[",", name, "=\"", &compact(time), "\""].concat());
        }
    }
    let line = key.key.write(PublicKeyForm::OpenSsh, key.comment());
    format!("{principal} {options} {}", String::from_utf8_lossy(&line))
}

/// When the key counts no more: its own end, or that it is going to be retired.
fn end(key: &TrustedKey) -> Option<Timestamp> {
    [key.valid_until, key.revoked.map(|revocation| revocation.at)].into_iter().flatten().min()
}

/// A time as OpenSSH writes it, in UTC: without the clock, where that is midnight.
fn compact(time: Timestamp) -> String {
    let digits: String = time.to_string().chars().filter(char::is_ascii_digit).collect();
    format!("{}Z", digits.strip_suffix("000000").unwrap_or(&digits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{PublisherKey, RootKey};
    use crate::note::VerifierKey;
    use crate::root::{Revocation, RevocationReason, RootDraft};

    fn time(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn roots_are_exported_without_the_keys_that_do_not_count() {
        let now = time("2026-06-01T00:00:00Z");
        let key = |seed| PublisherKey::from_seed(&[seed; 32]).public();
        let mut draft = RootDraft::first(RootKey::from_seed(&[1; 32]).public(), time("2027-11-21T00:00:00Z"));
        let timed = TrustedKey {
            label: Some("alice laptop".to_owned().try_into().expect("text")),
            valid_from: Some(time("2026-01-01T00:00:00Z")),
            valid_until: Some(time("2027-12-31T12:30:00Z")),
            ..TrustedKey::new(key(7))
        };
        let acme = || KeyRole::Publisher("acme/*".parse().expect("a pattern"));
        draft.add(timed, acme()).expect("added");
        draft.add(TrustedKey::new(key(8)), acme()).expect("added");
        draft.add(TrustedKey::new(key(9)), KeyRole::Publisher("*".parse().expect("a pattern"))).expect("added");
        draft.add(TrustedKey::new(key(10)), KeyRole::Builder).expect("added");
        let at = time("2026-02-01T00:00:00Z");
        draft.revoke(&key(8), Revocation { at, reason: RevocationReason::Compromised }).expect("revoked");
        let log = VerifierKey::new("vak.local/audit/test", key(7)).expect("a name");
        draft.logs().insert(log.clone());
        let root = draft.root();
        let ssh = |seed| String::from_utf8(key(seed).write(PublicKeyForm::OpenSsh, "")).expect("text");
        assert_eq!(
            root.to_allowed_signers(now),
            format!(
                "* namespaces=\"vak-skill\" {}acme namespaces=\"vak-skill\",valid-after=\"20260101Z\",valid-before=\"20271231123000Z\" {} alice laptop\n",
                ssh(9),
                ssh(7).trim_end()
            )
        );
        assert_eq!(root.to_verifier_keys(), format!("{log}\n"));
        let raw = root.publisher_keys(PublicKeyForm::Raw, now);
        assert_eq!(raw.len(), 2);
        assert!(raw.iter().all(|(key, file)| PublicKey::read(file) == Ok(*key)));
    }
}
