//! The tool as it is called, and the projects that it makes.

mod cases;
mod project;
