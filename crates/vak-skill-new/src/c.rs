//! The template in C.

use crate::create::File;
use crate::error::Error;
use crate::language::{MANIFEST, Plan, VERSION};
use crate::sdk::{self, Kit};
use crate::template::render;

/// The files, of which every hole is filled.
pub(crate) fn files(plan: &Plan<'_>) -> Result<Vec<File>, Error> {
    let (kit, module) = (plan.kit.include()?, format!("build/{}.wasm", plan.name.folder()));
    let vendored = *plan.kit == Kit::Vendored;
    let values = [
        ("name", plan.name.skill().as_str()),
        ("version", VERSION),
        ("module", &module),
        ("exported", "`VAK_EXPORT` in src/skill.c"),
        ("needs", "clang, `wasm-ld` and VAK's tools, `vak-skill-build` and `vak-run`, are"),
        ("kit", &kit),
        ("sdk", if vendored { VENDORED_SDK } else { SDK }),
    ];
    let file = |path: &'static str, template: &str| File::new(path, render(template, &values));
    let mut files = vec![
        file("skill.yaml", MANIFEST),
        file("src/skill.c", include_str!("../templates/c/skill.c.in")),
        file("README.md", include_str!("../templates/c/README.md.in")),
        file("ci.sh", include_str!("../templates/ci.sh.in")).executable(),
        file(".gitignore", include_str!("../templates/gitignore")),
    ];
    if vendored {
        files.extend(sdk::vendored_header());
    }
    Ok(files)
}

const VENDORED_SDK: &str =
    "- `sdk/vak.h`: the guest kit that the skill is compiled with, as it was when this project was made";
const SDK: &str = "- `vak.h`, the guest kit that the skill is compiled with, lies where its `#include` says";
