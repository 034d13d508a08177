//! Reports as JUnit's XML: a suite for each artefact, a test for each check. There is no time in it.

use std::io;

use quick_xml::Writer;
use quick_xml::events::BytesText;

use crate::Inspected;
use crate::check::{Check, Verdict};
use crate::report::Report;

/// The longest text of one attribute, in characters.
const MAX_TEXT: usize = 4000;

type Xml = Writer<Vec<u8>>;

/// The whole document.
pub(crate) fn suites(report: &Report<'_>) -> io::Result<Vec<u8>> {
    let mut xml = Writer::new_with_indent(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_vec(), b' ', 2);
    let error = report.error.filter(|_| report.artefacts.is_empty());
    let checks = || report.artefacts.iter().flat_map(|artefact| &artefact.checks);
    let counts = counts(checks(), usize::from(error.is_some()));
    let root = xml.create_element("testsuites").with_attribute(("name", "vak-skill-verify"));
    root.with_attributes(counts.iter().map(|(key, count)| (*key, count.as_str()))).write_inner_content(|xml| {
        report.artefacts.iter().try_for_each(|artefact| suite(xml, artefact))?;
        let Some(error) = error else { return Ok(()) };
        let code = error.code().word();
        xml.create_element("testsuite")
            .with_attributes([("name", "vak-skill-verify"), ("tests", "1"), ("errors", "1")])
            .write_inner_content(|xml| {
                let case =
                    xml.create_element("testcase").with_attributes([("classname", "vak-skill-verify"), ("name", code)]);
                case.write_inner_content(|xml| said(xml, "error", code, &error.one_line())).map(drop)
            })
            .map(drop)
    })?;
    Ok(xml.into_inner())
}

fn suite(xml: &mut Xml, artefact: &Inspected) -> io::Result<()> {
    let name = text(&artefact.path);
    let counts = counts(artefact.checks.iter(), 0);
    let suite = xml.create_element("testsuite").with_attribute(("name", name.as_str()));
    let suite = suite.with_attributes(counts.iter().map(|(key, count)| (*key, count.as_str())));
    suite.write_inner_content(|xml| artefact.checks.iter().try_for_each(|check| case(xml, check, &name))).map(drop)
}

fn case(xml: &mut Xml, check: &Check, path: &str) -> io::Result<()> {
    let case = xml.create_element("testcase").with_attributes([("classname", path), ("name", check.id.word())]);
    match check.verdict {
        Verdict::Ok => case.write_empty().map(drop),
        Verdict::Warning => {
            let warning = format!("warning: {}", text(&check.message));
            case.write_inner_content(|xml| {
                xml.create_element("system-out").write_text_content(BytesText::new(&warning)).map(drop)
            })
            .map(drop)
        }
        Verdict::Failed(code) => {
            case.write_inner_content(|xml| said(xml, "failure", code.word(), &located(check))).map(drop)
        }
        Verdict::Skipped => case
            .write_inner_content(|xml| {
                let message = text(&check.message);
                xml.create_element("skipped").with_attribute(("message", message.as_str())).write_empty().map(drop)
            })
            .map(drop),
    }
}

fn said(xml: &mut Xml, element: &str, code: &str, message: &str) -> io::Result<()> {
    let message = text(message);
    xml.create_element(element).with_attributes([("type", code), ("message", message.as_str())]).write_empty().map(drop)
}

/// The message with its place, since there is no other room for that.
fn located(check: &Check) -> String {
    match &check.place {
        Some(place) => match place.position {
            Some(at) => format!("{}:{}:{}: {}", place.file, at.line, at.column, check.message),
            None => format!("{}: {}", place.file, check.message),
        },
        None => check.message.clone(),
    }
}

fn counts<'a>(checks: impl Iterator<Item = &'a Check>, errors: usize) -> [(&'static str, String); 4] {
    let (mut tests, mut failures, mut skipped) = (errors, 0, 0);
    for check in checks {
        tests += 1;
        failures += usize::from(matches!(check.verdict, Verdict::Failed(_)));
        skipped += usize::from(check.verdict == Verdict::Skipped);
    }
    [("tests", tests), ("failures", failures), ("errors", errors), ("skipped", skipped)]
        .map(|(key, count)| (key, count.to_string()))
}

/// Text that XML can hold at all: it has no form for most control characters, nor for these two.
fn text(text: &str) -> String {
    vak_model::printable(text, MAX_TEXT).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}
