//! What is wrong with a text, and where.

use serde::Serialize;

/// What is wrong, at a byte of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(crate) message: &'static str,
    pub(crate) at: usize,
}

/// What is wrong, for people: lines and columns begin at 1, and a column is a Unicode scalar value.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Located {
    pub(crate) message: &'static str,
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// The skill's own error: `{"error":"json: expected a value","line":1,"column":5}`.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Refusal {
    error: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
}

impl Mistake {
    /// The place in the text that has the mistake. Lines end with a line feed, after a carriage return or not.
    pub(crate) fn locate(self, text: &str) -> Located {
        let before = text.get(..self.at).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let in_line = before.get(line_start..).unwrap_or_default();
        Located {
            message: self.message,
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: in_line.chars().count() + 1,
        }
    }

    /// The skill's own error for this mistake in the input `json`.
    pub(crate) fn refuse(self, text: &str) -> Refusal {
        let Located { message, line, column } = self.locate(text);
        Refusal { error: format!("json: {message}"), line: Some(line), column: Some(column) }
    }
}

impl Refusal {
    /// An error that has no place in a text.
    pub(crate) fn plain(error: impl Into<String>) -> Self {
        Self { error: error.into(), line: None, column: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_end_with_a_line_feed() {
        let text = "ä\r\n🙂x\ny";
        for (at, line, column) in [(0, 1, 1), (2, 1, 2), (4, 2, 1), (8, 2, 2), (9, 2, 3), (10, 3, 1), (11, 3, 2)] {
            let located = Mistake { message: "", at }.locate(text);
            assert_eq!((located.line, located.column), (line, column), "byte {at}");
        }
    }
}
