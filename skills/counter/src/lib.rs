//! Counters that stay from call to call.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vak_guest::{Error, kv};

/// What the keys of counters begin with, so that the store can hold other things besides.
const PREFIX: &str = "counter/";

/// Beyond this, JSON's readers no longer agree about whole numbers.
const LARGEST: i64 = (1 << 53) - 1;

/// What to count: `{"counter":"visits","by":2}`.
#[derive(Deserialize)]
#[serde(default)]
struct Add {
    counter: String,
    by: i64,
}

/// Which counters to give: `{"prefix":"vis"}`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct List {
    prefix: String,
}

/// Which counter to remove: `{"counter":"visits"}`.
#[derive(Deserialize)]
#[serde(default)]
struct Remove {
    counter: String,
}

/// What a counter is now.
#[derive(Serialize)]
struct Counter {
    counter: String,
    count: i64,
}

/// Whether a counter was there.
#[derive(Serialize)]
struct Removed {
    existed: bool,
}

impl Default for Add {
    fn default() -> Self {
        Self { counter: "main".to_owned(), by: 1 }
    }
}

impl Default for Remove {
    fn default() -> Self {
        Self { counter: "main".to_owned() }
    }
}

vak_guest::export!(add, list, remove);

fn add(Add { counter, by }: Add) -> Result<Counter, Error> {
    let count = read(&counter)?.checked_add(by).filter(|count| (-LARGEST..=LARGEST).contains(count));
    let count = count.ok_or("the counter would be too large")?;
    kv::set(&key(&counter), count.to_string())?;
    Ok(Counter { counter, count })
}

fn list(List { prefix }: List) -> Result<BTreeMap<String, i64>, Error> {
    let keys = kv::list(&key(&prefix))?;
    let counters = keys.iter().filter_map(|key| key.strip_prefix(PREFIX));
    counters.map(|counter| Ok((counter.to_owned(), read(counter)?))).collect()
}

fn remove(Remove { counter }: Remove) -> Result<Removed, Error> {
    Ok(Removed { existed: kv::delete(&key(&counter))? })
}

fn key(counter: &str) -> String {
    [PREFIX, counter].concat()
}

fn read(counter: &str) -> Result<i64, Error> {
    let Some(value) = kv::get(&key(counter))? else { return Ok(0) };
    let number = std::str::from_utf8(&value).ok().and_then(|text| text.parse().ok());
    number.ok_or_else(|| "the counter's value is not a number".into())
}

#[cfg(test)]
mod tests {
    use vak_guest::mock::Host;

    use super::*;

    fn text(answer: Result<Vec<u8>, Vec<u8>>) -> String {
        String::from_utf8(answer.unwrap_or_else(|error| error)).expect("JSON is UTF-8")
    }

    #[test]
    fn a_counter_goes_on_from_what_it_was() {
        let mut host = Host::new();
        for (input, count) in [("{}", 1), (r#"{"by":5}"#, 6), (r#"{"counter":"main","by":-10}"#, -4)] {
            let answer = text(host.run(|| vak_guest::answer(input.as_bytes(), add)));
            assert_eq!(answer, format!(r#"{{"counter":"main","count":{count}}}"#));
        }
        assert_eq!(host.value_of("counter/main"), Some(&b"-4"[..]));
    }

    #[test]
    fn counters_are_listed_by_prefix_and_nothing_else_is() {
        let mut host =
            Host::new().value("counter/a/x", "1").value("counter/a/y", "2").value("counter/b", "3").value("other", "?");
        assert_eq!(text(host.run(|| vak_guest::answer(b"{}", list))), r#"{"a/x":1,"a/y":2,"b":3}"#);
        assert_eq!(text(host.run(|| vak_guest::answer(br#"{"prefix":"a/"}"#, list))), r#"{"a/x":1,"a/y":2}"#);
    }

    #[test]
    fn a_removed_counter_begins_at_0_again() {
        let mut host = Host::new().value("counter/main", "7");
        let mut removed = || text(host.run(|| vak_guest::answer(b"{}", remove)));
        assert_eq!([removed(), removed()], [r#"{"existed":true}"#, r#"{"existed":false}"#]);
        assert_eq!(text(host.run(|| vak_guest::answer(b"{}", add))), r#"{"counter":"main","count":1}"#);
    }

    #[test]
    fn what_can_t_be_counted_changes_nothing() {
        let largest = LARGEST.to_string();
        for (value, error) in [
            (&*largest, "the counter would be too large"),
            ("9223372036854775807", "the counter would be too large"),
            ("7.5", "the counter's value is not a number"),
            ("", "the counter's value is not a number"),
        ] {
            let mut host = Host::new().value("counter/main", value);
            assert_eq!(text(host.run(|| vak_guest::answer(b"{}", add))), format!(r#"{{"error":"{error}"}}"#));
            assert_eq!(host.value_of("counter/main"), Some(value.as_bytes()));
        }
    }

    #[test]
    fn without_the_store_every_function_says_why() {
        let mut host = Host::new().deny("kv");
        let add = text(host.run(|| vak_guest::answer(b"{}", add)));
        let list = text(host.run(|| vak_guest::answer(b"{}", list)));
        let remove = text(host.run(|| vak_guest::answer(b"{}", remove)));
        for answer in [add, list, remove] {
            assert!(answer.starts_with(r#"{"error":"policy.ungranted: "#), "{answer}");
        }
    }
}
