//! Arguments that several tools share.

use std::path::PathBuf;

use clap::Args;
use vak_model::{InvalidQuantity, LimitKind, LimitRequest, parse_duration_ms, parse_size};

/// Output for scripts.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct JsonArgs {
    /// Print a report as JSON on stdout, whatever happens once the command line is understood
    #[arg(long)]
    pub json: bool,
}

/// Whose signatures count.
#[derive(Args, Clone, Debug, Default)]
pub struct TrustArgs {
    /// Trust those whom this file names, and nobody else: a trust root, or one public key (PEM, OpenSSH or raw) for any
    /// name. The trust root of this machine by default
    #[arg(long, value_name = "FILE")]
    pub trust: Option<PathBuf>,
}

/// The door for development.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct UnsignedArgs {
    /// Accept a skill that nobody trusted has signed, for development; never one whose signature is broken, revoked or
    /// denied
    #[arg(long)]
    pub allow_unsigned: bool,
}

/// One flag for each limit. Each lowers what the manifest says and never raises it.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Limits (they lower what the manifest says, and never raise it)")]
pub struct LimitArgs {
    /// Fuel: what the guest's instructions cost
    #[arg(long, value_name = "N", value_parser = |text: &str| number(LimitKind::Fuel, text))]
    pub fuel: Option<u64>,
    /// Wall-clock time of the call, such as 500ms or 2s
    #[arg(long, value_name = "TIME", value_parser = |text: &str| duration(LimitKind::Time, text))]
    pub timeout: Option<u64>,
    /// Processor time of the call, such as 500ms or 2s
    #[arg(long, value_name = "TIME", value_parser = |text: &str| duration(LimitKind::Cpu, text))]
    pub cpu_time: Option<u64>,
    /// Memory, such as 16MiB; counted in pages of 64 KiB
    #[arg(long, value_name = "SIZE", value_parser = |text: &str| size(LimitKind::Memory, text, 65_536))]
    pub memory: Option<u64>,
    /// Elements of all tables together
    #[arg(long, value_name = "N", value_parser = |text: &str| number(LimitKind::Table, text))]
    pub table_elements: Option<u64>,
    /// Call stack: 64KiB, 256KiB, 512KiB or 16MiB
    #[arg(long, value_name = "SIZE", value_parser = |text: &str| size(LimitKind::Stack, text, 1024))]
    pub stack: Option<u64>,
    /// Size of the output, such as 64KiB
    #[arg(long, value_name = "SIZE", value_parser = |text: &str| size(LimitKind::Output, text, 1))]
    pub output_bytes: Option<u64>,
    /// Size of what is logged, such as 64KiB
    #[arg(long, value_name = "SIZE", value_parser = |text: &str| size(LimitKind::Log, text, 1))]
    pub log_bytes: Option<u64>,
    /// Number of host calls
    #[arg(long, value_name = "N", value_parser = |text: &str| number(LimitKind::HostCalls, text))]
    pub host_calls: Option<u64>,
    /// Number of handles open at once
    #[arg(long, value_name = "N", value_parser = |text: &str| number(LimitKind::Handles, text))]
    pub handles: Option<u64>,
}

impl LimitArgs {
    /// What was stated, as limits.
    ///
    /// # Errors
    /// None that the flags' own parsers have not reported already.
    pub fn request(&self) -> Result<LimitRequest, InvalidQuantity> {
        let mut request = LimitRequest::none();
        for kind in LimitKind::ALL {
            if let Some(value) = self.value(kind) {
                request.set(kind, value)?;
            }
        }
        Ok(request)
    }

    const fn value(&self, kind: LimitKind) -> Option<u64> {
        match kind {
            LimitKind::Fuel => self.fuel,
            LimitKind::Time => self.timeout,
            LimitKind::Cpu => self.cpu_time,
            LimitKind::Memory => self.memory,
            LimitKind::Table => self.table_elements,
            LimitKind::Stack => self.stack,
            LimitKind::Output => self.output_bytes,
            LimitKind::Log => self.log_bytes,
            LimitKind::HostCalls => self.host_calls,
            LimitKind::Handles => self.handles,
        }
    }
}

fn checked(kind: LimitKind, value: u64) -> Result<u64, InvalidQuantity> {
    LimitRequest::none().set(kind, value).map(|()| value)
}

fn number(kind: LimitKind, text: &str) -> Result<u64, String> {
    let value = text.parse().map_err(|_| "not a whole number".to_owned())?;
    checked(kind, value).map_err(|error| error.to_string())
}

fn duration(kind: LimitKind, text: &str) -> Result<u64, String> {
    parse_duration_ms(text).and_then(|value| checked(kind, value)).map_err(|error| error.to_string())
}

fn size(kind: LimitKind, text: &str, unit: u64) -> Result<u64, String> {
    let bytes = parse_size(text).map_err(|error| error.to_string())?;
    if bytes > 0 && bytes < unit {
        return Err(format!("less than {unit} bytes"));
    }
    checked(kind, bytes / unit).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::{Command, FromArgMatches};

    use super::*;

    fn parse(words: &[&str]) -> Result<LimitRequest, String> {
        let command = LimitArgs::augment_args(Command::new("test").no_binary_name(true));
        let matches = command.try_get_matches_from(words).map_err(|error| error.to_string())?;
        LimitArgs::from_arg_matches(&matches).expect("matched").request().map_err(|error| error.to_string())
    }

    #[test]
    fn every_limit_has_its_flag_in_its_unit() {
        for (kind, value, expected) in [
            (LimitKind::Fuel, "5", 5),
            (LimitKind::Time, "2s", 2000),
            (LimitKind::Cpu, "5ms", 5),
            (LimitKind::Memory, "1MiB", 16),
            (LimitKind::Table, "5", 5),
            (LimitKind::Stack, "16MiB", 16_384),
            (LimitKind::Output, "1KiB", 1024),
            (LimitKind::Log, "7B", 7),
            (LimitKind::HostCalls, "5", 5),
            (LimitKind::Handles, "5", 5),
        ] {
            let request = parse(&[&format!("--{}", kind.flag()), value]).expect(value);
            assert_eq!(request.get(kind), Some(expected), "{kind}");
        }
    }

    #[test]
    fn zero_and_other_nonsense_is_refused() {
        for words in [
            ["--fuel", "0"],
            ["--fuel", "-1"],
            ["--timeout", "0s"],
            ["--timeout", "5"],
            ["--memory", "1KiB"],
            ["--memory", "0B"],
            ["--memory", "3GiB"],
            ["--stack", "100KiB"],
            ["--output-bytes", "65MiB"],
        ] {
            assert!(parse(&words).is_err(), "{words:?}");
        }
    }
}
