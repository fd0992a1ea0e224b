//! One file of code: text in, edits and entries out. Pure; it knows the file's facts and nothing of the parser.
//!
//! [`swap`] first decides what becomes of each imported name ([`Fate`]): a middleware moves only if its form says the same at
//! the target, and what only the code used that goes with it, goes too. Then the import statements, the uses and the entries
//! follow from that.

mod context;
mod file;
mod imports;
mod left;
mod middleware;
mod names;
mod routes;
mod statement;
mod uses;
mod webhook;

pub use context::{Context, GUIDE_PUBLIC_PATHS};
pub use file::{Swapped, swap};
pub use names::{Fate, NameUse, Outcome};
