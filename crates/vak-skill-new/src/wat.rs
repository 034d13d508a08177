//! The template in WebAssembly's text format.

use crate::create::File;
use crate::error::Error;
use crate::language::{MANIFEST, Plan, VERSION};
use crate::sdk::Kit;
use crate::template::render;

/// The files, of which every hole is filled.
pub(crate) fn files(plan: &Plan<'_>) -> Result<Vec<File>, Error> {
    if matches!(plan.kit, Kit::At(_)) {
        return Err(Error::NeedsNoSdk(plan.name.skill().clone()));
    }
    let module = format!("build/{}.wasm", plan.name.folder());
    let values = [
        ("name", plan.name.skill().as_str()),
        ("version", VERSION),
        ("module", &module),
        ("exported", "`export` in src/skill.wat"),
        ("needs", "VAK's tools, `vak-skill-build` and `vak-run`, are"),
    ];
    let file = |path: &'static str, template: &str| File::new(path, render(template, &values));
    Ok(vec![
        file("skill.yaml", MANIFEST),
        file("src/skill.wat", include_str!("../templates/wat/skill.wat")),
        file("README.md", include_str!("../templates/wat/README.md.in")),
        file("ci.sh", include_str!("../templates/ci.sh.in")).executable(),
        file(".gitignore", include_str!("../templates/gitignore")),
    ])
}
