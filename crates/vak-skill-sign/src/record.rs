//! Whether what the record of the build says about the golden cases stands in the way of signing.

use std::path::Path;

use vak_cli::{Failure, quote};
use vak_model::Code;
use vak_package::{Artefact as _, GoldenRecord, Package, build_record};

use crate::place::shown;

/// Whether what the record of `file` says stands in the way of signing. Answers what there is to warn of.
pub(crate) fn check(file: &Path, package: &Package, is_required: bool) -> Result<Option<String>, Failure> {
    let refused = |message: String| {
        Failure::new(Code::GoldenNotGreen, message)
            .next("vak-skill-build", "in the skill's folder, builds it and runs them")
    };
    let path = shown(&build_record(file)).display().to_string();
    let name = quote(&path);
    let unknown = match GoldenRecord::read(file, package.id(), package.document().manifest()) {
        GoldenRecord::Green => return Ok(None),
        GoldenRecord::Without if is_required => "the skill has none".to_owned(),
        GoldenRecord::Without => return Ok(None),
        GoldenRecord::Red(red) => {
            let red: Vec<_> = red.iter().map(|case| format!("`{}`", vak_model::printable(case, 80))).collect();
            let message = format!("golden cases of this build are red: {}", red.join(", "));
            return Err(refused(message).fact("record", path));
        }
        GoldenRecord::Missing => format!("there is no record of a build in `{name}`"),
        GoldenRecord::Unreadable(error) => error.to_string(),
        GoldenRecord::Malformed => format!("`{name}` is not the record of a build"),
        GoldenRecord::OtherBuild => format!("`{name}` is the record of another build"),
        GoldenRecord::Incomplete => format!("`{name}` lacks some of the skill's golden cases"),
    };
    if is_required {
        let message = format!("green golden cases are required, and {unknown}");
        return Err(refused(message).fact("file", shown(file).display().to_string()));
    }
    Ok(Some(format!("{unknown}, so nobody knows whether its golden cases are green")))
}
