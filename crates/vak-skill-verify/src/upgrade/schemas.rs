//! What callers may send and will get, in two versions.

use serde_json::Value;
use vak_model::{Code, Export, Manifest, VersionStep};
use vak_package::{Difference, Inclusion};

use super::delta::{Change, Effect};
use super::list;
use crate::check::{Check, CheckId, Verdict};
use crate::gate::{Allowance, Gate};

/// All that has changed.
pub(super) fn changes(new: &Manifest, old: &Manifest) -> Vec<Change> {
    let mut changes = Vec::new();
    for (index, export) in new.exports.iter().enumerate() {
        let pointer = format!("/exports/{index}");
        match old.export(export.name.as_str()) {
            None => {
                let what = format!("`{}` is new", export.name);
                changes.push(Change::new(what, pointer, Effect::More, VersionStep::Minor));
            }
            Some(old) => changes.extend(of_export(export, old, &pointer)),
        }
    }
    for export in old.exports.iter().filter(|export| new.export(export.name.as_str()).is_none()) {
        let what = format!("`{}` is gone", export.name);
        changes.push(Change::new(what, "/exports", Effect::Breaks, VersionStep::Major));
    }
    changes
}

/// Inputs may widen, and outputs may narrow.
fn of_export(new: &Export, old: &Export, pointer: &str) -> Vec<Change> {
    let name = &new.name;
    let pair = |part: fn(&Export) -> Option<&Value>| (part(new), part(old));
    let (input, older) = pair(|export| export.input_schema.as_ref());
    let inputs = compare(
        || format!("the inputs of `{name}`"),
        (input != older).then(|| Inclusion::of(older, input)),
        &format!("{pointer}/input_schema"),
        |what| format!("`{name}` no longer takes {what}"),
    );
    let (output, older) = pair(|export| export.output_schema.as_ref());
    let outputs = compare(
        || format!("the outputs of `{name}`"),
        (output != older).then(|| Inclusion::of(output, older)),
        &format!("{pointer}/output_schema"),
        |what| format!("`{name}` may give what it never gave: {what}"),
    );
    [inputs, outputs].concat()
}

/// What came of comparing two schemas; nothing, if they are the same.
fn compare(
    of: impl Fn() -> String,
    found: Option<Inclusion>,
    pointer: &str,
    say: impl Fn(&str) -> String,
) -> Vec<Change> {
    let Some(found) = found else { return Vec::new() };
    if found.holds() {
        let what = format!("{} have another schema, which fits", of());
        return vec![Change::new(what, pointer, Effect::More, VersionStep::Minor)];
    }
    let place =
        |one: &Difference| if one.pointer.is_empty() { String::new() } else { format!(" at `{}`", one.pointer) };
    let change = |one: &Difference, what: String, effect, demands| {
        Change::new(format!("{what}{}", place(one)), format!("{pointer}{}", one.pointer), effect, demands)
    };
    let breaks = found.breaks.iter().map(|one| change(one, say(&one.what), Effect::Breaks, VersionStep::Major));
    let open = found.undecided.iter().map(|one| {
        let what = format!("{} are not decided ({})", of(), one.what);
        change(one, what, Effect::Undecided, VersionStep::Minor)
    });
    breaks.chain(open).collect()
}

/// A break takes a new major version; what is not decided takes one too, or somebody who allows it.
pub(super) fn check(gate: &Gate, changes: &[Change], step: Option<VersionStep>) -> Check {
    let of = |effect| changes.iter().filter(move |change| change.effect == effect);
    let check = |verdict, message: String| Check::new(CheckId::UpgradeSchema, verdict, message);
    let breaks = of(Effect::Breaks).next();
    let grave = breaks.or_else(|| of(Effect::Undecided).next());
    let Some(grave) = grave else {
        let message = if changes.is_empty() { "the same as before".to_owned() } else { list(changes) };
        return check(Verdict::Ok, message);
    };
    let reasons = list(of(Effect::Breaks).chain(of(Effect::Undecided)));
    if step == Some(VersionStep::Major) {
        return check(Verdict::Ok, format!("a new major version may change this: {reasons}"))
            .about(grave.pointer.clone());
    }
    let (verdict, message) = match breaks {
        Some(_) => (Verdict::Failed(Code::UpgradeSchema), reasons),
        None => gate.unless_allowed(Allowance::SchemaUndecided, reasons),
    };
    let check = check(verdict, message).about(grave.pointer.clone());
    match verdict {
        Verdict::Failed(Code::SchemaUndecided) => {
            check.next("--allow schema.undecided", "let it pass, if you have looked at it")
        }
        _ => check,
    }
}
