//! The process of one probe: it lets the skill in as a run would, and calls a probe under that skill's manifest and grant.
//!
//! It takes no code from anybody: an order says what a probe does, and its module is made here.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use serde_json::{Value, json};
use vak_cli::{Failure, Ui};
use vak_model::{Capability, Code, GuestPath, LimitKind, Limits, Manifest};
use vak_package::{Bounds, ManifestDocument, Package};
use vak_policy::{Allowance, Grant, Operator, Principal};
use vak_runtime::{
    CallError, Host, HttpClient, HttpConfig, LiveConfig, LogLevel, LogSink, Names, PreparedSkill, WorldError,
};
use vak_trust::{Timestamp, Trust, dangerous};

use super::module;
use super::order::{ANSWERED, END, LOG_BEGINS, Lend, MAX_BYTES, Order, READY, REFUSED};
use super::room;
use crate::args::RunArgs;
use crate::grants::Given;
use crate::run::admit_alone;
use crate::runtime::{self, Purpose};

/// What a limit is that is not tried: too much to end a probe before the one that is.
const LIFTED: [(LimitKind, u64); 9] = [
    (LimitKind::Fuel, 1 << 50),
    (LimitKind::Time, 60_000),
    (LimitKind::Cpu, 600_000),
    (LimitKind::Memory, 4096),
    (LimitKind::Table, 1_000_000),
    (LimitKind::Output, 64 << 20),
    (LimitKind::Log, 16 << 20),
    (LimitKind::HostCalls, 10_000_000),
    (LimitKind::Handles, 4096),
];

/// Serves one order.
pub(super) fn serve(args: &RunArgs, ui: &mut Ui) -> Result<(), Failure> {
    let by_hand = || {
        Failure::new(Code::UsageArguments, "`--probe` is for the processes that `--prove-limits` starts")
            .next("vak-run calculator --prove-limits", "starts them")
    };
    let stdin = io::stdin().as_fd().try_clone_to_owned().map_err(|_| by_hand())?;
    let control = UnixStream::from(stdin);
    if control.peer_addr().is_err() {
        return Err(by_hand());
    }
    let mut control = Control { lines: BufReader::new(control) };
    let order = serde_json::from_str(&control.line()?);
    let order: Order = order.map_err(|error| by_hand().caused_by(&error))?;
    let (skill, stage) = match probe(&order, args, ui)? {
        Ok(probe) => probe,
        Err(code) => return control.say(REFUSED, code.word()),
    };
    let host = stage.host()?;
    raw(&io::stderr().as_fd(), LOG_BEGINS)?;
    control.say(READY, "")?;
    control.line()?;
    let outcome = pollster::block_on(skill.call_in("execute", b"{}", host));
    let end = match &outcome.result {
        Ok(answer) => {
            raw(&io::stdout().as_fd(), answer.bytes())?;
            ANSWERED
        }
        Err(error) => CallError::code(error).word(),
    };
    control.say(END, end)?;
    // What is used of the machine is looked at from outside before this ends.
    control.line().map(drop)
}

/// Writes bytes as they are: how many arrive is counted on the other side.
fn raw(to: &impl std::os::fd::AsFd, bytes: &[u8]) -> Result<(), Failure> {
    let file = to.as_fd().try_clone_to_owned().map(File::from);
    Ok(file.and_then(|mut file| file.write_all(bytes))?)
}

/// The line to the process that ordered.
struct Control {
    lines: BufReader<UnixStream>,
}

impl Control {
    fn line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        let read = (&mut self.lines).take(MAX_BYTES).read_line(&mut line);
        read.map_err(|error| Failure::new(Code::FileRead, "failed to read an order").caused_by(&error))?;
        Ok(line)
    }

    fn say(&mut self, what: &str, more: &str) -> Result<(), Failure> {
        Ok(writeln!(self.lines.get_mut(), "{what}{more}")?)
    }
}

/// What a probe's world is made of.
struct Stage {
    order: Order,
    given: Given,
    principal: Principal,
}

/// From an order to a probe that can be called, or the code of its refusal.
fn probe(order: &Order, args: &RunArgs, ui: &mut Ui) -> Result<Result<(PreparedSkill, Stage), Code>, Failure> {
    let admission = admit_alone(args, ui)?;
    let skill = admission.admitted.artefact().document();
    let manifest = manifest(skill, order)?;
    let given = match order.lend {
        None => args.grants.given()?,
        Some(lend) => Given { operator: lend.operator()?, ..Given::default() },
    };
    let module = wat::parse_str(module::text(&order.act)).map_err(|error| Failure::of(Code::InternalBug, &error))?;
    let package = match Package::pack(module, &manifest, &Bounds::default()) {
        Ok(package) => package,
        Err(error) => return Ok(Err(error.code())),
    };
    // Nobody signs probes: they are VAK's own, and made a line above.
    let admitted = dangerous::admit_unsigned(package, &Trust::nobody(), Timestamp::EPOCH);
    let admitted = admitted.map_err(|error| Failure::of(error.code(), &error))?;
    let Ok(grant) = Grant::new(manifest.manifest(), &admission.principal, &given.operator) else {
        return Ok(Err(Code::CapabilityDenied));
    };
    let runtime = runtime::quiet(Purpose::Calls, crate::args::CacheArgs { no_cache: true })?;
    let limits = request(order, args)?;
    let compiled = runtime.compile(&admitted, &limits).map_err(|error| Failure::of(error.code(), &error))?;
    let prepared = compiled.prepare(&grant).map_err(|error| Failure::of(error.code(), &error))?;
    Ok(Ok((prepared, Stage { order: order.clone(), given, principal: admission.principal })))
}

/// The limits that the flags narrow, but for those that are lifted.
fn request(order: &Order, args: &RunArgs) -> Result<vak_model::LimitRequest, Failure> {
    let typed = args.limits.request().map_err(|error| Failure::of(Code::UsageArguments, &error))?;
    let mut request = vak_model::LimitRequest::none();
    let tried = LimitKind::ALL.into_iter().filter(|kind| order.tries(*kind));
    for (kind, value) in tried.filter_map(|kind| Some((kind, typed.get(kind)?))) {
        request.set(kind, value).map_err(|error| Failure::of(Code::UsageArguments, &error))?;
    }
    Ok(request)
}

impl Order {
    fn tries(&self, kind: LimitKind) -> bool {
        // A stack is no longer for being lifted: it is of one class or another, and no probe but one needs any.
        self.bound.as_deref() == Some(kind.manifest_key()) || kind == LimitKind::Stack
    }
}

/// The skill's manifest, around a probe: the limit that is tried as it is, and the capabilities, unless others are lent.
fn manifest(skill: &ManifestDocument, order: &Order) -> Result<ManifestDocument, Failure> {
    let bug = |error: &dyn std::error::Error| Failure::new(Code::InternalBug, error.to_string());
    let mut value: Value = serde_json::from_slice(skill.canonical()).map_err(|error| bug(&error))?;
    let limits = limits(skill.manifest(), order);
    let keys = value.as_object_mut().ok_or_else(|| Failure::new(Code::InternalBug, "a manifest is no object"))?;
    keys.insert("limits".to_owned(), limits);
    keys.insert("exports".to_owned(), json!([{ "name": "execute" }]));
    keys.remove("tests");
    if let Some(lend) = order.lend {
        keys.insert("capabilities".to_owned(), json!([lend.request()]));
    }
    ManifestDocument::from_yaml(&value.to_string()).map_err(|error| bug(&error))
}

fn limits(manifest: &Manifest, order: &Order) -> Value {
    let stated = Limits::of_manifest(&manifest.limits);
    let limit = |(kind, lifted): (LimitKind, u64)| {
        let value = if order.tries(kind) { stated.get(kind) } else { lifted.max(order.room_for(kind)) };
        (kind.manifest_key().to_owned(), Value::from(value))
    };
    let stack = (LimitKind::Stack, stated.get(LimitKind::Stack));
    LIFTED.into_iter().chain([stack]).map(limit).collect::<serde_json::Map<_, _>>().into()
}

impl Order {
    /// What a trial of processor time takes of time, which passes faster.
    fn room_for(&self, kind: LimitKind) -> u64 {
        if kind == LimitKind::Time && self.tries(LimitKind::Cpu) { LimitKind::Time.ceiling() } else { 0 }
    }
}

impl Lend {
    const fn capability(self) -> Capability {
        match self {
            Self::Read => Capability::FsRead,
            Self::Write => Capability::FsWrite,
            Self::Kv => Capability::Kv,
            Self::Log => Capability::Log,
            Self::Clock => Capability::Clock,
            Self::Random => Capability::Random,
            Self::Plan => Capability::VerifyPlan,
            Self::Net { .. } | Self::Name { .. } => Capability::NetHttp,
        }
    }

    /// What the manifest asks for.
    fn request(self) -> Value {
        let name = self.capability().name();
        match self {
            Self::Read | Self::Write => json!({ name: [format!("{}/**", room::LENT)] }),
            Self::Net { port } => json!({ name: [format!("http://127.0.0.1:{port}/*")] }),
            Self::Name { port } => json!({ name: [format!("http://{}:{port}/*", room::NAME)] }),
            _ => json!(name),
        }
    }

    /// What the operator says.
    fn operator(self) -> Result<Operator, Failure> {
        let bug = |_| Failure::new(Code::InternalBug, "what is lent can't be named");
        let allowance = match self {
            Self::Read => Allowance::Read(lent()?),
            Self::Write => Allowance::Write(lent()?),
            Self::Net { port } => Allowance::Net(format!("127.0.0.1:{port}").parse().map_err(bug)?),
            Self::Name { port } => Allowance::Net(format!("{}:{port}", room::NAME).parse().map_err(bug)?),
            _ => Allowance::All(self.capability()),
        };
        Ok(Operator::nothing().allow(allowance))
    }
}

fn lent() -> Result<GuestPath, Failure> {
    GuestPath::try_from(room::LENT).map_err(|error| Failure::of(Code::InternalBug, &error))
}

impl Stage {
    /// The world of a run, with folders and a store of the room's in the place of the operator's.
    fn host(&self) -> Result<Host, Failure> {
        let unread = |error: WorldError| Failure::of(Code::FileRead, &error);
        let (room, lines) = (&self.order.room, File::from(io::stderr().as_fd().try_clone_to_owned()?));
        let mut world = LiveConfig::new().log(Box::new(Lines(lines)));
        for (i, mount) in self.given.folders.iter().enumerate() {
            world = world.folder(mount.name.clone(), &room::mount(room, i)).map_err(unread)?;
        }
        if matches!(self.order.lend, Some(Lend::Read | Lend::Write)) {
            world = world.folder(lent()?, &room.join(room::LENT)).map_err(unread)?;
        }
        world = world.kv(room.join(room::STATE), &self.principal);
        let http = match self.order.lend {
            Some(Lend::Name { .. }) => HttpConfig::default().names(Arc::new(Here)),
            _ => HttpConfig::default(),
        };
        Ok(Host::new(Box::new(world.http(Arc::new(HttpClient::new(http))).build())))
    }
}

/// Lines as they are, so that what arrives can be counted.
struct Lines(File);

impl LogSink for Lines {
    fn line(&mut self, _: LogLevel, text: &str) {
        // If nobody counts any more, nothing depends on it.
        let _ = self.0.write_all(format!("{text}\n").as_bytes());
    }
}

/// A resolver by which every name leads to this machine.
struct Here;

impl Names for Here {
    fn addresses(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)])
    }
}
