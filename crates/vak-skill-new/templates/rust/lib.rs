//! Greets whoever is named.

use serde::{Deserialize, Serialize};
use vak_guest::Error;

/// What comes in: `{"name":"Ada"}`, or `{}` to greet everybody.
#[derive(Deserialize)]
struct Input {
    name: Option<String>,
}

/// What goes out: `{"greeting":"Hello, Ada!"}`.
#[derive(Serialize)]
struct Output {
    greeting: String,
}

// Makes the function one of the module, as `exports` in skill.yaml lists it.
vak_guest::export!(execute);

fn execute(input: Input) -> Result<Output, Error> {
    let name = input.name.as_deref().unwrap_or("world").trim();
    if name.is_empty() {
        // The skill's own error: callers get `{"error":"the name is empty"}`.
        return Err("the name is empty".into());
    }
    Ok(Output {
        greeting: format!("Hello, {name}!"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The JSON that a caller gets: of the output, or of the skill's own error.
    fn call(input: &str) -> Result<String, String> {
        let text = |bytes| String::from_utf8(bytes).expect("JSON is UTF-8");
        vak_guest::answer(input.as_bytes(), execute)
            .map_err(text)
            .map(text)
    }

    #[test]
    fn whoever_is_named_is_greeted() {
        assert_eq!(
            call(r#"{"name":"Ada"}"#),
            Ok(r#"{"greeting":"Hello, Ada!"}"#.to_owned())
        );
        assert_eq!(
            call(r#"{"name":" 世界 "}"#),
            Ok(r#"{"greeting":"Hello, 世界!"}"#.to_owned())
        );
    }

    #[test]
    fn without_a_name_it_is_everybody() {
        assert_eq!(call("{}"), Ok(r#"{"greeting":"Hello, world!"}"#.to_owned()));
    }

    #[test]
    fn an_empty_name_is_an_error() {
        for input in [r#"{"name":""}"#, r#"{"name":"  "}"#] {
            assert_eq!(
                call(input),
                Err(r#"{"error":"the name is empty"}"#.to_owned()),
                "{input}"
            );
        }
    }
}
