//! From machine code and a grant to something that can be called, again and again, from many threads.

use std::fmt;
use std::sync::Arc;

use vak_model::{Export, ExportName, Limits};
use vak_package::Schema;
use vak_policy::Grant;
use wasmtime::{InstancePre, Linker, ModuleExport};

use crate::CompiledSkill;
use crate::compile::CompileTime;
use crate::engine::TickingEngine;
use crate::error::PrepareError;
use crate::guest::{Places, place};
use crate::meter::Meter;

/// A skill that is linked to what it was granted and to nothing else, with its schemas compiled.
pub struct PreparedSkill {
    pub(crate) pre: InstancePre<Meter>,
    pub(crate) engine: Arc<TickingEngine>,
    pub(crate) limits: Limits,
    pub(crate) compile_time: CompileTime,
    pub(crate) places: Places,
    pub(crate) exports: Vec<PreparedExport>,
    pub(crate) grant: Arc<Grant>,
    /// Whether it imports anything, so that something has to stand behind it.
    pub(crate) reaches_out: bool,
}

/// One function with its compiled schemas.
pub(crate) struct PreparedExport {
    pub(crate) name: ExportName,
    pub(crate) entry: ModuleExport,
    pub(crate) input: Option<Schema>,
    pub(crate) output: Option<Schema>,
}

impl fmt::Debug for PreparedSkill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exports: Vec<_> = self.exports.iter().map(|export| &export.name).collect();
        f.debug_struct("PreparedSkill").field("exports", &exports).finish_non_exhaustive()
    }
}

impl CompiledSkill {
    /// Links the skill to what `grant` holds.
    ///
    /// # Errors
    /// A grant that is not for this manifest; a schema that can't be used.
    pub fn prepare(self, grant: &Grant) -> Result<PreparedSkill, PrepareError> {
        let Self { compiled, manifest } = self;
        grant.covers(&manifest)?;
        let link_error = |error: wasmtime::Error| PrepareError::Link(vak_model::printable(&format!("{error:#}"), 400));
        let mut linker = Linker::new(&compiled.engine.engine);
        let reaches_out = crate::host::link(&mut linker, &compiled.module).map_err(link_error)?;
        let pre = linker.instantiate_pre(&compiled.module).map_err(link_error)?;
        let places = Places::of(&compiled.module).map_err(link_error)?;
        let exports = manifest.exports.iter().map(|export| {
            let entry = place(&compiled.module, export.name.as_str()).map_err(link_error)?;
            PreparedExport::new(export, entry)
        });
        let exports = exports.collect::<Result<_, _>>()?;
        let (engine, limits, compile_time) = (compiled.engine, compiled.limits, compiled.compile_time);
        let grant = Arc::new(grant.clone());
        Ok(PreparedSkill { pre, engine, limits, compile_time, places, exports, grant, reaches_out })
    }
}

impl PreparedExport {
    fn new(export: &Export, entry: ModuleExport) -> Result<Self, PrepareError> {
        let compile = |which, schema: &Option<serde_json::Value>| {
            schema.as_ref().map(Schema::compile).transpose().map_err(|source| PrepareError::Schema {
                export: export.name.clone(),
                which,
                source,
            })
        };
        Ok(Self {
            name: export.name.clone(),
            entry,
            input: compile("input", &export.input_schema)?,
            output: compile("output", &export.output_schema)?,
        })
    }
}
