//! Where VAK's own files lie.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The environment variable that moves all of VAK's files below one folder.
pub const VAK_HOME: &str = "VAK_HOME";

/// The folders of VAK's own files. None of them need exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// Settings: trust roots, policies.
    pub config: PathBuf,
    /// What can be made again.
    pub cache: PathBuf,
    /// What must not be lost and is not a setting: logs, keys of the machine.
    pub state: PathBuf,
    /// Installed skills.
    pub store: PathBuf,
}

impl Home {
    /// The folders that the process's environment names: below `VAK_HOME`, else the XDG base directories.
    #[must_use]
    pub fn from_env() -> Self {
        Self::from(|name| std::env::var_os(name).filter(|value| !value.is_empty()))
    }

    fn from(env: impl Fn(&str) -> Option<OsString>) -> Self {
        if let Some(home) = env(VAK_HOME).map(PathBuf::from) {
            let below = |name: &str| home.join(name);
            return Self {
                config: below("config"),
                cache: below("cache"),
                state: below("state"),
                store: below("store"),
            };
        }
        let user = env("HOME").map_or_else(|| PathBuf::from("."), PathBuf::from);
        // The XDG specification says that relative paths are to be ignored.
        let xdg = |name: &str, fallback: &str| {
            let base = env(name).map(PathBuf::from).filter(|path| path.is_absolute());
            base.unwrap_or_else(|| user.join(Path::new(fallback))).join("vak")
        };
        Self {
            config: xdg("XDG_CONFIG_HOME", ".config"),
            cache: xdg("XDG_CACHE_HOME", ".cache"),
            state: xdg("XDG_STATE_HOME", ".local/state"),
            store: xdg("XDG_DATA_HOME", ".local/share").join("store"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vak_home_moves_everything_and_xdg_holds_otherwise() {
        let moved = Home::from(|name| (name == VAK_HOME).then(|| "/v".into()));
        assert_eq!(moved.cache, Path::new("/v/cache"));
        assert_eq!(moved.store, Path::new("/v/store"));
        let xdg = Home::from(|name| match name {
            "HOME" => Some("/h".into()),
            "XDG_CACHE_HOME" => Some("/c".into()),
            "XDG_CONFIG_HOME" => Some("relative".into()),
            _ => None,
        });
        assert_eq!(xdg.cache, Path::new("/c/vak"));
        assert_eq!(xdg.config, Path::new("/h/.config/vak"));
        assert_eq!(xdg.store, Path::new("/h/.local/share/vak/store"));
    }
}
