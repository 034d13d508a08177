//! What an operator can set about a runtime.

use std::time::Duration;

use vak_model::LimitRequest;

/// How a [`crate::Runtime`] is set up.
#[derive(Clone, Debug)]
pub struct RuntimeConfig {
    pub(crate) tick: Duration,
    pub(crate) operator_limits: LimitRequest,
}

impl Default for RuntimeConfig {
    fn default() -> Self {
        Self { tick: Duration::from_millis(10), operator_limits: LimitRequest::none() }
    }
}

impl RuntimeConfig {
    /// How often running guests are interrupted to look at the clock; at least 1 ms. Default: 10 ms.
    #[must_use]
    pub fn tick(mut self, tick: Duration) -> Self {
        self.tick = tick.max(Duration::from_millis(1));
        self
    }

    /// Limits that hold for every skill, whatever its manifest says. Default: none beyond the ceilings.
    #[must_use]
    pub fn operator_limits(mut self, limits: LimitRequest) -> Self {
        self.operator_limits = limits;
        self
    }
}
