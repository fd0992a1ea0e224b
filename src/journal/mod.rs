//! What a run leaves on disk: its directory, and in it the records that did not make it.
//!
//! Everything here may hold personal data, so directories are made with mode 0700 and files with 0600.

mod rejects;
mod run_directory;

pub use rejects::{Reject, RejectsFile};
pub use run_directory::{RunDirectory, create_private, create_private_directory};
