//! The form of a case file.

use std::fmt::Write as _;

/// One case: files, then commands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// What the case shows, in its first lines.
    pub sentence: String,
    /// A command that succeeds only where the case can be run, such as a search for a compiler.
    pub needs: Option<String>,
    /// Files to write before anything runs: path and contents.
    pub files: Vec<(String, String)>,
    /// The commands, in order.
    pub steps: Vec<Step>,
}

/// One command and what it must do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The command, for a POSIX shell.
    pub command: String,
    /// What it must do.
    pub expected: Expected,
}

/// What a command prints and exits with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// The exit code.
    pub exit: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Case {
    /// Reads a case file.
    ///
    /// # Panics
    /// The file is not of the form.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut parts = text.split("\n== ");
        let sentence = parts.next().unwrap_or_default().trim().to_owned();
        assert!(!sentence.is_empty(), "a case begins with a sentence on what it shows");
        let mut case = Self { sentence, needs: None, files: Vec::new(), steps: Vec::new() };
        for part in parts {
            let (head, body) = part.split_once('\n').unwrap_or((part, ""));
            case.section(head, body);
        }
        case
    }

    fn section(&mut self, head: &str, body: &str) {
        let (kind, rest) = head.split_once(' ').unwrap_or((head, ""));
        let body = if body.is_empty() || body.ends_with('\n') { body.to_owned() } else { format!("{body}\n") };
        match kind {
            "needs" => {
                self.needs = Some(rest.to_owned());
                return;
            }
            "file" => return self.files.push((rest.to_owned(), body)),
            "run" => {
                return self.steps.push(Step { command: rest.to_owned(), expected: Expected::default() });
            }
            _ => {}
        }
        let expected = &mut self.steps.last_mut().expect("expectations come after `== run`").expected;
        match kind {
            "exit" => expected.exit = rest.parse().expect("an exit code"),
            "stdout" => expected.stdout = body,
            "stderr" => expected.stderr = body,
            _ => panic!("`== {kind}` is not a section"),
        }
    }

    /// Writes the case as a file.
    #[must_use]
    pub fn format(&self) -> String {
        let mut text = format!("{}\n", self.sentence);
        let mut section = |head: &str, body: &str| {
            // Writing to a string can't fail.
            let _ = write!(text, "\n== {head}\n{body}");
            while text.ends_with('\n') {
                text.pop();
            }
        };
        if let Some(needs) = &self.needs {
            section(&format!("needs {needs}"), "");
        }
        for (path, contents) in &self.files {
            section(&format!("file {path}"), contents);
        }
        for Step { command, expected } in &self.steps {
            section(&format!("run {command}"), "");
            if expected.exit != 0 {
                section(&format!("exit {}", expected.exit), "");
            }
            for (head, body) in [("stdout", &expected.stdout), ("stderr", &expected.stderr)] {
                if !body.is_empty() {
                    section(head, body);
                }
            }
        }
        text.push('\n');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_reads_back_from_what_it_writes() {
        let text = "It shows.\n\n== needs test -d /\n== file a.txt\nhello\n== run cat a.txt\n== stdout\nhello\n== run false\n== exit 1\n";
        let case = Case::parse(text);
        assert_eq!(case.needs.as_deref(), Some("test -d /"));
        assert_eq!(case.files, [("a.txt".to_owned(), "hello\n".to_owned())]);
        assert_eq!(case.steps[0].expected.stdout, "hello\n");
        assert_eq!(case.steps[1].expected.exit, 1);
        assert_eq!(Case::parse(&case.format()), case);
        assert_eq!(case.format(), text);
    }

    #[test]
    #[should_panic(expected = "not a section")]
    fn an_unknown_section_is_no_silent_pass() {
        let _ = Case::parse("It shows.\n\n== run true\n== stdoutt\nx\n");
    }
}
