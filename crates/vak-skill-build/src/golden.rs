//! Running the golden cases of what was just built: in the world that they state, or in a sandbox that grants nothing but
//! computing.

use std::error::Error as StdError;

use vak_cli::{Home, Ui};
use vak_model::{Code, GoldenCase, LimitRequest};
use vak_package::Package;
use vak_runtime::Grant;
use vak_runtime::{CacheConfig, CompileWith, GoldenReport, Runtime, RuntimeConfig};
use vak_trust::dangerous::admit_unsigned;
use vak_trust::{Timestamp, Trust};

use crate::Error;

/// How one case went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) name: String,
    pub(crate) fuel: Option<u64>,
    /// What it must give and what it gave, if they differ.
    pub(crate) red: Option<[String; 2]>,
}

/// Runs every golden case. If the skill needs a capability, only those run that state what it is answered: there is nobody to
/// grant it here.
pub(crate) fn run(package: Package, home: &Home, ui: &mut Ui) -> Result<Vec<Ran>, Error> {
    let manifest = package.document().manifest().clone();
    let grant = Grant::from_nobody(&manifest).ok();
    if !manifest.tests.iter().any(|case| grant.is_some() || case.host.is_some()) {
        return Ok(Vec::new());
    }
    // Nobody has signed it yet, and what it may do here is compute.
    let admitted = admit_unsigned(package, &Trust::nobody(), Timestamp::EPOCH);
    let admitted = admitted.map_err(|error| unusable(error.code(), error))?;
    let cache = CacheConfig::below(&home.cache, &home.state);
    let config = RuntimeConfig::default().compile_with(CompileWith::this_program()).cache(cache);
    let runtime = Runtime::new(config).map_err(|error| unusable(error.code(), error))?;
    let compiled = runtime.compile(&admitted, &LimitRequest::none()).map_err(|error| unusable(error.code(), error))?;
    let skill = compiled.rehearse(grant.as_ref()).map_err(|error| unusable(error.code(), error))?;
    let progress = ui.spinner("running the golden cases");
    let (of, mut ran) = (manifest.tests.len(), Vec::new());
    for (i, case) in manifest.tests.iter().enumerate() {
        progress.step(&format!("golden case {} of {of}: {}", i + 1, case.name));
        ran.extend(pollster::block_on(skill.golden(case)).map(|report| describe(case, &report)));
    }
    Ok(ran)
}

fn unusable(code: Code, source: impl StdError + Send + Sync + 'static) -> Error {
    Error::Unusable { code, source: Box::new(source) }
}

fn describe(case: &GoldenCase, report: &GoldenReport) -> Ran {
    let red = (!report.passed()).then(|| [report.expected(case), report.verdict.to_string()]);
    Ran { name: case.name.to_string(), fuel: report.fuel, red }
}
