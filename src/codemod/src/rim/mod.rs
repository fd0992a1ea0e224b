//! Where bytes move: git, the work tree, threads. Everything that decides is in the other modules.

mod apply;
mod decision;
mod fault;
mod git;
mod options;
mod reading;
mod run;
mod selection;
mod surroundings;
mod threads;
mod tree;
mod write;

pub use fault::Fault;
pub use git::GitError;
pub use options::{CodemodError, Mode, Options};
pub use run::{Outcome, run};
pub use selection::SelectionError;
pub use write::WriteError;
