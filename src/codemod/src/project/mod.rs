//! All files together: what one file alone cannot know. Still pure: texts in, edits and entries out.
//!
//! [`analyse`] looks at each file by itself, so that many threads can do it at once. [`plan()`] then decides what depends on
//! others: whether a variable is still read by something of Clerk's, what package.json needs, which folder is complete.

mod analysis;
mod folders;
mod needles;
mod package_status;
mod plan;
mod planner;
mod skip;
mod variables;

pub use analysis::{Analysis, Content, analyse};
pub use folders::{Folder, Folders};
pub use package_status::PackageStatus;
pub use plan::{Asked, FilePlan, Given, Plan, barrel_packages, plan};
pub use skip::{MAX_BYTES, Skip, is_foreign};
