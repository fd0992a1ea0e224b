//! Where bytes move: git, the work tree, threads. Everything that decides is in the other modules.

mod apply;
mod git;
mod options;
mod run;
mod selection;
mod threads;
mod tree;
mod write;

pub use git::GitError;
pub use options::{CodemodError, Mode, Options};
pub use run::{Fault, Outcome, run};
pub use selection::SelectionError;
pub use write::WriteError;
