#!/bin/sh
# Checks the skill as a CI should: `./ci.sh`, from any folder, with exit code 0 if all is well.
#
# It assumes that Rust and VAK's tools, `vak-skill-build` and `vak-run`, are on the PATH. It installs nothing. Cargo
# downloads the packages that Cargo.lock names, unless it has them.
set -eux
cd "$(dirname "$0")"

vak-skill-build --check
cargo test
vak-skill-build
vak-run . --allow-unsigned
