//! What a tool prints: results on stdout, everything for people on stderr, colours only on a terminal.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::Failure;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const LABEL: Style = AnsiColor::Cyan.on_default();
const STRONG: Style = Style::new().bold();

/// What terminals obey by emptying the screen and going to its first line.
const CLEAR: &str = "\x1b[H\x1b[2J";

/// The longest line of a message that is shown, in characters.
const MAX_LINE: usize = 2000;

/// A tool's output.
///
/// Every method can fail only because nobody reads any more; tools pass that on, and end quietly.
#[derive(Debug, Default)]
pub struct Ui(());

impl Ui {
    /// The same output once more, for what is said beside other work.
    #[must_use]
    pub const fn side(&self) -> Self {
        Self(())
    }

    /// Prints JSON on stdout as it is, and ends the line if it does not. On a terminal, characters that the terminal
    /// could obey are escaped.
    ///
    /// # Errors
    /// Stdout is gone.
    pub fn answer(&mut self, json: &[u8]) -> io::Result<()> {
        if io::stdout().is_terminal() {
            return output(vak_model::printable_json(&String::from_utf8_lossy(json)).as_bytes());
        }
        output(json)
    }

    /// Prints a value as one line of JSON on stdout.
    ///
    /// # Errors
    /// Stdout is gone.
    pub fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        let line = serde_json::to_vec(value).map_err(io::Error::other)?;
        self.answer(&line)
    }

    /// Prints lines on stdout, with whatever a terminal could obey escaped.
    ///
    /// # Errors
    /// Stdout is gone.
    pub fn line(&mut self, text: &str) -> io::Result<()> {
        let mut out = anstream::stdout().lock();
        text.lines().try_for_each(|line| writeln!(out, "{}", vak_model::printable(line, MAX_LINE)))
    }

    /// Prints a table on stdout.
    ///
    /// # Errors
    /// Stdout is gone.
    pub fn table(&mut self, table: &Table) -> io::Result<()> {
        let mut out = anstream::stdout().lock();
        table.write(&mut out)
    }

    /// Prints a table on stderr, for people.
    ///
    /// # Errors
    /// Stderr is gone.
    pub fn note_table(&mut self, table: &Table) -> io::Result<()> {
        let mut err = anstream::stderr().lock();
        table.write(&mut err)
    }

    /// Prints a line for people on stderr.
    ///
    /// # Errors
    /// Stderr is gone.
    pub fn note(&mut self, text: &str) -> io::Result<()> {
        writeln!(anstream::stderr().lock(), "{}", vak_model::printable(text, MAX_LINE))
    }

    /// Empties the screen that people look at, if it is one that can be emptied. What has scrolled out of it stays.
    ///
    /// # Errors
    /// Stderr is gone.
    pub fn clear(&mut self) -> io::Result<()> {
        let can = std::env::var_os("TERM").is_some_and(|kind| !kind.is_empty() && kind != "dumb");
        if io::stderr().is_terminal() && can { write!(io::stderr().lock(), "{CLEAR}") } else { Ok(()) }
    }

    /// Prints a warning on stderr.
    ///
    /// # Errors
    /// Stderr is gone.
    pub fn warn(&mut self, text: &str) -> io::Result<()> {
        let text = vak_model::printable(text, MAX_LINE);
        writeln!(anstream::stderr().lock(), "{WARNING}warning{WARNING:#}: {text}")
    }

    /// Prints a failure on stderr: the message, then what is known about it, then what to do.
    ///
    /// # Errors
    /// Stderr is gone.
    pub fn failure(&mut self, failure: &Failure) -> io::Result<()> {
        if failure.is_silent() {
            return Ok(());
        }
        let mut err = anstream::stderr().lock();
        let message = vak_model::printable(failure.message(), MAX_LINE);
        writeln!(err, "{ERROR}error{ERROR:#}: {STRONG}{message}{STRONG:#}")?;
        for (label, text) in failure.lines() {
            writeln!(err, "  {LABEL}{label}{LABEL:#}: {}", vak_model::printable(&text, MAX_LINE))?;
        }
        Ok(())
    }

    /// Prints failures on stderr, and ends with the first of them, if there are any.
    ///
    /// # Errors
    /// The first failure, which has been said; or stderr is gone.
    pub fn failures(&mut self, failures: Vec<Failure>) -> Result<(), Failure> {
        failures.iter().try_for_each(|failure| self.failure(failure))?;
        failures.into_iter().next().map_or(Ok(()), |first| Err(first.silent()))
    }

    /// Prints a report on stdout in the place of everything else, and ends with the failure, if there is one.
    ///
    /// # Errors
    /// The failure, which the report has said; or stdout is gone.
    pub fn report(&mut self, report: &impl Serialize, failure: Option<Failure>) -> Result<(), Failure> {
        self.json(report)?;
        failure.map_or(Ok(()), |failure| Err(failure.silent()))
    }

    /// Starts a sign of life on stderr for work that takes long: a moving line on a terminal, a plain one elsewhere.
    #[must_use]
    pub fn progress(&mut self, text: &str) -> Progress {
        let progress = self.spinner(text);
        if progress.0.is_none() {
            plain(text);
        }
        progress
    }

    /// Starts a sign of life for work that may take long: a moving line on a terminal, nothing elsewhere.
    #[must_use]
    pub fn spinner(&mut self, text: &str) -> Progress {
        if !io::stderr().is_terminal() {
            return Progress(None);
        }
        let style = ProgressStyle::with_template("{spinner} {elapsed} {wide_msg}");
        let bar = ProgressBar::new_spinner().with_message(vak_model::printable(text, MAX_LINE));
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar.enable_steady_tick(Duration::from_millis(100));
        Progress(Some(bar))
    }
}

/// A line in the place of a moving one. Nobody reading stderr is no reason to stop the work.
fn plain(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{}", vak_model::printable(text, MAX_LINE));
}

/// Writes all of it, and a line's end if there is none.
fn output(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    if !bytes.ends_with(b"\n") {
        out.write_all(b"\n")?;
    }
    out.flush()
}

/// A sign of life; it goes away when dropped.
#[derive(Debug)]
pub struct Progress(Option<ProgressBar>);

impl Progress {
    /// Says what is done now, on a terminal.
    pub fn step(&self, text: &str) {
        if let Some(bar) = &self.0 {
            bar.set_message(vak_model::printable(text, MAX_LINE));
        }
    }

    /// Says that what is done now takes long: elsewhere than on a terminal too, as a plain line.
    pub fn long_step(&self, text: &str) {
        match &self.0 {
            Some(_) => self.step(text),
            None => plain(text),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

/// Rows in aligned columns.
#[derive(Clone, Debug, Default)]
pub struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with a header; an empty one is not printed.
    #[must_use]
    pub fn new(header: &[&str]) -> Self {
        Self { header: header.iter().map(|&cell| cell.to_owned()).collect(), rows: Vec::new() }
    }

    /// Adds a row. Cells are escaped.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.iter().map(|cell| vak_model::printable(cell, 200)).collect());
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let columns = self.rows.iter().chain([&self.header]).map(Vec::len).max().unwrap_or(0);
        let widths: Vec<_> = (0..columns)
            .map(|i| {
                let cells = self.rows.iter().chain([&self.header]).filter_map(|row| row.get(i));
                cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
            })
            .collect();
        let pad = |row: &[String]| {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        if !self.header.is_empty() {
            writeln!(out, "{STRONG}{}{STRONG:#}", pad(&self.header))?;
        }
        self.rows.iter().try_for_each(|row| writeln!(out, "{}", pad(row)))
    }
}

impl fmt::Display for Table {
    /// The table without colours.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::new();
        self.write(&mut out).map_err(|_| fmt::Error)?;
        write!(f, "{}", anstream::adapter::strip_str(&String::from_utf8_lossy(&out)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_and_cells_are_escaped() {
        let mut table = Table::new(&[]);
        table.row(["a".to_owned(), "1".to_owned()]);
        table.row(["long\u{1b}".to_owned(), "2".to_owned()]);
        let mut out = Vec::new();
        table.write(&mut out).expect("written");
        assert_eq!(String::from_utf8_lossy(&out), "a           1\nlong\\u{1b}  2\n");
    }
}
