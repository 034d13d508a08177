//! Regular expressions on texts, and globs on paths.

mod find;
mod glob;
mod pattern;
mod replace;

use find::{captures, find_all, matches, split};
use glob::glob;
use replace::replace;

vak_guest::export!(matches, find_all, replace, split, captures, glob);
