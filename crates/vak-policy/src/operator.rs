//! The operator's word: what the skills that are run here may do.

use vak_model::{Capability, GuestPath, HostCall, Resource};

/// One thing that the operator allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowance {
    /// Reading a file, or all that lies in a folder.
    Read(GuestPath),
    /// Writing a file, or all that lies in a folder.
    Write(GuestPath),
    /// All of a capability that is not about places.
    All(Capability),
}

impl Allowance {
    /// The capability that it is a part of.
    #[must_use]
    pub const fn capability(&self) -> Capability {
        match self {
            Self::Read(_) => Capability::FsRead,
            Self::Write(_) => Capability::FsWrite,
            Self::All(capability) => *capability,
        }
    }

    fn covers(&self, call: HostCall, resource: Resource<'_>) -> bool {
        self.capability() == call.capability()
            && match (self, resource) {
                (Self::Read(folder) | Self::Write(folder), Resource::Path(path)) => path.below(folder).is_some(),
                (Self::Read(_) | Self::Write(_), _) => false,
                (Self::All(_), _) => true,
            }
    }
}

/// All that the operator has said. Without a word nothing is allowed but computing.
#[derive(Clone, Debug, Default)]
pub struct Operator {
    allowances: Vec<Allowance>,
}

impl Operator {
    /// An operator who allows nothing.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// The same operator, who allows this as well.
    #[must_use]
    pub fn allow(mut self, allowance: Allowance) -> Self {
        self.allowances.push(allowance);
        self
    }

    /// Whether anything of a capability is allowed.
    pub(crate) fn allows_some(&self, capability: Capability) -> bool {
        self.allowances.iter().any(|allowance| allowance.capability() == capability)
    }

    pub(crate) fn allows(&self, call: HostCall, resource: Resource<'_>) -> bool {
        self.allowances.iter().any(|allowance| allowance.covers(call, resource))
    }
}
