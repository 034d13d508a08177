//! How much a call may use. Limits only narrow: the manifest states them, the operator and the caller can lower them,
//! and nobody can raise one or switch it off.

use std::fmt;
use std::time::Duration;

use crate::Code;
use crate::advice::{self, Advice};

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LimitKind {
    /// Wasmtime fuel.
    Fuel,
    /// Wall-clock time of a call, in milliseconds.
    Time,
    /// Processor time of the guest and of host functions, in milliseconds.
    Cpu,
    /// The sum of all linear memories, in pages of 64 KiB.
    Memory,
    /// The sum of all tables' elements.
    Table,
    /// The call stack, in KiB; one of [`StackClass`].
    Stack,
    /// Bytes of output.
    Output,
    /// Bytes logged.
    Log,
    /// Host calls.
    HostCalls,
    /// Handles open at once.
    Handles,
}

const KINDS: usize = 10;
const MIB: u64 = 1 << 20;

impl LimitKind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; KINDS] = [
        Self::Fuel,
        Self::Time,
        Self::Cpu,
        Self::Memory,
        Self::Table,
        Self::Stack,
        Self::Output,
        Self::Log,
        Self::HostCalls,
        Self::Handles,
    ];

    /// The key in a manifest's `limits`.
    #[must_use]
    pub const fn manifest_key(self) -> &'static str {
        match self {
            Self::Fuel => "max_fuel",
            Self::Time => "max_execution_time_ms",
            Self::Cpu => "max_cpu_time_ms",
            Self::Memory => "max_memory_pages",
            Self::Table => "max_table_elements",
            Self::Stack => "max_stack_kib",
            Self::Output => "max_output_bytes",
            Self::Log => "max_log_bytes",
            Self::HostCalls => "max_host_calls",
            Self::Handles => "max_handles",
        }
    }

    /// The flag of `vak-run` that narrows it, without its dashes.
    #[must_use]
    pub const fn flag(self) -> &'static str {
        match self {
            Self::Fuel => "fuel",
            Self::Time => "timeout",
            Self::Cpu => "cpu-time",
            Self::Memory => "memory",
            Self::Table => "table-elements",
            Self::Stack => "stack",
            Self::Output => "output-bytes",
            Self::Log => "log-bytes",
            Self::HostCalls => "host-calls",
            Self::Handles => "handles",
        }
    }

    /// What holds when nobody says anything. Processor time is as long as wall-clock time then.
    #[must_use]
    pub const fn default_value(self) -> u64 {
        match self {
            Self::Fuel => 10_000_000,
            Self::Time | Self::Cpu => 1_000,
            Self::Memory => 256,
            Self::Table | Self::HostCalls => 10_000,
            Self::Stack => StackClass::Standard.kib(),
            Self::Output => MIB,
            Self::Log => 64 * 1024,
            Self::Handles => 64,
        }
    }

    /// The largest value that anybody may state.
    #[must_use]
    pub const fn ceiling(self) -> u64 {
        match self {
            Self::Fuel => u64::MAX,
            Self::Time | Self::Cpu => 600_000,
            Self::Memory => 32_767,
            Self::Table => 1_000_000,
            Self::Stack => StackClass::Huge.kib(),
            Self::Output => 64 * MIB,
            Self::Log => 16 * MIB,
            Self::HostCalls => 10_000_000,
            Self::Handles => 4_096,
        }
    }

    /// What the value counts, in the plural.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Fuel => "fuel",
            Self::Time | Self::Cpu => "ms",
            Self::Memory => "pages",
            Self::Table => "elements",
            Self::Stack => "KiB",
            Self::Output | Self::Log => "bytes",
            Self::HostCalls => "calls",
            Self::Handles => "handles",
        }
    }

    /// The error of a call that reaches it. The call stack is the one limit whose end is a trap.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Fuel => Code::LimitFuel,
            Self::Time => Code::LimitTime,
            Self::Cpu => Code::LimitCpu,
            Self::Memory => Code::LimitMemory,
            Self::Table => Code::LimitTable,
            Self::Stack => Code::TrapStackOverflow,
            Self::Output => Code::LimitOutput,
            Self::Log => Code::LimitLog,
            Self::HostCalls => Code::LimitHostCalls,
            Self::Handles => Code::LimitHandles,
        }
    }

    fn check(self, value: u64) -> Result<u64, InvalidQuantity> {
        if value == 0 {
            return Err(InvalidQuantity::Zero(self));
        }
        if self == Self::Stack && StackClass::from_kib(value).is_none() {
            return Err(InvalidQuantity::StackClass(value));
        }
        if value > self.ceiling() {
            return Err(InvalidQuantity::AboveCeiling { kind: self, value });
        }
        Ok(value)
    }
}

impl fmt::Display for LimitKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.manifest_key())
    }
}

/// The sizes of call stack that engines are built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StackClass {
    /// 64 KiB.
    Small,
    /// 256 KiB.
    Medium,
    /// 512 KiB, the default.
    Standard,
    /// 16 MiB, for interpreters.
    Huge,
}

impl StackClass {
    /// Every class, smallest first.
    pub const ALL: [Self; 4] = [Self::Small, Self::Medium, Self::Standard, Self::Huge];

    /// The size of the stack in KiB.
    #[must_use]
    pub const fn kib(self) -> u64 {
        match self {
            Self::Small => 64,
            Self::Medium => 256,
            Self::Standard => 512,
            Self::Huge => 16_384,
        }
    }

    fn from_kib(kib: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.kib() == kib)
    }
}

/// A quantity that can't be a limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidQuantity {
    /// Zero never means "no limit".
    Zero(LimitKind),
    /// More than anybody may state.
    AboveCeiling {
        /// The limit.
        kind: LimitKind,
        /// What was stated.
        value: u64,
    },
    /// No engine is built for that stack size.
    StackClass(u64),
    /// Not a number and a unit.
    Size(String),
    /// Not a number and a unit.
    Duration(String),
}

impl Advice for InvalidQuantity {
    fn wrong(&self) -> String {
        match self {
            Self::Zero(kind) => format!("`{kind}` is 0, which never means \"no limit\""),
            Self::AboveCeiling { kind, value } => format!("`{kind}` is {value}, above its ceiling"),
            Self::StackClass(kib) => format!("`max_stack_kib` is {kib}, and no stack has that size"),
            Self::Size(text) => format!("`{text}` is not a size"),
            Self::Duration(text) => format!("`{text}` is not a duration"),
        }
    }

    fn right(&self) -> String {
        match self {
            Self::Zero(_) => "state at least 1".to_owned(),
            Self::AboveCeiling { kind, .. } => format!("state at most {} {}", kind.ceiling(), kind.unit()),
            Self::StackClass(_) => "it can be 64, 256, 512 or 16384".to_owned(),
            Self::Size(_) => "write a number and B, KiB, MiB or GiB, for example 16MiB".to_owned(),
            Self::Duration(_) => "write a number and ms or s, for example 500ms or 2s".to_owned(),
        }
    }
}

impl fmt::Display for InvalidQuantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        advice::display(self, f)
    }
}

/// The limits that somebody states; each may be absent, none may be zero or above its ceiling.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LimitRequest([Option<u64>; KINDS]);

impl LimitRequest {
    /// Nothing stated.
    #[must_use]
    pub const fn none() -> Self {
        Self([None; KINDS])
    }

    /// States one limit, in the unit of its kind.
    ///
    /// # Errors
    /// A value of zero, above the ceiling, or of no stack class.
    pub fn set(&mut self, kind: LimitKind, value: u64) -> Result<(), InvalidQuantity> {
        self.0[kind as usize] = Some(kind.check(value)?);
        Ok(())
    }

    /// What is stated of one limit.
    #[must_use]
    pub const fn get(&self, kind: LimitKind) -> Option<u64> {
        self.0[kind as usize]
    }
}

/// The limits that hold for a call: each stated, none zero, none above its ceiling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits([u64; KINDS]);

/// A caller asked for more than holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Narrowed {
    /// The limit.
    pub kind: LimitKind,
    /// What the caller asked for.
    pub asked: u64,
    /// What holds.
    pub holds: u64,
}

impl Limits {
    /// The limits of a skill: what its manifest states, defaults for the rest.
    #[must_use]
    pub fn of_manifest(request: &LimitRequest) -> Self {
        let mut limits = Self(LimitKind::ALL.map(|kind| request.get(kind).unwrap_or(kind.default_value())));
        if request.get(LimitKind::Cpu).is_none() {
            limits.0[LimitKind::Cpu as usize] = limits.get(LimitKind::Time);
        }
        limits
    }

    /// These limits, each lowered to what `request` states of it. Nothing is raised; what was asked for in vain is
    /// reported.
    #[must_use]
    pub fn narrow(&self, request: &LimitRequest) -> (Self, Vec<Narrowed>) {
        let mut limits = self.clone();
        let mut in_vain = Vec::new();
        for kind in LimitKind::ALL {
            let Some(asked) = request.get(kind) else { continue };
            let holds = self.get(kind).min(asked);
            limits.0[kind as usize] = holds;
            if asked > holds {
                in_vain.push(Narrowed { kind, asked, holds });
            }
        }
        (limits, in_vain)
    }

    /// One limit, in the unit of its kind.
    #[must_use]
    pub const fn get(&self, kind: LimitKind) -> u64 {
        self.0[kind as usize]
    }

    /// The wall-clock time of a call.
    #[must_use]
    pub const fn time(&self) -> Duration {
        Duration::from_millis(self.get(LimitKind::Time))
    }

    /// The processor time of a call.
    #[must_use]
    pub const fn cpu_time(&self) -> Duration {
        Duration::from_millis(self.get(LimitKind::Cpu))
    }

    /// The sum of all linear memories, in bytes.
    #[must_use]
    pub const fn memory_bytes(&self) -> u64 {
        self.get(LimitKind::Memory) * 65_536
    }

    /// The stack class.
    #[must_use]
    pub fn stack(&self) -> StackClass {
        StackClass::from_kib(self.get(LimitKind::Stack)).unwrap_or(StackClass::Small)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::of_manifest(&LimitRequest::none())
    }
}

/// Reads a duration such as `500ms` or `2s`, in milliseconds.
///
/// # Errors
/// Any other form.
pub fn parse_duration_ms(text: &str) -> Result<u64, InvalidQuantity> {
    let parsed = match text.strip_suffix("ms") {
        Some(number) => digits(number),
        None => text.strip_suffix('s').and_then(digits).and_then(|seconds| seconds.checked_mul(1000)),
    };
    parsed.ok_or_else(|| InvalidQuantity::Duration(crate::printable(text, 40)))
}

/// Reads a size such as `16MiB`, `64KiB` or `4096B`, in bytes.
///
/// # Errors
/// Any other form.
pub fn parse_size(text: &str) -> Result<u64, InvalidQuantity> {
    let units = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("B", 1)];
    units
        .iter()
        .find_map(|(suffix, factor)| Some((text.strip_suffix(suffix)?, factor)))
        .and_then(|(number, factor)| digits(number)?.checked_mul(*factor))
        .ok_or_else(|| InvalidQuantity::Size(crate::printable(text, 40)))
}

fn digits(text: &str) -> Option<u64> {
    if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_request() -> impl Strategy<Value = LimitRequest> {
        prop::collection::vec((0..KINDS, 1..u64::MAX), 0..20).prop_map(|pairs| {
            let mut request = LimitRequest::none();
            for (index, value) in pairs {
                let kind = LimitKind::ALL[index];
                let value = match kind {
                    LimitKind::Stack => StackClass::ALL[(value % 4) as usize].kib(),
                    _ => 1 + value % kind.ceiling(),
                };
                request.set(kind, value).expect("in range");
            }
            request
        })
    }

    proptest! {
        #[test]
        fn limits_only_narrow(manifest in any_request(), operator in any_request(), caller in any_request()) {
            let stated = Limits::of_manifest(&manifest);
            let (operated, _) = stated.narrow(&operator);
            let (called, _) = operated.narrow(&caller);
            for kind in LimitKind::ALL {
                prop_assert!(operated.get(kind) <= stated.get(kind));
                prop_assert!(called.get(kind) <= operated.get(kind));
                prop_assert!(called.get(kind) <= caller.get(kind).unwrap_or(u64::MAX));
                prop_assert!(called.get(kind) > 0);
            }
        }

        #[test]
        fn quantities_never_panic(text in ".{0,40}") {
            let _ = parse_size(&text);
            let _ = parse_duration_ms(&text);
        }
    }

    #[test]
    fn a_flag_that_asks_for_more_is_reported_and_changes_nothing() {
        let mut caller = LimitRequest::none();
        caller.set(LimitKind::Fuel, 20_000_000).expect("in range");
        let (limits, in_vain) = Limits::default().narrow(&caller);
        assert_eq!(limits, Limits::default());
        assert_eq!(in_vain, [Narrowed { kind: LimitKind::Fuel, asked: 20_000_000, holds: 10_000_000 }]);
    }

    #[test]
    fn zero_and_values_above_the_ceiling_are_refused_for_every_kind() {
        for kind in LimitKind::ALL {
            assert_eq!(LimitRequest::none().set(kind, 0), Err(InvalidQuantity::Zero(kind)));
            if let Some(above) = kind.ceiling().checked_add(1) {
                assert!(LimitRequest::none().set(kind, above).is_err(), "{kind}");
            }
            assert!(LimitRequest::none().set(kind, kind.default_value()).is_ok(), "{kind}");
        }
    }

    #[test]
    fn processor_time_follows_wall_time_unless_stated() {
        let mut request = LimitRequest::none();
        request.set(LimitKind::Time, 250).expect("in range");
        assert_eq!(Limits::of_manifest(&request).cpu_time(), Duration::from_millis(250));
    }

    #[test]
    fn sizes_and_durations_need_their_units() {
        assert_eq!(parse_size("16MiB"), Ok(16 << 20));
        assert_eq!(parse_size("7B"), Ok(7));
        assert_eq!(parse_duration_ms("500ms"), Ok(500));
        assert_eq!(parse_duration_ms("2s"), Ok(2000));
        for bad in ["", "16", "16MB", "-1KiB", "1.5MiB", "MiB", "+1B", "99999999999999999999B", "9999999999999GiB"] {
            assert!(parse_size(bad).is_err(), "{bad}");
        }
        for bad in ["", "5", "ms", "s", "1m", "-1s", "1 s"] {
            assert!(parse_duration_ms(bad).is_err(), "{bad}");
        }
    }
}
