//! Words of other programs, made fit for one line of a message.

/// The longest quotation of another program, in characters.
const MAX_QUOTE: usize = 200;

/// Lines that follow the line that matters.
const NOISE: &[&str] = &[
    "For more information",
    "Some errors have",
    "As a reminder",
    "error: could not compile",
    "error: aborting due to",
    "warning:",
    "note:",
];

/// The line of a program's output that best says why it failed: its last error, else its last line.
pub(crate) fn brief(output: &[u8]) -> String {
    let text = printable(&String::from_utf8_lossy(output));
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let telling = |line: &&&str| !NOISE.iter().any(|noise| line.starts_with(noise));
    let error = lines.iter().rev().filter(telling).find(|line| line.starts_with("error"));
    let line = error.or_else(|| lines.iter().rev().find(telling)).or(lines.last());
    line.map_or_else(|| "it said nothing".to_owned(), |line| cut(line))
}

/// `text` as one line that can't command the reader's terminal.
pub(crate) fn one_line(text: &str) -> String {
    printable(text).replace('\n', " ")
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(MAX_QUOTE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

/// `text` without escape sequences, control characters other than line ends, and bidirectional overrides.
fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_escape(&mut chars),
            '\n' | '\r' => shown.push('\n'),
            '\t' => shown.push(' '),
            c if !is_unprintable(c) => shown.push(c),
            _ => {}
        }
    }
    shown
}

/// Skips what belongs to an escape character: a control sequence, a title (up to its end), or one character.
fn skip_escape(chars: &mut std::str::Chars<'_>) {
    match chars.next() {
        Some('[') => {
            chars.find(|c| ('\u{40}'..='\u{7e}').contains(c));
        }
        Some(']') => {
            chars.find(|c| matches!(c, '\u{7}' | '\u{9c}' | '\\'));
        }
        _ => {}
    }
}

fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_says_why_is_quoted() {
        for (output, quoted) in [
            ("", "it said nothing"),
            ("\n  \n", "it said nothing"),
            ("one\ntwo\n\n", "two"),
            ("warning: w\nerror: unknown `x`\n\nCaused by:\n  deep\n", "error: unknown `x`"),
            (
                "error[E0463]: can't find crate for `std`\nFor more information about this error, try it\n\
              error: could not compile `p` (lib) due to 1 previous error",
                "error[E0463]: can't find crate for `std`",
            ),
            ("error: could not compile `p`", "error: could not compile `p`"),
            ("error: no `wasi`\nlocation searched: index\nAs a reminder, offline", "error: no `wasi`"),
        ] {
            assert_eq!(brief(output.as_bytes()), quoted, "{output:?}");
        }
    }

    #[test]
    fn quotes_are_cut_and_cannot_command_a_terminal() {
        assert_eq!(brief("x".repeat(1000).as_bytes()).chars().count(), MAX_QUOTE + 1);
        for (hostile, shown) in [
            ("\u{1b}[1;31merror\u{1b}[0m: red", "error: red"),
            ("\u{1b}]0;title\u{7}text", "text"),
            ("a\u{202e}b\u{8}c\u{9b}d", "abcd"),
            ("progress 1%\rprogress 2%", "progress 2%"),
        ] {
            assert_eq!(brief(hostile.as_bytes()), shown, "{hostile:?}");
        }
        assert_eq!(brief(b"bad \xff byte"), "bad \u{fffd} byte");
        assert_eq!(one_line("a\nb\u{1b}[2Jc"), "a bc");
    }
}
