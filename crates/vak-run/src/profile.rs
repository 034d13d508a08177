//! `--profile`: where a run spends its fuel, as a file for the Firefox Profiler and as a table of functions.
//!
//! Names of functions are a stranger's: they are cut and escaped before they go anywhere.

use std::fs::Permissions;
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use fxprof_processed_profile::{
    CategoryHandle, CpuDelta, Frame, FrameFlags, FrameInfo, Profile, SamplingInterval, StackHandle, Timestamp,
};
use vak_cli::{Failure, Table, Ui, count};
use vak_model::Code;
use vak_runtime::{Function, FunctionCost, Host, Outcome, PreparedSkill, Samples};

use crate::report::{FunctionReport, ProfileReport, Report};

/// How many functions are shown; the others are counted.
const ROWS: usize = 20;

/// The longest name of a function that is told, in characters.
const MAX_NAME: usize = 120;

/// With fewer samples a share is a matter of chance.
const FEW_SAMPLES: usize = 50;

/// Calls the function that `report` names, and tells where it spent its fuel, however it ended.
pub(crate) fn call(
    skill: &PreparedSkill,
    input: &[u8],
    host: Host,
    file: &Path,
    report: &mut Report,
    ui: &mut Ui,
) -> Result<Outcome, Failure> {
    let started = SystemTime::now();
    let (outcome, samples) =
        pollster::block_on(skill.call_sampled(report.export.as_deref().unwrap_or_default(), input, host));
    write(file, &profile(report, &samples, started)).map_err(|error| {
        Failure::new(Code::FileWrite, format!("failed to write `{}`", file.display())).caused_by(&error)
    })?;
    let costs = samples.costs();
    show(&samples, &costs, file, ui)?;
    report.profile = Some(summary(&samples, &costs, file));
    Ok(outcome)
}

/// What people see of it.
fn show(samples: &Samples, costs: &[FunctionCost], file: &Path, ui: &mut Ui) -> Result<(), Failure> {
    let of = samples.fuel();
    let share = |fuel: u64| format!("{:.1} %", fuel as f64 * 100.0 / of.max(1) as f64);
    let mut table = Table::new(&["FUNCTION", "SELF", "", "TOTAL", ""]);
    for cost in costs.iter().take(ROWS) {
        let [own, total] = [cost.own, cost.total].map(|fuel| (count(fuel), share(fuel)));
        table.row([name(&cost.function), own.0, own.1, total.0, total.1]);
    }
    if !costs.is_empty() {
        ui.note_table(&table)?;
    }
    if costs.len() > ROWS {
        ui.note(&format!("and {} functions more", costs.len() - ROWS))?;
    }
    let taken = samples.samples().len();
    if taken < FEW_SAMPLES {
        ui.note(&format!("note: the run was short: {taken} samples; an input that makes more work gives more"))?;
    }
    if !costs.is_empty() && costs.iter().all(|cost| cost.function.name.is_none()) {
        ui.note("note: the module has no names of functions; build it with `vak-skill-build --names`")?;
    }
    let file = file.display();
    Ok(ui.note(&format!("profile: {file}, for https://profiler.firefox.com: {taken} samples of {} fuel", count(of)))?)
}

fn summary(samples: &Samples, costs: &[FunctionCost], file: &Path) -> ProfileReport {
    let function = |cost: &FunctionCost| FunctionReport {
        name: name(&cost.function),
        index: cost.function.index,
        own: cost.own,
        total: cost.total,
    };
    ProfileReport {
        file: file.display().to_string(),
        samples: samples.samples().len(),
        fuel: samples.fuel(),
        functions: costs.iter().map(function).collect(),
    }
}

/// The file's contents. A sample weighs what was spent since the sample before, so that the profiler's numbers are fuel.
fn profile(report: &Report, samples: &Samples, started: SystemTime) -> Profile {
    let skill = report.skill.as_ref();
    let title = skill.and_then(|skill| skill.name.clone()).unwrap_or_default();
    let since_epoch = started.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let start = Timestamp::from_nanos_since_reference(0);
    let reference = fxprof_processed_profile::ReferenceTimestamp::from_duration_since_unix_epoch(since_epoch);
    let mut profile = Profile::new(&format!("vak-run {title}"), reference, interval(samples));
    profile.set_symbolicated(true);
    let process = profile.add_process(&title, std::process::id(), start);
    // The profiler would call a main thread by the name of its process.
    let thread = profile.add_thread(process, std::process::id(), start, false);
    profile.set_thread_name(thread, "guest");
    let frames: Vec<_> = samples.functions().iter().map(|function| profile.intern_string(&name(function))).collect();
    let mut stacks: Vec<StackHandle> = Vec::with_capacity(samples.stacks().len());
    for stack in samples.stacks() {
        let Some(label) = frames.get(stack.function as usize) else { continue };
        let frame = Frame::Label(*label);
        let frame = FrameInfo { frame, category_pair: CategoryHandle::OTHER.into(), flags: FrameFlags::empty() };
        let frame = profile.intern_frame(thread, frame);
        let parent = stack.parent.and_then(|parent| stacks.get(parent as usize).copied());
        stacks.push(profile.intern_stack(thread, parent, frame));
    }
    let mut before = Duration::ZERO;
    for sample in samples.samples() {
        let at = Timestamp::from_nanos_since_reference(nanos(sample.at));
        let stack = sample.stack.and_then(|stack| stacks.get(stack as usize).copied());
        let spent = CpuDelta::from(sample.at.saturating_sub(before));
        profile.add_sample(thread, at, stack, spent, i32::try_from(sample.fuel).unwrap_or(i32::MAX));
        before = sample.at;
    }
    profile
}

/// The time between two samples, on average: the profiler draws them as wide as that.
fn interval(samples: &Samples) -> SamplingInterval {
    let taken = samples.samples();
    let whole = taken.last().map_or(Duration::ZERO, |last| last.at);
    let mean = whole / u32::try_from(taken.len()).unwrap_or(u32::MAX).max(1);
    SamplingInterval::from_nanos(nanos(mean).max(1000))
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// A function's name, as people write it; its number, if it has none.
fn name(function: &Function) -> String {
    let Some(name) = &function.name else { return format!("wasm-function[{}]", function.index) };
    // What is no name of Rust's is left as it is. A name can unfold to more than fits anywhere: as much as is shown is
    // all that is taken of it.
    let mut shown = Bounded(String::new());
    match rustc_demangle::try_demangle(name) {
        Ok(rust) => drop(std::fmt::Write::write_fmt(&mut shown, format_args!("{rust:#}"))),
        Err(_) => shown.0.clone_from(name),
    }
    vak_model::printable(&shown.0, MAX_NAME)
}

/// A text that takes no more than a few lines.
struct Bounded(String);

impl std::fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.push_str(text);
        if self.0.len() > MAX_NAME * 4 { Err(std::fmt::Error) } else { Ok(()) }
    }
}

/// Puts the file in its place: whole, or not at all.
fn write(path: &Path, profile: &Profile) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let readable = Permissions::from_mode(0o666);
    let file = tempfile::Builder::new().prefix(".vak-").permissions(readable).tempfile_in(folder)?;
    let mut out = BufWriter::new(file);
    serde_json::to_writer(&mut out, profile)?;
    out.flush()?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_rust_are_written_as_in_rust_and_hostile_ones_are_escaped_and_cut() {
        let named = |text: &str| name(&Function { index: 7, name: Some(text.to_owned()) });
        assert_eq!(named("_ZN5hello5greet17h0123456789abcdefE"), "hello::greet");
        assert_eq!(named("plain"), "plain");
        assert_eq!(named("\u{1b}[2J"), "\\u{1b}[2J");
        assert_eq!(named(&"x".repeat(10_000)).chars().count(), MAX_NAME + 1);
        assert!(named(&format!("_ZN{}E", "3abc".repeat(10_000))).chars().count() <= MAX_NAME + 1);
        assert_eq!(name(&Function { index: 7, name: None }), "wasm-function[7]");
    }
}
