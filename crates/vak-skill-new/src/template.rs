//! Texts with holes.

/// `text` with each `{{key}}` replaced by its value.
///
/// A key without a value stays as it is; a test renders every template and looks for what is left.
pub(crate) fn render(text: &str, values: &[(&str, &str)]) -> String {
    let mut rendered = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        rendered.push_str(before);
        let known = after.split_once("}}").and_then(|(key, after)| {
            let (_, value) = values.iter().find(|(name, _)| *name == key)?;
            Some((value, after))
        });
        if let Some((value, after)) = known {
            rendered.push_str(value);
            rest = after;
        } else {
            rendered.push_str("{{");
            rest = after;
        }
    }
    rendered.push_str(rest);
    rendered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_filled_once_and_nothing_else_changes() {
        let values = [("a", "1"), ("b", "{{a}}")];
        for (text, rendered) in [
            ("", ""),
            ("{{a}}", "1"),
            ("x{{a}}y{{a}}z", "x1y1z"),
            ("{{b}}", "{{a}}"),
            ("{{c}} {{a}}", "{{c}} 1"),
            ("{ a } {{a", "{ a } {{a"),
            ("{{{a}}}", "{{{a}}}"),
        ] {
            assert_eq!(render(text, &values), rendered, "{text}");
        }
    }
}
