//! What a trial does, seen from outside: by this process's clock, by what the system says of the other one, and by what
//! arrives, lies there afterwards, or has called.

use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::order::{END, LOG_BEGINS, Order, READY, REFUSED};

/// The process that is ordered: this program, and the words that it was started with.
#[derive(Clone, Debug)]
pub struct Processes {
    /// The program.
    pub program: PathBuf,
    /// The words of its command line, without its own name: what names the skill, and what is granted.
    pub words: Vec<OsString>,
    /// What its environment has besides that of this process.
    pub environment: Vec<(OsString, OsString)>,
}

/// How long it may take before a probe can be called: it is compiled.
const SETUP: Duration = Duration::from_secs(60);

/// How much of a process's output is kept, in bytes: more than the largest output that anybody may state.
const MAX_OUTPUT: u64 = (64 << 20) + (1 << 20);

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The probe was not let in, or not granted what it needs, by this code.
    Refused(String),
    /// The call ended, by this code.
    Called(String),
    /// It was killed, since it did not end.
    Killed,
    /// The system ended it, by this signal.
    Signal(i32),
    /// It ended where it should not have, and said this.
    Died(String),
}

/// What was seen of one trial.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) end: End,
    /// From the word to begin until the process said that the call was over.
    pub(super) wall: Duration,
    /// The processor time of the process meanwhile.
    pub(super) cpu: Duration,
    /// By how much the process's resident memory was larger meanwhile than before, in bytes.
    pub(super) grown: u64,
    /// What it wrote to standard output.
    pub(super) output: Vec<u8>,
    /// What its probe wrote to standard error, in lines and bytes.
    pub(super) log_lines: u64,
    pub(super) log_bytes: u64,
}

impl Processes {
    /// Has a process carry out an order, and looks at it. It is killed `patience` after its call began.
    pub(super) fn carry_out(&self, order: &Order, patience: Duration) -> io::Result<Seen> {
        let (ours, theirs) = UnixStream::pair()?;
        let mut child = Command::new(&self.program)
            .arg("--probe")
            .args(&self.words)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let output = collect(child.stdout.take(), MAX_OUTPUT);
        let log = collect(child.stderr.take(), MAX_OUTPUT);
        let call = follow(&ours, child.id(), order, patience);
        if matches!(&call, Err(error) if is_late(error)) {
            child.kill()?;
        } else {
            // A process that has refused its probe, or failed, no longer waits to be let go.
            let _ = (&ours).write_all(b"\n");
        }
        drop(ours);
        let status = wait(&mut child)?;
        let (output, log) = (gathered(output)?, gathered(log)?);
        let begins = log.windows(LOG_BEGINS.len()).position(|window| window == LOG_BEGINS);
        let (said, log) = log.split_at(begins.map_or(log.len(), |at| at));
        let log = log.get(LOG_BEGINS.len()..).unwrap_or_default();
        let call = call.unwrap_or_else(|error| {
            let said = String::from_utf8_lossy(said).into_owned() + &error.to_string();
            Call::ended(if is_late(&error) { End::Killed } else { End::Died(vak_model::printable(&said, 300)) })
        });
        let end = match status.signal() {
            Some(signal) if call.end != End::Killed => End::Signal(signal),
            _ => call.end,
        };
        let log_lines = log.iter().filter(|byte| **byte == b'\n').count() as u64;
        let Call { wall, cpu, grown, .. } = call;
        Ok(Seen { end, wall, cpu, grown, output, log_lines, log_bytes: log.len() as u64 })
    }
}

/// What was seen while the process was told what to do.
struct Call {
    end: End,
    wall: Duration,
    cpu: Duration,
    grown: u64,
}

impl Call {
    const fn ended(end: End) -> Self {
        Self { end, wall: Duration::ZERO, cpu: Duration::ZERO, grown: 0 }
    }
}

/// Gives the order, and the word to begin, and waits for the end.
fn follow(control: &UnixStream, pid: u32, order: &Order, patience: Duration) -> io::Result<Call> {
    let (mut order, mut lines) = (serde_json::to_vec(order)?, BufReader::new(control));
    order.push(b'\n');
    control.set_read_timeout(Some(SETUP))?;
    { control }.write_all(&order)?;
    let said = line(&mut lines)?;
    if let Some(code) = said.strip_prefix(REFUSED) {
        return Ok(Call::ended(End::Refused(code.to_owned())));
    }
    if said != READY {
        return Err(io::ErrorKind::InvalidData.into());
    }
    // The peak is counted from here on. Where that is not allowed, it is counted from what it was before.
    let _ = fs::write(format!("/proc/{pid}/clear_refs"), "5");
    let (resident, cpu) = (memory(pid)?, processor(pid)?);
    control.set_read_timeout(Some(patience))?;
    let began = Instant::now();
    { control }.write_all(b"\n")?;
    let said = line(&mut lines)?;
    let wall = began.elapsed();
    let code = said.strip_prefix(END).ok_or(io::ErrorKind::InvalidData)?.to_owned();
    let (cpu, grown) = (processor(pid)?.saturating_sub(cpu), memory(pid)?.saturating_sub(resident));
    Ok(Call { end: End::Called(code), wall, cpu, grown })
}

/// Nothing was said in time.
fn is_late(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// A line of the other process's; none of them is long.
fn line(lines: &mut impl io::BufRead) -> io::Result<String> {
    let mut line = String::new();
    if lines.take(200).read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end().to_owned())
}

/// The peak of a process's resident memory, in bytes.
fn memory(pid: u32) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
    peak.map(|kib: u64| kib * 1024).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// The processor time of all threads of a process. The system counts it in hundredths of a second.
fn processor(pid: u32) -> io::Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name of the program, in parentheses, may hold anything.
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    let ticks = fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().ok()).sum::<Option<u64>>();
    ticks.map(|ticks| Duration::from_millis(ticks * 10)).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

type Collected = Option<JoinHandle<io::Result<Vec<u8>>>>;

/// Reads all that arrives, so that nobody waits for it to be read.
fn collect(from: Option<impl Read + Send + 'static>, max: u64) -> Collected {
    from.map(|mut from| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            from.by_ref().take(max).read_to_end(&mut bytes)?;
            io::copy(&mut from, &mut io::sink())?;
            Ok(bytes)
        })
    })
}

fn gathered(collected: Collected) -> io::Result<Vec<u8>> {
    let Some(collected) = collected else { return Ok(Vec::new()) };
    collected.join().unwrap_or_else(|_| Err(io::Error::other("a thread panicked")))
}

/// Waits for the end of a process that has been told to end, and kills it if it does not.
fn wait(child: &mut Child) -> io::Result<std::process::ExitStatus> {
    let told = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if told.elapsed() > Duration::from_secs(10) {
            child.kill()?;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}
