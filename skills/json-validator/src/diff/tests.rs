use super::*;
use crate::parse::parse;

/// A value from JSON with single quotes.
fn value(text: &str) -> Value {
    parse(&text.replace('\'', "\"")).expect("JSON")
}

fn operations(from: &Value, to: &Value) -> Vec<Operation> {
    diff(Input { from: from.clone(), to: to.clone() }).expect("a patch").patch
}

/// The patch as JSON with single quotes.
fn patch(from: &str, to: &str) -> String {
    let input = format!(r#"{{"from":{from},"to":{to}}}"#).replace('\'', "\"");
    let output = vak_guest::answer(input.as_bytes(), diff).expect("a patch");
    String::from_utf8(output).expect("JSON is UTF-8").replace('"', "'")
}

/// Applies a patch as RFC 6902, section 4 says.
fn apply(mut root: Value, patch: &[Operation]) -> Value {
    for operation in patch {
        let (path, new) = match operation {
            Operation::Add { path, value } | Operation::Replace { path, value } => (path, Some(value)),
            Operation::Remove { path } => (path, None),
        };
        let adds = matches!(operation, Operation::Add { .. });
        let tokens: Vec<_> = path.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~")).collect();
        root = applied(root, &tokens, new, adds);
    }
    root
}

fn applied(value: Value, tokens: &[String], new: Option<&Value>, adds: bool) -> Value {
    let Some((token, rest)) = tokens.split_first() else {
        return new.expect("the root is never removed").clone();
    };
    match value {
        Value::Array(mut items) => {
            let index: usize = token.parse().expect("an index");
            match new {
                Some(new) if rest.is_empty() && adds => items.insert(index, new.clone()),
                None if rest.is_empty() => drop(items.remove(index)),
                _ => items[index] = applied(items[index].clone(), rest, new, adds),
            }
            Value::Array(items)
        }
        Value::Object(object) => {
            let mut members = object.into_members();
            let found = members.iter().position(|(key, _)| key == token);
            match (found, new) {
                (None, Some(new)) if rest.is_empty() && adds => members.push((token.clone(), new.clone())),
                (Some(found), None) if rest.is_empty() => drop(members.remove(found)),
                (Some(found), _) => members[found].1 = applied(members[found].1.clone(), rest, new, adds),
                _ => panic!("nothing at `{token}`"),
            }
            Value::Object(Object::new(members).expect("no key twice"))
        }
        _ => panic!("`{token}` of a scalar"),
    }
}

/// Small values, the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    fn value(&mut self, depth: u32) -> Value {
        match self.below(if depth == 0 { 3 } else { 6 }) {
            0 => Value::Null,
            1 => Value::Bool(self.below(2) == 0),
            2 => value(["0", "1.5", "'a'", "'ü~/'"][self.below(4) as usize]),
            3 => {
                let keys = ["a", "b/c", "~", "", "世"].into_iter().filter(|_| self.below(2) == 0).collect::<Vec<_>>();
                let members = keys.into_iter().map(|key| (key.to_owned(), self.value(depth - 1))).collect();
                Value::Object(Object::new(members).expect("no key twice"))
            }
            _ => (0..self.below(6)).map(|_| self.value(depth - 1)).collect::<Vec<_>>().into(),
        }
    }
}

impl From<Vec<Self>> for Value {
    fn from(items: Vec<Self>) -> Self {
        Self::Array(items)
    }
}

#[test]
fn a_patch_applied_gives_the_other_value() {
    let mut random = Random(1);
    for _ in 0..3000 {
        let (from, to) = (random.value(4), random.value(4));
        let patch = operations(&from, &to);
        assert_eq!(apply(from.clone(), &patch), to, "{from:?} {patch:?}");
        assert_eq!(from == to, patch.is_empty(), "{from:?} {to:?}");
    }
}

#[test]
fn each_change_is_the_operation_that_says_it() {
    for (from, to, operations) in [
        ("1", "1.0", ""),
        ("{'a':1,'b':2}", "{'b':2,'a':1}", ""),
        ("1", "'1'", "{'op':'replace','path':'','value':'1'}"),
        ("{'a':1}", "{'a':2}", "{'op':'replace','path':'/a','value':2}"),
        ("{'a':1}", "{}", "{'op':'remove','path':'/a'}"),
        ("{}", "{'a':null}", "{'op':'add','path':'/a','value':null}"),
        ("{'a/b':{'~':[1]}}", "{'a/b':{'~':[2]}}", "{'op':'replace','path':'/a~1b/~0/0','value':2}"),
        ("{'':0}", "{'':1}", "{'op':'replace','path':'/','value':1}"),
        ("[]", "{}", "{'op':'replace','path':'','value':{}}"),
    ] {
        assert_eq!(patch(from, to), format!("{{'patch':[{operations}]}}"), "{from} {to}");
    }
}

#[test]
fn items_that_stay_are_found_where_others_come_and_go() {
    for (from, to, operations) in [
        ("[1,2,3]", "[2,3]", "{'op':'remove','path':'/0'}"),
        ("[1,3]", "[1,2,3]", "{'op':'add','path':'/1','value':2}"),
        ("[1,2,3,4]", "[2,3,5,4]", "{'op':'remove','path':'/0'},{'op':'add','path':'/2','value':5}"),
        ("[1,2]", "[1,2,3,4]", "{'op':'add','path':'/2','value':3},{'op':'add','path':'/3','value':4}"),
        ("[0,1,2,3]", "[0,3]", "{'op':'remove','path':'/1'},{'op':'remove','path':'/1'}"),
        ("[{'id':1,'v':'x'}]", "[{'id':1,'v':'y'}]", "{'op':'replace','path':'/0/v','value':'y'}"),
    ] {
        assert_eq!(patch(from, to), format!("{{'patch':[{operations}]}}"), "{from} {to}");
    }
}

#[test]
fn arrays_too_long_to_search_are_compared_by_position() {
    let numbers = |start: u64| (start..start + 600).map(|number| value(&number.to_string())).collect::<Vec<_>>().into();
    let (from, to): (Value, Value) = (numbers(0), numbers(1));
    let patch = operations(&from, &to);
    assert_eq!(patch.len(), 600);
    assert_eq!(apply(from, &patch), to);
}

#[test]
fn values_too_deep_for_a_patch_are_an_error() {
    let nested = |levels| value(&("[".repeat(levels) + &"]".repeat(levels)));
    assert!(diff(Input { from: Value::Null, to: nested(124) }).is_ok());
    assert!(diff(Input { from: Value::Null, to: nested(125) }).is_err());
    assert!(diff(Input { from: nested(125), to: Value::Null }).is_err());
}
