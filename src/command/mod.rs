//! One file a command: settings in, exit status out.

mod duplicates;
mod merge;
mod migrate_clerk;
mod objects;
mod passwords;
mod prepare;
mod recall;
mod runs;
pub mod sandbox;
mod target;
mod undo;
mod verify;

pub use merge::{MergeError, merge_runs};
pub use migrate_clerk::{ImportError, import};
pub use prepare::PrepareError;
pub use runs::{RunsError, list_runs};
pub use undo::{UndoError, undo};
pub use verify::verify;
