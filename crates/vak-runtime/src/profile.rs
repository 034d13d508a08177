//! Engine profiles: the settings that a guest can observe, each set under a name and a digest.
//!
//! One table, [`Knobs`], holds them. The engine's configuration is made from it, and a test holds the digest against it, so
//! that neither can change without the other.

use std::fmt;

use vak_model::Digest;
use wasmtime::{Config, OperatorCost, OptLevel, Strategy, WasmFeatures};

/// The settings that decide what a guest computes, and what it costs. A run can be repeated under the same profile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// `vak-det-1`: the same on every run of the same engine on the same kind of machine.
    #[default]
    Exact,
    /// `vak-det-1-portable`: meant to be the same on every kind of machine. Arithmetic on floats is several times
    /// dearer.
    Portable,
}

/// Fuel for each page by which a memory is to grow, paid before it grows. A request for 4 GiB still costs less than most
/// limits, so that it ends as what it is: too much memory.
const GROW_FUEL_PER_PAGE: u8 = 8;

/// All that a profile fixes. The size of the stack is no part of it: that is a limit, and changes no code.
#[derive(Debug)]
#[cfg_attr(test, derive(serde::Serialize))]
struct Knobs {
    compiler: Compiler,
    copy_on_write_images: bool,
    epochs: bool,
    /// The features that are on, by name; all others are off, whatever the engine's defaults are.
    features: Vec<&'static str>,
    fuel: bool,
    nan_canonicalization: bool,
    operator_cost: OperatorCost,
    optimization: Optimization,
}

#[derive(Clone, Copy, Debug)]
#[cfg_attr(test, derive(serde::Serialize), serde(rename_all = "lowercase"))]
enum Compiler {
    Cranelift,
}

#[derive(Clone, Copy, Debug)]
#[cfg_attr(test, derive(serde::Serialize), serde(rename_all = "lowercase"))]
enum Optimization {
    Speed,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 2] = [Self::Exact, Self::Portable];

    /// The profile's name, which changes when its meaning does.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "vak-det-1",
            Self::Portable => "vak-det-1-portable",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }

    /// SHA-256 of the canonical JSON (RFC 8785) of everything that the profile fixes. It is written down rather than
    /// computed, since every process needs it and computing it takes half a millisecond; a test computes it.
    #[must_use]
    pub const fn digest(self) -> Digest {
        Digest::from_bytes(match self {
            Self::Exact => [
                0x99, 0xc4, 0x9c, 0xb7, 0xc3, 0xe4, 0x68, 0xae, 0x38, 0xca, 0x6c, 0x4d, 0x0f, 0x5a, 0x50, 0xf3, 0x31,
                0x44, 0xbe, 0x6a, 0x5f, 0xc0, 0xd2, 0xbf, 0xd1, 0x31, 0x52, 0xcb, 0xa4, 0xe2, 0xcc, 0xcd,
            ],
            Self::Portable => [
                0xcd, 0xe5, 0x69, 0x33, 0xd0, 0x64, 0x5c, 0x8a, 0x08, 0xb5, 0xba, 0xdc, 0x40, 0x39, 0x87, 0xfa, 0xa2,
                0x13, 0x3f, 0x80, 0xea, 0x0b, 0x6e, 0x97, 0x1c, 0x05, 0xad, 0x6e, 0xcb, 0x74, 0x06, 0x29,
            ],
        })
    }

    fn knobs(self) -> Knobs {
        let mut operator_cost = OperatorCost::new();
        operator_cost.variable.memory_grow_per_page = GROW_FUEL_PER_PAGE;
        Knobs {
            compiler: Compiler::Cranelift,
            copy_on_write_images: true,
            epochs: true,
            features: vak_package::features(true).iter_names().map(|(name, _)| name).collect(),
            fuel: true,
            nan_canonicalization: match self {
                Self::Exact => false,
                Self::Portable => true,
            },
            operator_cost,
            optimization: Optimization::Speed,
        }
    }

    /// The engine's configuration, but for stacks and for how instances are allocated.
    pub(crate) fn config(self) -> Config {
        let knobs = self.knobs();
        let features = knobs.features.iter().filter_map(|name| WasmFeatures::from_name(name)).collect();
        let mut config = Config::new();
        config
            .strategy(match knobs.compiler {
                Compiler::Cranelift => Strategy::Cranelift,
            })
            .cranelift_opt_level(match knobs.optimization {
                Optimization::Speed => OptLevel::Speed,
            })
            .wasm_features(WasmFeatures::all(), false)
            .wasm_features(features, true)
            .consume_fuel(knobs.fuel)
            .operator_cost(knobs.operator_cost)
            .epoch_interruption(knobs.epochs)
            .cranelift_nan_canonicalization(knobs.nan_canonicalization)
            .memory_init_cow(knobs.copy_on_write_images);
        config
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(profile: Profile) -> Vec<u8> {
        serde_json_canonicalizer::to_vec(&profile.knobs()).expect("JSON")
    }

    /// The digests stand in receipts and name entries of caches. A new version of the engine brings new instructions, and
    /// with them new digests; any other change of one is another profile, and needs another name.
    #[test]
    fn each_profile_has_the_digest_of_its_table() {
        for profile in Profile::ALL {
            assert_eq!(profile.digest(), vak_package::sha256(&canonical(profile)), "{profile}");
        }
    }

    #[test]
    fn profiles_differ_in_what_becomes_of_nans_alone() {
        let value = |profile: Profile| {
            let mut value: serde_json::Value = serde_json::from_slice(&canonical(profile)).expect("JSON");
            let nans = value.as_object_mut().expect("an object").remove("nan_canonicalization");
            (nans, value)
        };
        let ((exact, rest), (portable, same)) = (value(Profile::Exact), value(Profile::Portable));
        assert_eq!((exact, portable), (Some(false.into()), Some(true.into())));
        assert_eq!(rest, same);
        assert_eq!(rest["features"].as_array().map(Vec::len), Some(8), "{}", rest["features"]);
    }

    #[test]
    fn a_profile_is_found_by_its_name() {
        assert_eq!(Profile::ALL.map(|profile| Profile::named(profile.name())), Profile::ALL.map(Some));
        assert_eq!(Profile::named("vak-det-2"), None);
    }
}
