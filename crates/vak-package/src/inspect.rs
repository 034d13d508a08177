//! What a module shows to the outside, held against its manifest and the ABI, without running anything.

use vak_abi::{EXPORT_ALLOC, EXPORT_FAILURE, EXPORT_MEMORY, IMPORT_MODULE, IMPORT_TAKE};
use vak_model::{HostCall, Manifest};

use crate::scan::{ExportType, FuncType, Import, ImportType, Scanned, ValType};

/// A module's imports and exports.
#[derive(Clone, Debug)]
pub struct Interface {
    /// The imports, in order.
    pub imports: Vec<Import>,
    /// The exports by name, in order.
    pub exports: Vec<(String, ExportType)>,
}

/// How a module and its manifest disagree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InterfaceError {
    /// Imports that no declared capability covers.
    #[error("the module imports {names} without declaring a capability for it", names = list(.0))]
    Undeclared(Vec<String>),
    /// A host function of the right name and another type.
    #[error("the import `{0}` does not have the type of the host function")]
    ImportType(String),
    /// Something that the manifest or the ABI calls for is not exported.
    #[error("the module does not export {expected}")]
    MissingExport {
        /// What should be there, with its type.
        expected: String,
    },
    /// It is exported, but is something else.
    #[error("the module's export `{name}` is not {expected}")]
    ExportType {
        /// The export.
        name: String,
        /// What it should be, with its type.
        expected: String,
    },
}

/// How many undeclared imports a message names: a hostile module can have hundreds.
const MAX_LISTED: usize = 20;

impl Interface {
    pub(crate) fn of(scanned: Scanned) -> Self {
        Self { imports: scanned.imports, exports: scanned.exports }
    }

    /// Checks that declared capabilities cover all imports, that everything callable is there, and that what the host
    /// may look at is what it must be.
    pub(crate) fn check(&self, manifest: &Manifest) -> Result<(), InterfaceError> {
        self.check_imports(manifest)?;
        self.check_export(EXPORT_MEMORY, "a memory `memory`", |ty| matches!(ty, ExportType::Memory))?;
        let alloc = FuncType { params: vec![ValType::I32], results: vec![ValType::I32] };
        self.check_function(EXPORT_ALLOC, "(i32) -> i32", &alloc)?;
        self.check_failure()?;
        let call = FuncType { params: vec![ValType::I32; 2], results: vec![ValType::I64] };
        manifest
            .exports
            .iter()
            .try_for_each(|export| self.check_function(export.name.as_str(), "(i32, i32) -> i64", &call))
    }

    fn check_imports(&self, manifest: &Manifest) -> Result<(), InterfaceError> {
        let mut undeclared = Vec::new();
        let mut mistyped = None;
        for import in &self.imports {
            match declared_type(import, manifest) {
                None => undeclared.push(shown(import)),
                Some(ty) if import.ty != ImportType::Func(ty.clone()) => {
                    mistyped = mistyped.or_else(|| Some(shown(import)))
                }
                Some(_) => {}
            }
        }
        match (undeclared.is_empty(), mistyped) {
            (false, _) => Err(InterfaceError::Undeclared(undeclared)),
            (true, Some(import)) => Err(InterfaceError::ImportType(import)),
            (true, None) => Ok(()),
        }
    }

    /// A skill need not have it. One that has something else of the name would wait in vain for its errors to be found.
    fn check_failure(&self) -> Result<(), InterfaceError> {
        let is_constant = |ty: &ExportType| *ty == ExportType::Constant(ValType::I32);
        match self.check_export(EXPORT_FAILURE, "an immutable global `vak_failure` of type i32", is_constant) {
            Err(InterfaceError::MissingExport { .. }) => Ok(()),
            checked => checked,
        }
    }

    fn check_function(&self, name: &str, signature: &str, ty: &FuncType) -> Result<(), InterfaceError> {
        let expected = format!("a function `{name}` of type {signature}");
        self.check_export(name, &expected, |found| matches!(found, ExportType::Func(found) if found == ty))
    }

    fn check_export(
        &self,
        name: &str,
        expected: &str,
        fits: impl Fn(&ExportType) -> bool,
    ) -> Result<(), InterfaceError> {
        match self.exports.iter().find(|(export, _)| export == name) {
            None => Err(InterfaceError::MissingExport { expected: expected.to_owned() }),
            Some((_, ty)) if fits(ty) => Ok(()),
            Some(_) => Err(InterfaceError::ExportType { name: name.to_owned(), expected: expected.to_owned() }),
        }
    }

    /// Refuses every import, for modules that have no manifest to declare one.
    pub(crate) fn refuse_imports(&self) -> Result<(), InterfaceError> {
        if self.imports.is_empty() {
            return Ok(());
        }
        Err(InterfaceError::Undeclared(self.imports.iter().map(shown).collect()))
    }
}

/// The type that a host function has, if a capability that the manifest declares covers it, or if it needs none.
fn declared_type(import: &Import, manifest: &Manifest) -> Option<FuncType> {
    if import.module != IMPORT_MODULE {
        return None;
    }
    let params = match import.name.as_str() {
        IMPORT_TAKE => 2,
        name if manifest.requests(HostCall::named(name)?.capability()) => 4,
        _ => return None,
    };
    Some(FuncType { params: vec![ValType::I32; params], results: vec![ValType::I64] })
}

fn shown(import: &Import) -> String {
    vak_model::printable(&format!("{}.{}", import.module, import.name), 100)
}

fn list(names: &[String]) -> String {
    let listed: Vec<_> = names.iter().take(MAX_LISTED).map(|name| format!("`{name}`")).collect();
    match names.len().saturating_sub(MAX_LISTED) {
        0 => listed.join(", "),
        more => format!("{} and {more} more", listed.join(", ")),
    }
}
