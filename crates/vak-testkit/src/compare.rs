//! Expected text with `[..]` against what was printed.

/// Whether `actual` is what `pattern` says, line by line.
pub(crate) fn matches(pattern: &str, actual: &str) -> bool {
    let (pattern, actual): (Vec<_>, Vec<_>) = (pattern.lines().collect(), actual.lines().collect());
    pattern.len() == actual.len() && pattern.iter().zip(&actual).all(|(pattern, line)| line_matches(pattern, line))
}

/// The line of a guide that stands for any number of lines.
const REST: &str = "[...]";

/// Whether `actual` is what `pattern` says, where a line `[...]` stands for any number of lines.
pub(crate) fn matches_in_parts(pattern: &str, actual: &str) -> bool {
    let (pattern, actual): (Vec<_>, Vec<_>) = (pattern.lines().collect(), actual.lines().collect());
    let fits = |part: &[&str], lines: &[&str]| part.iter().zip(lines).all(|(part, line)| line_matches(part, line));
    let mut parts = pattern.split(|line| *line == REST);
    let first = parts.next().unwrap_or_default();
    let mut rest = match actual.get(..first.len()) {
        Some(lines) if fits(first, lines) => &actual[first.len()..],
        _ => return false,
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        let last = parts.peek().is_none();
        let starts = 0..=rest.len().saturating_sub(part.len());
        let start = if last {
            rest.len().checked_sub(part.len())
        } else {
            starts.into_iter().find(|at| fits(part, &rest[*at..]))
        };
        match start {
            Some(at) if rest.len() >= at + part.len() && fits(part, &rest[at..]) => rest = &rest[at + part.len()..],
            _ => return false,
        }
    }
    true
}

/// What a blessed file says: the pattern's line where it still holds, what was printed elsewhere.
pub(crate) fn bless(pattern: &str, actual: &str) -> String {
    let mut kept = pattern.lines();
    let mut text = String::new();
    for line in actual.lines() {
        let pattern = kept.next().filter(|pattern| line_matches(pattern, line));
        text.push_str(pattern.unwrap_or(line));
        text.push('\n');
    }
    text
}

fn line_matches(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.split("[..]");
    let Some(mut rest) = parts.next().and_then(|first| line.strip_prefix(first)) else { return false };
    let mut open = false;
    for part in parts {
        open = true;
        let Some(at) = (if part.is_empty() { Some(0) } else { rest.find(part) }) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.is_empty()
        || (open && (pattern.ends_with("[..]") || line.ends_with(pattern.rsplit("[..]").next().unwrap_or(""))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hole_stands_for_anything_and_nothing_else_does() {
        for (pattern, line, holds) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("a [..] c", "a b c", true),
            ("a [..] c", "a b d", false),
            ("[..]", "", true),
            ("x[..]", "xyz", true),
            ("[..]z", "xyzz", true),
            ("[..]z", "xyzy", false),
            ("a[..]b[..]c", "a1b2c", true),
            ("a[..]b[..]c", "a1c2b", false),
        ] {
            assert_eq!(line_matches(pattern, line), holds, "{pattern} {line}");
        }
        assert!(!matches("a\n", "a\nb\n") && !matches("a\nb\n", "a\n") && matches("", ""));
    }

    #[test]
    fn a_line_of_dots_stands_for_any_lines() {
        for (pattern, actual, holds) in [
            ("a\nb", "a\nb", true),
            ("a\n[...]", "a\nb\nc", true),
            ("a\n[...]", "a", true),
            ("[...]\nc", "a\nb\nc", true),
            ("a\n[...]\nc", "a\nc", true),
            ("a\n[...]\nb\n[...]\nd", "a\nx\nb\ny\nd", true),
            ("a\n[...]\nc", "a\nb", false),
            ("a\n[...]\nb\n[...]\nd", "a\nx\ny\nd", false),
            ("a\n[...]\na", "a", false),
            ("b\n[...]", "a\nb", false),
            ("a", "a\nb", false),
            ("a\nb", "a", false),
        ] {
            assert_eq!(matches_in_parts(pattern, actual), holds, "{pattern:?} {actual:?}");
        }
    }

    #[test]
    fn blessing_keeps_holes_that_still_hold() {
        assert_eq!(bless("t [..] ms\nold\n", "t 5 ms\nnew\n"), "t [..] ms\nnew\n");
    }
}
