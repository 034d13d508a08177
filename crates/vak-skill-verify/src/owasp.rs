//! The manifest of OWASP's Universal Skill Format, from what a skill's signed manifest says.
//!
//! The format is described at <https://owasp.org/www-project-agentic-skills-top-10/universal-skill-format.html>. It has to be
//! filled from facts: what nobody has done, such as a scan, is left out, and a permission is told as wide as it may be.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;
use vak_model::{Capability, CapabilityRequest, Manifest};
use vak_package::{Package, sha256};
use vak_trust::Admitted;

/// The format's name for its version.
const VERSION: &str = "Universal Agentic Skill Format v1.0";

/// The files that make an agent what it is, which the format wants to be denied by name.
const IDENTITY_FILES: [&str; 3] = ["SOUL.md", "MEMORY.md", "AGENTS.md"];

/// The manifest of a skill whose signed file has these bytes.
pub(crate) fn manifest(admitted: &Admitted<Package>, artefact: &[u8]) -> String {
    let manifest = admitted.artefact().document().manifest();
    let base = manifest.name.base();
    let description = manifest.description.as_str();
    let description = if description.trim().is_empty() { base } else { description };
    let mut text = format!(
        "---\n# {VERSION}\nname: {}\nversion: {}\nplatforms: [vak]\ndescription: {}\n",
        quoted(base),
        quoted(&manifest.version.to_string()),
        quoted(description)
    );
    author(&mut text, admitted);
    permissions(&mut text, manifest);
    // Writing to a string can't fail.
    let _ = write!(
        text,
        "requires:\n  binaries: [vak-run]\n  min_runtime_version: {}\nrisk_tier: {}\ncontent_hash: {}\n---\n",
        quoted(env!("CARGO_PKG_VERSION")),
        Tier::of(manifest).name(),
        quoted(&sha256(artefact).to_string())
    );
    text
}

/// Who wrote it, by its own word, and the first key that vouches for it.
fn author(text: &mut String, admitted: &Admitted<Package>) {
    let name = admitted.artefact().document().manifest().author.as_str();
    let signer = admitted.signers().first();
    if name.is_empty() && signer.is_none() {
        return;
    }
    text.push_str("author:\n");
    if !name.is_empty() {
        let _ = writeln!(text, "  name: {}", quoted(name));
    }
    if let Some(signer) = signer {
        let _ = writeln!(text, "  signing_key: {}", quoted(&signer.key.to_string()));
    }
}

fn permissions(text: &mut String, manifest: &Manifest) {
    let scope = |capability| {
        let asked = manifest.capabilities.iter().filter(move |request| request.capability == capability);
        asked.flat_map(|request| request.scope.iter().map(String::as_str)).collect::<BTreeSet<_>>()
    };
    let (read, write) = (scope(Capability::FsRead), scope(Capability::FsWrite));
    let hosts: BTreeSet<_> = scope(Capability::NetHttp).into_iter().map(host).collect();
    let tools = manifest.capabilities.iter().filter(|request| is_tool(request));
    let tools: BTreeSet<_> = tools.map(|request| request.capability.name()).collect();
    let _ = write!(text, "permissions:\n  files:\n    read: {}\n    write: {}\n", list(&read), list(&write));
    // What may write somewhere may write there: its pattern decides, and this list can't.
    if write.is_empty() {
        let _ = writeln!(text, "    deny_write: {}", list(&BTreeSet::from(IDENTITY_FILES)));
    }
    let _ = write!(
        text,
        "  network:\n    allow: {}\n    deny: \"*\"\n  shell: false\n  tools: {}\n",
        list(&hosts),
        list(&tools)
    );
}

/// Whether it is a function of the host that the format has no words of its own for.
fn is_tool(request: &CapabilityRequest) -> bool {
    match request.capability {
        Capability::Compute | Capability::FsRead | Capability::FsWrite | Capability::NetHttp => false,
        Capability::Kv
        | Capability::Log
        | Capability::Clock
        | Capability::Random
        | Capability::VerifyPlan
        | Capability::Reason => true,
    }
}

/// How much harm a skill can do, by the format's four words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Tier {
    Safe,
    Low,
    Elevated,
    Destructive,
}

impl Tier {
    /// The worst of what the skill asks for; what it can do without counts as well.
    fn of(manifest: &Manifest) -> Self {
        let tiers = manifest.capabilities.iter().map(|request| Self::of_capability(request.capability));
        tiers.max().unwrap_or(Self::Safe)
    }

    const fn of_capability(capability: Capability) -> Self {
        match capability {
            Capability::Compute | Capability::Log | Capability::Clock | Capability::Random => Self::Safe,
            Capability::FsRead | Capability::Kv | Capability::VerifyPlan | Capability::Reason => Self::Low,
            Capability::NetHttp => Self::Elevated,
            // What is written over is gone.
            Capability::FsWrite => Self::Destructive,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Safe => "L0",
            Self::Low => "L1",
            Self::Elevated => "L2",
            Self::Destructive => "L3",
        }
    }
}

/// The host in the pattern of a URL; the whole of what is none.
fn host(pattern: &str) -> &str {
    let Some((_, rest)) = pattern.split_once("://") else { return pattern };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => host,
    };
    if host.is_empty() { pattern } else { host }
}

fn list(entries: &BTreeSet<&str>) -> String {
    let entries: Vec<_> = entries.iter().map(|entry| quoted(entry)).collect();
    format!("[{}]", entries.join(", "))
}

/// A text as JSON has it, which YAML reads as it is meant.
fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use vak_package::ManifestDocument;

    use super::*;

    fn parsed(capabilities: &str) -> Manifest {
        let yaml = format!(
            "{{ name: a, version: \"1.0.0\", description: A, module: a.wasm, capabilities: [{capabilities}], exports: [{{ name: execute }}] }}"
        );
        ManifestDocument::from_yaml(&yaml).expect("valid").manifest().clone()
    }

    #[test]
    fn the_tier_is_that_of_the_worst_capability() {
        for (capabilities, tier) in [
            ("", "L0"),
            ("log, clock, random", "L0"),
            ("kv, log", "L1"),
            ("{ fs.read: [\"a/**\"] }", "L1"),
            ("{ net.http: [\"https://a.example/*\"] }, { fs.read: [a] }", "L2"),
            ("{ fs.write: [out], optional: true }, log", "L3"),
        ] {
            assert_eq!(Tier::of(&parsed(capabilities)).name(), tier, "{capabilities}");
        }
    }

    #[test]
    fn a_permission_is_never_told_narrower_than_it_is() {
        for (pattern, allowed) in [
            ("https://api.example.com/v1/*", "api.example.com"),
            ("https://user@api.example.com:8443/", "api.example.com"),
            ("https://*.example.com", "*.example.com"),
            ("https://[::1]:80/", "[::1]"),
            ("api.example.com/x", "api.example.com/x"),
            ("https:///x", "https:///x"),
        ] {
            assert_eq!(host(pattern), allowed, "{pattern}");
        }
        let mut text = String::new();
        permissions(&mut text, &parsed("{ fs.write: [\"**\"] }"));
        assert!(!text.contains("deny_write"), "a skill that may write anywhere may write those: {text}");
    }
}
