//! What may be spent: reserved before a call is made, and settled when it is known what it was.

use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use super::config::Bill;
use crate::failure::Failure;
use crate::world::Reason;

/// What a message takes at most besides its text, in tokens, and the conversation once more: who says it, and marks between.
const MOST_AROUND: u64 = 16;

/// How many bytes of text a token has at most, on average: no text is cheaper than that.
const BYTES_PER_TOKEN: u64 = 8;

/// What a call takes, in tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Tokens {
    pub(super) input: u64,
    pub(super) output: u64,
}

impl Tokens {
    /// What a call can take: a token for each byte, and all of the completion that it may have.
    pub(super) fn most(request: &Reason, max_tokens: u32) -> Self {
        let around = MOST_AROUND * (request.messages.len() as u64 + 1);
        Self { input: request.bytes() + around, output: max_tokens.into() }
    }

    /// What a call has taken, whatever the endpoint says.
    pub(super) fn least(request: &Reason, text: &str) -> Self {
        let input = request.bytes().div_ceil(BYTES_PER_TOKEN) + request.messages.len() as u64;
        Self { input, output: (text.len() as u64).div_ceil(BYTES_PER_TOKEN) }
    }

    pub(super) fn at_least(self, least: Self) -> Self {
        Self { input: self.input.max(least.input), output: self.output.max(least.output) }
    }

    pub(super) const fn total(self) -> u64 {
        self.input.saturating_add(self.output)
    }
}

/// What all calls together may spend.
#[derive(Debug)]
pub(super) struct Budget {
    tokens: u64,
    bill: Option<Bill>,
    spent: Mutex<Spent>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Spent {
    tokens: u64,
    cost: u128,
}

impl Budget {
    pub(super) fn new(tokens: u64, bill: Option<Bill>) -> Self {
        Self { tokens, bill, spent: Mutex::default() }
    }

    /// Takes what a call can cost at most, if so much is left. It is gone, unless the call is settled.
    pub(super) fn reserve(&self, most: Tokens) -> Result<Reserved<'_>, Failure> {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let tokens = spent.tokens.saturating_add(most.total());
        if tokens > self.tokens {
            return Err(Failure::ReasonTokens { needed: most.total(), left: self.tokens.saturating_sub(spent.tokens) });
        }
        let cost = spent.cost.saturating_add(self.cost(most));
        if self.bill.is_some_and(|bill| cost > bill.max()) {
            return Err(Failure::ReasonCost);
        }
        *spent = Spent { tokens, cost };
        Ok(Reserved { budget: self, most })
    }

    fn cost(&self, tokens: Tokens) -> u128 {
        self.bill.map_or(0, |bill| bill.of(tokens))
    }
}

/// What was taken for a call.
#[must_use]
#[derive(Debug)]
pub(super) struct Reserved<'a> {
    budget: &'a Budget,
    most: Tokens,
}

impl Reserved<'_> {
    /// Gives back what was not used. What was used beyond it counts as well: then less is left for the next call.
    pub(super) fn settle(self, used: Tokens) {
        let Self { budget, most } = self;
        let mut spent = budget.spent.lock().unwrap_or_else(PoisonError::into_inner);
        spent.tokens = spent.tokens.saturating_sub(most.total()).saturating_add(used.total());
        spent.cost = spent.cost.saturating_sub(budget.cost(most)).saturating_add(budget.cost(used));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;

    use super::*;
    use crate::world::{Message, Role};

    fn tokens(input: u64, output: u64) -> Tokens {
        Tokens { input, output }
    }

    #[test]
    fn what_is_reserved_is_gone_until_it_is_settled() {
        let budget = Budget::new(100, None);
        let first = budget.reserve(tokens(50, 40)).expect("enough");
        assert_eq!(budget.reserve(tokens(10, 1)).err(), Some(Failure::ReasonTokens { needed: 11, left: 10 }));
        first.settle(tokens(5, 4));
        // This call is never settled: it was given up, and nobody knows what it cost.
        let _ = budget.reserve(tokens(50, 40)).expect("enough again");
        assert_eq!(budget.reserve(tokens(0, 2)).err(), Some(Failure::ReasonTokens { needed: 2, left: 1 }));
    }

    #[test]
    fn what_is_used_beyond_counts_and_never_wraps_around() {
        let budget = Budget::new(u64::MAX - 1, Some(Bill::new("1:1".parse().expect("a price"), 5_000_000)));
        budget.reserve(tokens(1, 1)).expect("enough").settle(tokens(u64::MAX, u64::MAX));
        assert!(matches!(budget.reserve(tokens(1, 0)).err(), Some(Failure::ReasonTokens { left: 0, .. })));
    }

    #[test]
    fn the_bill_binds_apart_from_the_tokens() {
        // 2 per million in, 8 per million out, and 0.00001 in all: ten micros.
        let budget = Budget::new(1000, Some(Bill::new("2:8".parse().expect("a price"), 10)));
        assert_eq!(budget.reserve(tokens(2, 1)).err(), Some(Failure::ReasonCost));
        budget.reserve(tokens(1, 1)).expect("ten micros").settle(tokens(1, 0));
        budget.reserve(tokens(0, 1)).expect("eight are left").settle(tokens(0, 0));
        assert!(budget.reserve(tokens(4, 0)).is_ok());
        assert_eq!(budget.reserve(tokens(1, 0)).err(), Some(Failure::ReasonCost));
    }

    #[test]
    fn calls_at_the_same_time_do_not_go_beyond_together() {
        let (budget, given) = (Budget::new(1000, None), AtomicU64::new(0));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    while given.load(Ordering::SeqCst) < 5000 && budget.reserve(tokens(2, 1)).is_ok() {
                        given.fetch_add(3, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(given.load(Ordering::SeqCst), 999);
    }

    #[test]
    fn no_text_is_free_and_none_is_dearer_than_its_bytes() {
        let message = Message { role: Role::User, content: "a".repeat(80) };
        let request = Reason { messages: vec![message.clone(), message], max_tokens: None };
        assert_eq!(Tokens::most(&request, 7), tokens(160 + 48, 7));
        assert_eq!(Tokens::least(&request, "123456789"), tokens(22, 2));
        assert_eq!(tokens(0, 0).at_least(tokens(22, 2)), tokens(22, 2));
        assert_eq!(tokens(30, 1).at_least(tokens(22, 2)), tokens(30, 2));
    }
}
