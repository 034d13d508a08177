//! The words that policies are written with: the types and names of what asks, is asked for, and is done.

use std::str::FromStr;
use std::sync::LazyLock;

use cedar_policy::{EntityId, EntityTypeName, EntityUid};

/// A type of VAK's schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Skill,
    Owner,
    Action,
    Path,
    Key,
    Url,
    Host,
}

static NAMES: LazyLock<[EntityTypeName; 7]> = LazyLock::new(|| {
    ["Skill", "Owner", "Action", "Path", "Key", "Url", "Host"]
        .map(|name| EntityTypeName::from_str(name).expect("a name of the schema is an identifier"))
});

impl Kind {
    /// The id of the one thing of the type `Host`.
    pub(crate) const HOST: &str = "host";

    const ALL: [Self; 7] = [Self::Skill, Self::Owner, Self::Action, Self::Path, Self::Key, Self::Url, Self::Host];

    pub(crate) fn name(self) -> &'static EntityTypeName {
        &NAMES[self as usize]
    }

    pub(crate) fn of(name: &EntityTypeName) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    pub(crate) fn is_of(self, uid: &EntityUid) -> bool {
        uid.type_name() == self.name()
    }

    /// The thing of this type that has that id.
    pub(crate) fn called(self, id: &str) -> EntityUid {
        EntityUid::from_type_name_and_id(self.name().clone(), EntityId::new(id))
    }
}
