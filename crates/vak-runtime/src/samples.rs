//! What the sampling of a call gives: stacks with the fuel that was spent in them, and sums by function.

use std::collections::HashSet;
use std::time::Duration;

/// What was seen of one call. Everything in it is a stranger's: names are as the module has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Samples {
    pub(crate) functions: Vec<Function>,
    pub(crate) stacks: Vec<Stack>,
    pub(crate) samples: Vec<Sample>,
}

/// A function that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its place among the module's functions, imports included.
    pub index: u32,
    /// Its name, if the module has a name section with it. Of any length and any characters.
    pub name: Option<String>,
}

/// A function that was called from somewhere: a node in the tree of all stacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stack {
    /// Whence it was called, as a place in [`Samples::stacks`]; always a lower one.
    pub parent: Option<u32>,
    /// As a place in [`Samples::functions`].
    pub function: u32,
}

/// One look at the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// When, from the beginning of the call.
    pub at: Duration,
    /// What was spent since the sample before.
    pub fuel: u64,
    /// Where, as a place in [`Samples::stacks`].
    pub stack: Option<u32>,
}

/// What one function has cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionCost {
    /// The function.
    pub function: Function,
    /// Fuel that was spent in the function itself.
    pub own: u64,
    /// Fuel that was spent in the function and in all that it called.
    pub total: u64,
}

impl Samples {
    /// The functions that were seen.
    #[must_use]
    pub fn functions(&self) -> &[Function] {
        &self.functions
    }

    /// The tree of the stacks that were seen.
    #[must_use]
    pub fn stacks(&self) -> &[Stack] {
        &self.stacks
    }

    /// The samples, in the order of time.
    #[must_use]
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// The fuel of all samples; the call has used some more since the last one.
    #[must_use]
    pub fn fuel(&self) -> u64 {
        self.samples.iter().map(|sample| sample.fuel).sum()
    }

    /// What each function has cost, the dearest first.
    #[must_use]
    pub fn costs(&self) -> Vec<FunctionCost> {
        let mut of_stacks = vec![0; self.stacks.len()];
        for sample in &self.samples {
            if let Some(fuel) = sample.stack.and_then(|stack| of_stacks.get_mut(stack as usize)) {
                *fuel += sample.fuel;
            }
        }
        let function = |function: &Function| FunctionCost { function: function.clone(), own: 0, total: 0 };
        let mut costs: Vec<_> = self.functions.iter().map(function).collect();
        for (stack, fuel) in self.stacks.iter().zip(of_stacks).filter(|(_, fuel)| *fuel > 0) {
            if let Some(cost) = costs.get_mut(stack.function as usize) {
                cost.own += fuel;
            }
            // A function that calls itself is on a stack more than once, and counts once.
            let on_stack: HashSet<u32> = self.chain(*stack).map(|stack| stack.function).collect();
            for function in on_stack {
                if let Some(cost) = costs.get_mut(function as usize) {
                    cost.total += fuel;
                }
            }
        }
        costs.retain(|cost| cost.total > 0);
        costs.sort_by(|a, b| (b.own, b.total, a.function.index).cmp(&(a.own, a.total, b.function.index)));
        costs
    }

    /// A stack's nodes, from the innermost outward.
    fn chain(&self, from: Stack) -> impl Iterator<Item = Stack> {
        std::iter::successors(Some(from), |stack| self.stacks.get(stack.parent? as usize).copied())
    }
}
