//! One bounded, validating pass over a module's bytes.
//!
//! Compiling is far dearer than reading, and a thread that compiles can't be stopped, so whatever makes compiling dear is
//! counted here first. After this pass a module is well-formed, within [`Bounds`], and uses no feature outside [`features`].
//! The bodies of functions may be left out of it, and are then looked at before anything is compiled.

use std::ops::Range;

use wasmparser::{
    FuncToValidate, FuncValidatorAllocations, FunctionBody, Parser, Payload, ValidPayload, Validator,
    ValidatorResources, WasmFeatures,
    types::{EntityType, Types},
};

use crate::bounds::{Bounds, ScanError};
use crate::operator::Part;

/// A value type, as signatures name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValType {
    /// 32-bit integer.
    I32,
    /// 64-bit integer.
    I64,
    /// 32-bit float.
    F32,
    /// 64-bit float.
    F64,
    /// 128-bit vector.
    V128,
    /// A reference.
    Ref,
}

impl From<wasmparser::ValType> for ValType {
    fn from(ty: wasmparser::ValType) -> Self {
        match ty {
            wasmparser::ValType::I32 => Self::I32,
            wasmparser::ValType::I64 => Self::I64,
            wasmparser::ValType::F32 => Self::F32,
            wasmparser::ValType::F64 => Self::F64,
            wasmparser::ValType::V128 => Self::V128,
            wasmparser::ValType::Ref(_) => Self::Ref,
        }
    }
}

/// The type of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FuncType {
    /// What it takes.
    pub params: Vec<ValType>,
    /// What it gives.
    pub results: Vec<ValType>,
}

/// What a module exports under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExportType {
    /// A function.
    Func(FuncType),
    /// A linear memory.
    Memory,
    /// A global that never changes.
    Constant(ValType),
    /// A table, a tag, or a global that can change.
    Other,
}

/// What a module imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportType {
    /// A function.
    Func(FuncType),
    /// Anything else.
    Other,
}

/// One import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The module imported from.
    pub module: String,
    /// The name in it.
    pub name: String,
    /// What it is expected to be.
    pub ty: ImportType,
}

/// The features that every module may use; all others are refused, whatever the engine would do.
///
/// They are those of the 2.0 specification without SIMD, and without references to host objects.
#[must_use]
pub fn features(simd: bool) -> WasmFeatures {
    let mut features = WasmFeatures::empty()
        | WasmFeatures::FLOATS
        | WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::SATURATING_FLOAT_TO_INT
        | WasmFeatures::MULTI_VALUE
        | WasmFeatures::BULK_MEMORY
        | WasmFeatures::REFERENCE_TYPES;
    features.set(WasmFeatures::SIMD, simd);
    features
}

/// Where in the file a custom section's contents lie, behind its name.
fn contents(section: &wasmparser::CustomSectionReader<'_>) -> Range<usize> {
    section.data_offset()..section.data_offset() + section.data().len()
}

/// The eight bytes that a WebAssembly module of version 1 begins with.
pub(crate) const HEADER_BYTES: usize = 8;

/// The bytes of a whole `signature` section with `payload` bytes of contents, each size in its shortest form.
fn signature_section_bytes(payload: usize) -> usize {
    let named = 1 + vak_abi::SECTION_SIGNATURE.len() + payload;
    let leb = (usize::BITS - named.leading_zeros()).div_ceil(7) as usize;
    1 + leb + named
}

/// Where a module's custom sections lie that VAK knows, found without looking into anything else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sections {
    /// The manifest section: whole, and its contents.
    pub(crate) manifest: Option<(Range<usize>, Range<usize>)>,
    /// The signature section: whole, and its contents.
    pub(crate) signature: Option<(Range<usize>, Range<usize>)>,
}

impl Sections {
    /// Walks over the section headers.
    pub(crate) fn of(bytes: &[u8], bounds: &Bounds) -> Result<Self, ScanError> {
        check_header(bytes, bounds)?;
        let mut found = Self::default();
        let mut start = HEADER_BYTES;
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload?;
            if let Payload::CustomSection(section) = &payload {
                found.note(section, start..section.range().end)?;
            }
            if let Some((_, range)) = payload.as_section() {
                start = range.end;
            }
        }
        found.check_order()?;
        Ok(found)
    }

    /// The manifest comes first, or right after the signature: appended to a finished module it is not taken.
    fn check_order(&self) -> Result<(), ScanError> {
        let first = self.covered_from();
        match &self.manifest {
            Some((whole, _)) if whole.start != first => {
                Err(ScanError::Identity("the `vak.manifest` section is not the first one after any `signature`"))
            }
            _ => Ok(()),
        }
    }

    /// Where the bytes begin that a signature covers: all after the header and the signature section.
    pub(crate) fn covered_from(&self) -> usize {
        self.signature.as_ref().map_or(HEADER_BYTES, |(whole, _)| whole.end)
    }

    fn note(&mut self, section: &wasmparser::CustomSectionReader<'_>, whole: Range<usize>) -> Result<(), ScanError> {
        match section.name() {
            vak_abi::SECTION_MANIFEST => {
                let contents = contents(section);
                if self.manifest.replace((whole, contents)).is_some() {
                    return Err(ScanError::Identity("the module has two `vak.manifest` sections"));
                }
            }
            vak_abi::SECTION_SIGNATURE => {
                if whole.start != HEADER_BYTES {
                    return Err(ScanError::Identity("the `signature` section is not the module's first"));
                }
                // Nothing else holds these few bytes fast: no signature covers its own section.
                let contents = contents(section);
                if whole.len() != signature_section_bytes(contents.len()) {
                    return Err(ScanError::Identity("the `signature` section's sizes are longer than they need be"));
                }
                self.signature = Some((whole, contents));
            }
            vak_abi::SECTION_SIGNATURE_DELIMITER => {
                return Err(ScanError::Identity("the module is cut into separately signed parts"));
            }
            _ => {}
        }
        Ok(())
    }
}

/// What a pass does with the bodies of functions, which are most of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bodies {
    /// Looks at every instruction.
    Read,
    /// Leaves them for another pass, before anything is compiled.
    Skip,
}

/// What one pass over a module has found.
#[derive(Clone, Debug)]
pub struct Scanned {
    /// The imports, in order.
    pub imports: Vec<Import>,
    /// The exports by name, in order.
    pub exports: Vec<(String, ExportType)>,
    sections: Sections,
}

impl Scanned {
    /// Looks at every byte of a module that may use the standard features.
    ///
    /// # Errors
    /// See [`ScanError`].
    pub fn of(bytes: &[u8], bounds: &Bounds) -> Result<Self, ScanError> {
        Self::with_features(bytes, bounds, true, Bodies::Read, Sections::of(bytes, bounds)?)
    }

    pub(crate) fn with_features(
        bytes: &[u8],
        bounds: &Bounds,
        simd: bool,
        bodies: Bodies,
        sections: Sections,
    ) -> Result<Self, ScanError> {
        let validator = Validator::new_with_features(features(simd));
        let mut pass = Pass { validator, bodies, ..Pass::new(bounds) };
        for payload in Parser::new(0).parse_all(bytes) {
            pass.payload(&payload?)?;
        }
        Ok(Self { imports: pass.imports, exports: pass.exports, sections })
    }

    /// The bytes of the manifest and signature sections, in the order of the file.
    pub(crate) fn vak_sections(&self) -> Vec<Range<usize>> {
        let manifest = self.sections.manifest.as_ref().map(|(whole, _)| whole.clone());
        let signature = self.sections.signature.as_ref().map(|(whole, _)| whole.clone());
        let mut cuts: Vec<_> = signature.into_iter().chain(manifest).collect();
        cuts.sort_by_key(|cut| cut.start);
        cuts
    }
}

/// Refuses by size and by the first bytes, with a word on what the file looks like.
fn check_header(bytes: &[u8], bounds: &Bounds) -> Result<(), ScanError> {
    let max = bounds.file_bytes.min(Bounds::MAX_FILE_BYTES);
    if bytes.len() > max {
        return Err(ScanError::TooLarge { bytes: bytes.len(), max });
    }
    let looks_like = match bytes {
        [] => "the file is empty",
        [0x7f, b'E', b'L', b'F', ..] => "it is an ELF file, such as native code or a precompiled module",
        [b'\0', b'a', b's', b'm', 1, 0, 0, 0, ..] => return Ok(()),
        [b'\0', b'a', b's', b'm', ..] if bytes.len() < 8 => "it ends within its header",
        [b'\0', b'a', b's', b'm', 0x0d, 0, 1, 0, ..] => "it is a component, and skills are core modules",
        [b'\0', b'a', b's', b'm', ..] => "its version is not 1",
        [b'(', ..] | [b';', b';', ..] => "it is text; build it first",
        _ => "it does not begin with \\0asm",
    };
    Err(ScanError::NotWasm(looks_like))
}

struct Pass<'a> {
    bounds: &'a Bounds,
    bodies: Bodies,
    validator: Validator,
    imports: Vec<Import>,
    exports: Vec<(String, ExportType)>,
    wanted: Vec<(String, wasmparser::ExternalKind, u32)>,
    segments: u64,
    elements: u64,
    locals: u64,
    control_squares: u64,
    table_elements: u64,
    allocations: FuncValidatorAllocations,
}

impl<'a> Pass<'a> {
    fn new(bounds: &'a Bounds) -> Self {
        Self {
            bounds,
            bodies: Bodies::Read,
            validator: Validator::default(),
            imports: Vec::new(),
            exports: Vec::new(),
            wanted: Vec::new(),
            segments: 0,
            elements: 0,
            locals: 0,
            control_squares: 0,
            table_elements: 0,
            allocations: FuncValidatorAllocations::default(),
        }
    }

    fn payload(&mut self, payload: &Payload<'_>) -> Result<(), ScanError> {
        self.count(payload)?;
        match self.validator.payload(payload)? {
            ValidPayload::Func(function, body) if self.bodies == Bodies::Read => self.function(function, &body)?,
            ValidPayload::End(types) => self.resolve_exports(&types)?,
            ValidPayload::Func(..) | ValidPayload::Ok | ValidPayload::Parser(_) => {}
        }
        match payload {
            Payload::ImportSection(section) => self.note_imports(section)?,
            Payload::ExportSection(section) => {
                for export in section.clone() {
                    let export = export?;
                    self.wanted.push((export.name.to_owned(), export.kind, export.index));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Counts what a section announces, before the validator makes room for it.
    fn count(&mut self, payload: &Payload<'_>) -> Result<(), ScanError> {
        let Bounds { definitions, functions, imports, exports, segments, .. } = *self.bounds;
        match payload {
            Payload::TypeSection(s) => within("types", s.count(), definitions),
            Payload::GlobalSection(s) => within("globals", s.count(), definitions),
            Payload::TableSection(s) => {
                within("tables", s.count(), definitions)?;
                self.count_table_elements(s)
            }
            Payload::MemorySection(s) => within("memories", s.count(), 1),
            Payload::ImportSection(s) => within("imports", s.count(), imports),
            Payload::FunctionSection(s) => within("functions", s.count(), functions),
            Payload::ExportSection(s) => within("exports", s.count(), exports),
            Payload::DataCountSection { count, .. } => within("data segments", *count, segments),
            Payload::DataSection(s) => {
                self.segments += u64::from(s.count());
                within("segments", self.segments, segments)
            }
            Payload::ElementSection(s) => {
                self.segments += u64::from(s.count());
                within("segments", self.segments, segments)?;
                self.count_elements(s)
            }
            _ => Ok(()),
        }
    }

    fn count_table_elements(&mut self, section: &wasmparser::TableSectionReader<'_>) -> Result<(), ScanError> {
        for table in section.clone() {
            self.table_elements = self.table_elements.saturating_add(table?.ty.initial);
        }
        within("elements in its tables", self.table_elements, self.bounds.table_elements)
    }

    fn count_elements(&mut self, section: &wasmparser::ElementSectionReader<'_>) -> Result<(), ScanError> {
        for segment in section.clone() {
            self.elements += u64::from(match segment?.items {
                wasmparser::ElementItems::Functions(items) => items.count(),
                wasmparser::ElementItems::Expressions(_, items) => items.count(),
            });
            within("elements", self.elements, self.bounds.elements)?;
        }
        Ok(())
    }

    fn note_imports(&mut self, section: &wasmparser::ImportSectionReader<'_>) -> Result<(), ScanError> {
        for import in section.clone().into_imports() {
            let import = import?;
            let types = self.validator.types(0);
            let ty = match types.and_then(|types| types.entity_type_from_import(&import).map(|e| (types, e))) {
                Some((types, EntityType::Func(id))) => ImportType::Func(func_type(types[id].unwrap_func())),
                _ => ImportType::Other,
            };
            self.imports.push(Import { module: import.module.to_owned(), name: import.name.to_owned(), ty });
        }
        Ok(())
    }

    fn resolve_exports(&mut self, types: &Types) -> Result<(), ScanError> {
        let types = types.as_ref();
        for (name, kind, index) in std::mem::take(&mut self.wanted) {
            let ty = match types.entity_type_from_export(&wasmparser::Export { name: &name, kind, index }) {
                Some(EntityType::Func(id)) => ExportType::Func(func_type(types[id].unwrap_func())),
                Some(EntityType::Memory(_)) => ExportType::Memory,
                Some(EntityType::Global(ty)) if !ty.mutable => ExportType::Constant(ty.content_type.into()),
                _ => ExportType::Other,
            };
            self.exports.push((name, ty));
        }
        Ok(())
    }

    fn function(
        &mut self,
        function: FuncToValidate<ValidatorResources>,
        body: &FunctionBody<'_>,
    ) -> Result<(), ScanError> {
        let Bounds { body_bytes, branch_targets, nesting, locals, control, control_squares, .. } = *self.bounds;
        let range = body.range();
        within("bytes in one function", range.end - range.start, body_bytes)?;
        let mut validator = function.into_validator(std::mem::take(&mut self.allocations));
        let mut reader = body.get_binary_reader();
        validator.read_locals(&mut reader)?;
        self.locals += u64::from(validator.len_locals());
        within("locals", self.locals, locals)?;
        let (mut steers, code, start) = (0_u64, body.as_bytes(), range.start);
        while !reader.eof() {
            let at = reader.original_position();
            let part = Part::of(code.get(at - start..).unwrap_or_default());
            reader.visit_operator(&mut validator.visitor(at))??;
            if part == Part::Straight {
                continue;
            }
            if let Part::Table(targets) = part {
                within("targets in one `br_table`", targets, branch_targets)?;
            }
            steers += 1;
            within("blocks, branches and calls in one function", steers, control)?;
            within("nested blocks", validator.control_stack_height(), nesting)?;
        }
        reader.finish_expression(&validator.visitor(reader.original_position()))?;
        self.control_squares = self.control_squares.saturating_add(steers * steers);
        within("squares of blocks, branches and calls", self.control_squares, control_squares)?;
        self.allocations = validator.into_allocations();
        Ok(())
    }
}

fn func_type(ty: &wasmparser::FuncType) -> FuncType {
    let convert = |types: &[wasmparser::ValType]| types.iter().map(|ty| ValType::from(*ty)).collect();
    FuncType { params: convert(ty.params()), results: convert(ty.results()) }
}

fn within<C: TryInto<u64>, M: TryInto<u64>>(what: &'static str, count: C, max: M) -> Result<(), ScanError> {
    let count = count.try_into().unwrap_or(u64::MAX);
    let max = max.try_into().unwrap_or(u64::MAX);
    if count > max { Err(ScanError::Bounds { what, count, max }) } else { Ok(()) }
}
