//! Basic arithmetic on two numbers.

use serde::{Deserialize, Serialize};
use vak_guest::Error;

/// What to calculate: `{"operation":"add","a":2,"b":3}`.
#[derive(Deserialize)]
struct Input {
    operation: Operation,
    a: f64,
    b: f64,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// What came out: `{"result":5}`.
#[derive(Serialize)]
struct Output {
    result: f64,
}

vak_guest::export!(execute);

fn execute(Input { operation, a, b }: Input) -> Result<Output, Error> {
    let result = match operation {
        Operation::Add => a + b,
        Operation::Subtract => a - b,
        Operation::Multiply => a * b,
        Operation::Divide if b == 0.0 => return Err("division by zero".into()),
        Operation::Divide => a / b,
    };
    if !result.is_finite() {
        return Err("result is not finite".into());
    }
    Ok(Output { result })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The JSON of the output, or of the skill's own error, for one calculation.
    fn calculate(operation: &str, a: &str, b: &str) -> Result<String, String> {
        let text = |bytes| String::from_utf8(bytes).expect("JSON is UTF-8");
        let input = format!(r#"{{"operation":"{operation}","a":{a},"b":{b}}}"#);
        vak_guest::answer(input.as_bytes(), execute).map_err(text).map(text)
    }

    #[test]
    fn each_operation_calculates() {
        for (operation, a, b, result) in [
            ("add", "2", "3", "5"),
            ("subtract", "2", "3", "-1"),
            ("multiply", "-4", "2.5", "-10"),
            ("divide", "1", "4", "0.25"),
        ] {
            assert_eq!(calculate(operation, a, b), Ok(format!(r#"{{"result":{result}}}"#)), "{operation}");
        }
    }

    #[test]
    fn results_are_the_nearest_number_and_written_in_full() {
        assert_eq!(calculate("add", "0.1", "0.2"), Ok(r#"{"result":0.30000000000000004}"#.to_owned()));
        assert_eq!(calculate("divide", "2", "3"), Ok(r#"{"result":0.6666666666666666}"#.to_owned()));
        assert_eq!(calculate("multiply", "1e20", "10"), Ok(r#"{"result":1e+21}"#.to_owned()));
        assert_eq!(calculate("multiply", "-1", "0"), Ok(r#"{"result":0}"#.to_owned()));
    }

    #[test]
    fn division_by_zero_is_an_error_whatever_is_divided() {
        for (a, b) in [("1", "0"), ("0", "0"), ("-1", "-0"), ("1e308", "0.0")] {
            assert_eq!(calculate("divide", a, b), Err(r#"{"error":"division by zero"}"#.to_owned()), "{a} / {b}");
        }
    }

    #[test]
    fn a_result_beyond_all_numbers_is_an_error() {
        for (operation, a, b) in [
            ("add", "1.7e308", "1.7e308"),
            ("subtract", "-1.7e308", "1.7e308"),
            ("multiply", "1e308", "10"),
            ("divide", "1e308", "0.1"),
        ] {
            let refused = Err(r#"{"error":"result is not finite"}"#.to_owned());
            assert_eq!(calculate(operation, a, b), refused, "{operation}");
        }
    }

    #[test]
    fn what_is_no_calculation_is_an_error() {
        for (operation, a) in [("power", "1"), ("add", "null"), ("add", "\"1\"")] {
            let error = calculate(operation, a, "2").expect_err("refused");
            assert!(error.starts_with(r#"{"error":"input: "#), "{error}");
        }
    }
}
