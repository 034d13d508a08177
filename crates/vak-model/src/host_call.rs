//! The functions that a host offers to skills, one name each.

use std::fmt;

use crate::Capability;

/// A function of module `vak` that acts on something outside the guest's own memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HostCall {
    /// Reads a part of a file.
    FsRead,
    /// Lists a folder.
    FsList,
    /// Says what a file or folder is.
    FsStat,
    /// Makes, replaces or continues a file.
    FsWrite,
    /// Removes a file, or an empty folder.
    FsRemove,
    /// Gives a file or folder another name.
    FsRename,
    /// Makes an HTTP request.
    HttpFetch,
    /// Reads a value of the skill's own store.
    KvGet,
    /// Writes one.
    KvSet,
    /// Removes one.
    KvDelete,
    /// Lists keys.
    KvList,
    /// Writes a line for the operator.
    Log,
    /// Reads the time of day.
    ClockNow,
    /// Draws random bytes.
    Random,
    /// Asks how an agent's planned actions would be decided.
    VerifyPlan,
    /// Asks the host's reasoning engine.
    Reason,
}

impl HostCall {
    /// Every host call, in the order of the documentation.
    pub const ALL: [Self; 16] = [
        Self::FsRead,
        Self::FsList,
        Self::FsStat,
        Self::FsWrite,
        Self::FsRemove,
        Self::FsRename,
        Self::HttpFetch,
        Self::KvGet,
        Self::KvSet,
        Self::KvDelete,
        Self::KvList,
        Self::Log,
        Self::ClockNow,
        Self::Random,
        Self::VerifyPlan,
        Self::Reason,
    ];

    /// The name of the import, and of the action in a policy.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FsRead => "fs_read",
            Self::FsList => "fs_list",
            Self::FsStat => "fs_stat",
            Self::FsWrite => "fs_write",
            Self::FsRemove => "fs_remove",
            Self::FsRename => "fs_rename",
            Self::HttpFetch => "http_fetch",
            Self::KvGet => "kv_get",
            Self::KvSet => "kv_set",
            Self::KvDelete => "kv_delete",
            Self::KvList => "kv_list",
            Self::Log => "log",
            Self::ClockNow => "clock_now",
            Self::Random => "random",
            Self::VerifyPlan => "verify_plan",
            Self::Reason => "reason",
        }
    }

    /// The capability that a manifest must declare for it.
    #[must_use]
    pub const fn capability(self) -> Capability {
        match self {
            Self::FsRead | Self::FsList | Self::FsStat => Capability::FsRead,
            Self::FsWrite | Self::FsRemove | Self::FsRename => Capability::FsWrite,
            Self::HttpFetch => Capability::NetHttp,
            Self::KvGet | Self::KvSet | Self::KvDelete | Self::KvList => Capability::Kv,
            Self::Log => Capability::Log,
            Self::ClockNow => Capability::Clock,
            Self::Random => Capability::Random,
            Self::VerifyPlan => Capability::VerifyPlan,
            Self::Reason => Capability::Reason,
        }
    }

    /// The host call of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|call| call.name() == name)
    }
}

impl fmt::Display for HostCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_found_by_its_own_name_alone() {
        for call in HostCall::ALL {
            assert_eq!(HostCall::named(call.name()), Some(call));
            assert!(call.capability().calls().any(|other| other == call));
        }
        assert_eq!(HostCall::named("fs_chmod"), None);
    }

    #[test]
    fn every_capability_but_compute_has_a_call() {
        for capability in Capability::ALL {
            assert_eq!(capability.calls().next().is_none(), capability == Capability::Compute);
        }
    }
}
