//! `vak-run SKILL --help`: what a skill does, takes, gives and may use.

use std::fmt::Write as _;

use serde_json::Value;
use vak_cli::{Failure, Ui, bytes, count, millis};
use vak_model::{Capability, CapabilityRequest, Export, LimitKind, Limits, Manifest};

use crate::args::RunArgs;
use crate::failures::example;
use crate::load::{load, load_manifest};
use crate::locate::{Location, Places, locate};
use crate::trust::is_admitted;

pub(crate) fn run(args: &RunArgs, ui: &mut Ui) -> Result<(), Failure> {
    let word = args.skill.as_deref().unwrap_or_default();
    let location = locate(word, &Places::from_process()?)?;
    let document = load_manifest(&location)?;
    let example = example(word, &door(&location, args), document.manifest());
    let page = describe(document.manifest(), example).map_err(std::io::Error::other)?;
    Ok(ui.line(page.trim_end())?)
}

/// The flags with which the skill runs as it lies there; not built yet, it will be unsigned.
fn door(location: &Location, args: &RunArgs) -> String {
    let door = args.door();
    let admitted = || load(location).is_ok_and(|loaded| is_admitted(loaded.package, &args.trust));
    if args.unsigned.allow_unsigned || admitted() { door } else { door + " --allow-unsigned" }
}

fn describe(manifest: &Manifest, example: Option<String>) -> Result<String, std::fmt::Error> {
    let mut page = format!("{} {}: {}\n", manifest.name, manifest.version, manifest.description);
    for (label, text) in [("author", &manifest.author), ("license", &manifest.license)] {
        if !text.as_str().is_empty() {
            writeln!(page, "{label}: {text}")?;
        }
    }
    page.push_str("\nFunctions:\n");
    for export in &manifest.exports {
        describe_export(&mut page, export)?;
    }
    page.push_str("\nMay:\n");
    if manifest.capabilities.iter().all(|request| request.capability == Capability::Compute) {
        page.push_str("  compute, and nothing else\n");
    }
    for request in manifest.capabilities.iter().filter(|request| request.capability != Capability::Compute) {
        describe_request(&mut page, request)?;
    }
    page.push_str("\nLimits of a call:\n");
    let limits = Limits::of_manifest(&manifest.limits);
    for kind in LimitKind::ALL {
        writeln!(page, "  {:<16} {}", format!("--{}", kind.flag()), quantity(kind, limits.get(kind)))?;
    }
    if let Some(command) = example {
        writeln!(page, "\nExample:\n  {command}")?;
    }
    Ok(page)
}

fn describe_export(page: &mut String, export: &Export) -> std::fmt::Result {
    writeln!(page, "  {}: {}", export.name, export.description)?;
    for (label, schema) in [("input", &export.input_schema), ("output", &export.output_schema)] {
        match schema {
            None => writeln!(page, "    {label}: any JSON")?,
            Some(schema) => {
                writeln!(page, "    {label}:")?;
                indented(page, schema)?;
            }
        }
    }
    Ok(())
}

/// A schema, pretty-printed. Its strings are a stranger's: JSON escapes controls, the rest is escaped here.
fn indented(page: &mut String, schema: &Value) -> std::fmt::Result {
    let text = serde_json::to_string_pretty(schema).map_err(|_| std::fmt::Error)?;
    text.lines().try_for_each(|line| writeln!(page, "      {}", vak_model::printable(line, 500)))
}

fn describe_request(page: &mut String, request: &CapabilityRequest) -> std::fmt::Result {
    let scope = if request.scope.is_empty() { String::new() } else { format!(": {}", request.scope.join(", ")) };
    let optional = if request.optional { " (it can do without)" } else { "" };
    writeln!(page, "  {}{scope}{optional}", request.capability)
}

fn quantity(kind: LimitKind, value: u64) -> String {
    match kind {
        LimitKind::Time | LimitKind::Cpu => millis(value as f64),
        LimitKind::Memory => bytes(value * 65_536),
        LimitKind::Stack => bytes(value * 1024),
        LimitKind::Output | LimitKind::Log => bytes(value),
        LimitKind::Fuel | LimitKind::Table | LimitKind::HostCalls | LimitKind::Handles => count(value),
    }
}
