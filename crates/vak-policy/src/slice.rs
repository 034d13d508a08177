//! The policies that can have a say in one kind of call of one skill.

use std::collections::BTreeMap;
use std::sync::Arc;

use cedar_policy::PolicySet;
use vak_model::{GuestPath, HostCall, SkillName};

use crate::rules::Rule;

/// All policies whose scope admits one skill and one kind of call: every other is silent, whatever is asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slice {
    pub(crate) rules: Vec<Rule>,
    /// Those of them that have conditions.
    pub(crate) conditional: PolicySet,
    /// The paths that they name, sorted.
    pub(crate) paths: Vec<GuestPath>,
}

/// One slice for each of `calls`. Calls that the same policies are about share theirs.
pub(crate) fn slices<'a>(
    rules: impl Iterator<Item = &'a Rule>,
    name: &SkillName,
    calls: &[HostCall],
) -> BTreeMap<HostCall, Arc<Slice>> {
    let rules: Vec<&Rule> = rules.filter(|rule| rule.reach.who.includes(name)).collect();
    let mut made: BTreeMap<Vec<usize>, Arc<Slice>> = BTreeMap::new();
    let mut slice = |call: &HostCall| {
        let kept: Vec<usize> = (0..rules.len()).filter(|&index| rules[index].reach.calls.contains(call)).collect();
        let slice = made.entry(kept).or_insert_with_key(|kept| Arc::new(Slice::of(kept.iter().map(|&i| rules[i]))));
        (*call, Arc::clone(slice))
    };
    calls.iter().map(&mut slice).collect()
}

impl Slice {
    fn of<'a>(rules: impl Iterator<Item = &'a Rule>) -> Self {
        let mut slice = Self::default();
        for rule in rules {
            slice.paths.extend_from_slice(&rule.paths);
            if let Some(policy) = &rule.conditions {
                slice.conditional.add(policy.clone()).expect("policies of an operator have different ids");
            }
            slice.rules.push(rule.clone());
        }
        slice.paths.sort();
        slice.paths.dedup();
        slice
    }

    /// Whether a policy permits anything.
    pub(crate) fn permits(&self) -> bool {
        self.rules.iter().any(|rule| rule.permits)
    }
}
