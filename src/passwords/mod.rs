//! The passwords that an export lacks: the Dashboard's CSV joined to other users by their Clerk ids (`--passwords`).
//!
//! ```text
//! CSV ── one pass ──► values, in the order of the rows   (a file without a name)
//!          └─► hash of the id, place of the value ── Sorter ──► SortedFile ── find ──► value ──► clerk::User
//! ```
//!
//! Only the files on disk grow with the number of users, and they are gone with the process. While the users are gone
//! through for the first time it is kept account of who is in only one of the two ([`PasswordsReport`]): a value that was
//! found is marked as such where it lies.

mod builder;
mod report;
mod table;
mod value;

pub use report::{Conflict, PasswordsReport};
pub use table::{Passwords, PasswordsError};
