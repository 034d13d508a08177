//! The operator's word: what the skills that are run here may do.

use std::sync::Arc;

use vak_model::{Capability, GuestPath};

use crate::error::{Finding, Mistake, PolicyError};
use crate::reach::{Reach, What};
use crate::rules::{self, Rule};
use crate::url::UrlPattern;

/// One thing that the operator allows, to every skill that asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowance {
    /// Reading a file, or all that lies in a folder.
    Read(GuestPath),
    /// Writing a file, or all that lies in a folder.
    Write(GuestPath),
    /// HTTP requests to what a pattern matches.
    Net(UrlPattern),
    /// All of a capability.
    All(Capability),
}

impl Allowance {
    /// The capability that it is a part of.
    #[must_use]
    pub const fn capability(&self) -> Capability {
        match self {
            Self::Read(_) => Capability::FsRead,
            Self::Write(_) => Capability::FsWrite,
            Self::Net(_) => Capability::NetHttp,
            Self::All(capability) => *capability,
        }
    }

    /// How it is written on a command line, which is also the id of its policy: `--allow-read data`, `--allow-kv`.
    #[must_use]
    pub fn flag(&self) -> String {
        match self {
            Self::Read(path) => format!("--allow-read {path}"),
            Self::Write(path) => format!("--allow-write {path}"),
            Self::Net(pattern) => format!("--allow-net {pattern}"),
            Self::All(capability) => format!("--allow-{}", capability.name().replace(['.', '_'], "-")),
        }
    }

    /// The policy that it stands for: the same as `permit(principal, action in Action::"fs.read", resource in
    /// Path::"data");`
    fn rule(&self) -> Rule {
        let (what, paths) = match self {
            Self::Read(path) | Self::Write(path) => (What::Below(path.clone()), vec![path.clone()]),
            Self::Net(pattern) => (What::Matching(pattern.clone()), Vec::new()),
            Self::All(_) => (What::Anything, Vec::new()),
        };
        let reach = Reach::of_capability(self.capability(), what);
        Rule { id: self.flag(), permits: true, reach, conditions: None, paths }
    }
}

/// All that the operator has said. Without a word nothing is allowed but computing.
#[derive(Clone, Debug, Default)]
pub struct Operator {
    allowances: Vec<Allowance>,
    policies: Arc<Vec<Rule>>,
}

impl Operator {
    /// An operator who allows nothing.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// An operator who says what is written in `text`, in Cedar's syntax, held against VAK's schema: what could never mean
    /// what it seems to is refused. This is the one to use for what people write.
    ///
    /// # Errors
    /// The first that [`check_policy`] finds, and all that [`Operator::with_policy`] refuses.
    pub fn with_checked_policy(text: &str) -> Result<Self, PolicyError> {
        match check_policy(text)?.into_iter().next() {
            Some(Finding { place, message, .. }) => Err(PolicyError::Text(place, Mistake::Schema(message))),
            None => Self::with_policy(text),
        }
    }

    /// The same without the schema, for policies that were held against it before.
    ///
    /// A condition that makes no sense then errs when it is asked, and what it is asked about is denied. But a `forbid` whose
    /// scope names an action that there is not forbids nothing.
    ///
    /// # Errors
    /// More than 1 MiB, 10,000 policies, 32 brackets in each other, or 256 operators in one policy; what is no policy in
    /// Cedar's syntax, or a template; an id given twice, or one that begins with `-`; a path that no guest can name.
    pub fn with_policy(text: &str) -> Result<Self, PolicyError> {
        Ok(Self { allowances: Vec::new(), policies: Arc::new(rules::read(text)?) })
    }

    /// The same operator, who allows this as well.
    #[must_use]
    pub fn allow(mut self, allowance: Allowance) -> Self {
        if !self.allowances.contains(&allowance) {
            self.allowances.push(allowance);
        }
        self
    }

    /// The policies of a text.
    pub(crate) fn policies(&self) -> &[Rule] {
        &self.policies
    }

    /// The policies that stand for allowances.
    pub(crate) fn flags(&self) -> Vec<Rule> {
        self.allowances.iter().map(Allowance::rule).collect()
    }

    /// Whether nothing was said at all.
    pub(crate) fn is_silent(&self) -> bool {
        self.allowances.is_empty() && self.policies.is_empty()
    }
}

/// Compares policies with VAK's schema, strictly, as should be done once for a text before it is used: an action that
/// there is not, an attribute that a thing does not have, a policy that can never apply.
///
/// # Errors
/// As [`Operator::with_policy`].
pub fn check_policy(text: &str) -> Result<Vec<Finding>, PolicyError> {
    rules::check(text)
}
