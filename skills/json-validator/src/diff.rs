//! What turns one value into another, as operations of JSON Patch (RFC 6902).

use serde::{Deserialize, Serialize};

use crate::mistake::Refusal;
use crate::value::{Object, Value};

/// The two values: `{"from":{"a":1},"to":{"a":2}}`.
#[derive(Deserialize)]
pub(crate) struct Input {
    from: Value,
    to: Value,
}

/// The operations: `{"patch":[{"op":"replace","path":"/a","value":2}]}`.
#[derive(Debug, Serialize)]
pub(crate) struct Output {
    patch: Vec<Operation>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "op", rename_all = "lowercase")]
enum Operation {
    Add { path: String, value: Value },
    Remove { path: String },
    Replace { path: String, value: Value },
}

/// The deepest value that can be compared: hosts read 127 levels, and an operation's value is three levels down.
const MAX_DEPTH: usize = 124;

/// How many pairs of array items a call compares in search of the best match, so that long arrays do not cost their
/// product. Past it, items are matched by their position.
const MAX_PAIRS: usize = 1 << 16;

pub(crate) fn diff(Input { from, to }: Input) -> Result<Output, Refusal> {
    if from.depth().max(to.depth()) > MAX_DEPTH {
        return Err(Refusal::plain(format!("a value is nested deeper than {MAX_DEPTH} levels")));
    }
    let mut changes = Changes { path: String::new(), patch: Vec::new(), pairs_left: MAX_PAIRS };
    changes.between(&from, &to);
    Ok(Output { patch: changes.patch })
}

struct Changes {
    /// The pointer to what is compared.
    path: String,
    patch: Vec<Operation>,
    pairs_left: usize,
}

impl Changes {
    fn between(&mut self, from: &Value, to: &Value) {
        match (from, to) {
            (Value::Object(from), Value::Object(to)) => self.between_objects(from, to),
            (Value::Array(from), Value::Array(to)) => self.between_arrays(from, to),
            _ if from == to => {}
            _ => self.patch.push(Operation::Replace { path: self.path.clone(), value: to.clone() }),
        }
    }

    fn between_objects(&mut self, from: &Object, to: &Object) {
        for (key, _) in from.iter().filter(|(key, _)| to.get(key).is_none()) {
            self.at_key(key, Self::remove);
        }
        for (key, value) in to.iter() {
            self.at_key(key, |changes| match from.get(key) {
                Some(before) => changes.between(before, value),
                None => changes.add(value),
            });
        }
    }

    fn between_arrays(&mut self, from: &[Value], to: &[Value]) {
        let head = from.iter().zip(to).take_while(|(before, after)| before == after).count();
        let (from, to) = (slice(from, head, from.len()), slice(to, head, to.len()));
        let tail = from.iter().rev().zip(to.iter().rev()).take_while(|(before, after)| before == after).count();
        let (from, to) = (slice(from, 0, from.len() - tail), slice(to, 0, to.len() - tail));
        let (mut from_start, mut to_start) = (0, 0);
        // What lies before each common item, and after the last one.
        for (from_end, to_end) in self.common_items(from, to).into_iter().chain([(from.len(), to.len())]) {
            let runs = (slice(from, from_start, from_end), slice(to, to_start, to_end));
            self.between_runs(runs.0, runs.1, head + to_start);
            (from_start, to_start) = (from_end + 1, to_end + 1);
        }
    }

    /// The positions of items that stay, as far as they may still be searched for.
    fn common_items(&mut self, from: &[Value], to: &[Value]) -> Vec<(usize, usize)> {
        let Some(left) = self.pairs_left.checked_sub(from.len().saturating_mul(to.len())) else {
            return Vec::new();
        };
        self.pairs_left = left;
        common_items(from, to)
    }

    /// Turns one run of items into another, at `index`: all items before it are already those of the new array.
    fn between_runs(&mut self, from: &[Value], to: &[Value], index: usize) {
        for (offset, (before, after)) in from.iter().zip(to).enumerate() {
            self.at_index(index + offset, |changes| changes.between(before, after));
        }
        let both = from.len().min(to.len());
        for _ in both..from.len() {
            self.at_index(index + both, Self::remove);
        }
        for (offset, value) in to.iter().enumerate().skip(both) {
            self.at_index(index + offset, |changes| changes.add(value));
        }
    }

    fn add(&mut self, value: &Value) {
        self.patch.push(Operation::Add { path: self.path.clone(), value: value.clone() });
    }

    fn remove(&mut self) {
        self.patch.push(Operation::Remove { path: self.path.clone() });
    }

    fn at_key(&mut self, key: &str, change: impl FnOnce(&mut Self)) {
        self.at(&key.replace('~', "~0").replace('/', "~1"), change);
    }

    fn at_index(&mut self, index: usize, change: impl FnOnce(&mut Self)) {
        self.at(&index.to_string(), change);
    }

    /// Does something one level down.
    fn at(&mut self, token: &str, change: impl FnOnce(&mut Self)) {
        let here = self.path.len();
        self.path.push('/');
        self.path.push_str(token);
        change(self);
        self.path.truncate(here);
    }
}

fn slice(items: &[Value], start: usize, end: usize) -> &[Value] {
    items.get(start..end).unwrap_or_default()
}

/// The positions of a longest common subsequence.
fn common_items(from: &[Value], to: &[Value]) -> Vec<(usize, usize)> {
    let width = to.len() + 1;
    // At `row * width + column`: the most items in common from `row` and `column` to the ends.
    let mut lengths = vec![0_u32; (from.len() + 1) * width];
    let length = |lengths: &[u32], row: usize, column: usize| lengths.get(row * width + column).copied().unwrap_or(0);
    for (row, before) in from.iter().enumerate().rev() {
        for (column, after) in to.iter().enumerate().rev() {
            let most = if before == after {
                length(&lengths, row + 1, column + 1) + 1
            } else {
                length(&lengths, row + 1, column).max(length(&lengths, row, column + 1))
            };
            if let Some(cell) = lengths.get_mut(row * width + column) {
                *cell = most;
            }
        }
    }
    let mut common = Vec::new();
    let (mut row, mut column) = (0, 0);
    while let (Some(before), Some(after)) = (from.get(row), to.get(column)) {
        if before == after {
            common.push((row, column));
            (row, column) = (row + 1, column + 1);
        } else if length(&lengths, row + 1, column) >= length(&lengths, row, column + 1) {
            row += 1;
        } else {
            column += 1;
        }
    }
    common
}

#[cfg(test)]
mod tests;
