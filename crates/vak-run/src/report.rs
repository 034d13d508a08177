//! What `--json` prints: one object for every end but a mistyped command line.

use std::fmt;

use serde::Serialize;
use serde_json::value::RawValue;
use vak_cli::{Failure, Table, Ui, bytes, count, millis};
use vak_model::{LimitKind, Limits, Status, Usage};
use vak_trust::Signer;

/// The report of a run. Parts that are not known are null.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) skill: Option<SkillReport>,
    pub(crate) export: Option<String>,
    pub(crate) status: Status,
    /// What is on stdout otherwise, byte for byte.
    pub(crate) output: Option<Box<RawValue>>,
    pub(crate) error: Option<Failure>,
    pub(crate) usage: Usage,
    /// Always null: there are no receipts yet.
    pub(crate) receipt: Option<()>,
    /// Where the fuel went; there if it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) profile: Option<ProfileReport>,
}

/// Which skill ran.
#[derive(Debug, Serialize)]
pub(crate) struct SkillReport {
    pub(crate) name: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) digest: String,
    /// Who vouches for it; empty for an unsigned skill.
    pub(crate) signers: Vec<SignerReport>,
}

/// A key that counts.
#[derive(Debug, Serialize)]
pub(crate) struct SignerReport {
    key: String,
    /// Whose it is, by the trust root.
    label: Option<String>,
}

impl SignerReport {
    /// The key, as a text.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    pub(crate) fn of(signer: &Signer) -> Self {
        Self { key: signer.key.to_string(), label: signer.label.as_ref().map(ToString::to_string) }
    }
}

/// The key, and whose it is if that is known.
impl fmt::Display for SignerReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)?;
        self.label.iter().try_for_each(|label| write!(f, " ({label})"))
    }
}

impl Report {
    pub(crate) fn new() -> Self {
        Self {
            skill: None,
            export: None,
            status: Status::Ok,
            output: None,
            error: None,
            usage: Usage::default(),
            receipt: None,
            profile: None,
        }
    }

    /// Notes who vouches for the skill.
    pub(crate) fn signed_by(&mut self, signers: &[Signer]) {
        if let Some(skill) = &mut self.skill {
            skill.signers = signers.iter().map(SignerReport::of).collect();
        }
    }
}

/// Where the fuel went.
#[derive(Debug, Serialize)]
pub(crate) struct ProfileReport {
    /// Where the whole of it is.
    pub(crate) file: String,
    pub(crate) samples: usize,
    /// Fuel of all samples.
    pub(crate) fuel: u64,
    /// The dearest first.
    pub(crate) functions: Vec<FunctionReport>,
}

/// What one function has cost, in fuel.
#[derive(Debug, Serialize)]
pub(crate) struct FunctionReport {
    pub(crate) name: String,
    /// Its place among the module's functions.
    pub(crate) index: u32,
    #[serde(rename = "self")]
    pub(crate) own: u64,
    pub(crate) total: u64,
}

/// Who vouches for what ran, and what it used beside what it may use, for people.
pub(crate) fn show_stats(report: &Report, usage: &Usage, limits: &Limits, ui: &mut Ui) -> Result<(), Failure> {
    let signers = report.skill.iter().flat_map(|skill| &skill.signers);
    signers.into_iter().try_for_each(|signer| ui.note(&format!("signed by {signer}")))?;
    Ok(ui.note_table(&stats(usage, limits))?)
}

fn stats(usage: &Usage, limits: &Limits) -> Table {
    let mut table = Table::new(&[]);
    let unknown = || "unknown".to_owned();
    let fuel = match (usage.fuel, usage.fuel_at_least) {
        (Some(fuel), _) => count(fuel),
        (None, Some(fuel)) => format!("at least {}", count(fuel)),
        (None, None) => unknown(),
    };
    let of = |kind: LimitKind| limits.get(kind);
    let ms = |value: Option<f64>| value.map_or_else(unknown, millis);
    let mut row = |name: &str, used: String, limit: String| table.row([name.to_owned(), used, limit]);
    row("fuel", fuel, format!("of {}", count(of(LimitKind::Fuel))));
    row("wall time", ms(usage.wall_ms), format!("of {}", millis(of(LimitKind::Time) as f64)));
    row("processor time", ms(usage.cpu_ms), format!("of {}", millis(of(LimitKind::Cpu) as f64)));
    let peak = usage.peak_memory_bytes.map_or_else(unknown, bytes);
    row("peak memory", peak, format!("of {}", bytes(limits.memory_bytes())));
    let calls = usage.host_calls.map_or_else(unknown, count);
    row("host calls", calls, format!("of {}", count(of(LimitKind::HostCalls))));
    let cache = usage.cache.map_or_else(unknown, |used| used.to_string());
    row("compiling", ms(usage.compile_ms), format!("cache {cache}"));
    table
}
