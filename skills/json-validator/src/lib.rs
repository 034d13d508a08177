//! JSON texts checked, formatted and looked into; JSON values merged and compared.

mod diff;
mod format;
mod merge;
mod mistake;
mod parse;
mod pointer;
mod scan;
mod text;
mod value;

use diff::diff;
use format::{minify, pretty};
use merge::merge_patch;
use pointer::extract;
use text::validate;

vak_guest::export!(validate, pretty, minify, extract, merge_patch, diff);
