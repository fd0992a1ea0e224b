//! The passwords that an export lacks: the Dashboard's CSV joined to other users by their Clerk ids (`--passwords`).
//!
//! ```text
//! CSV ── one pass ──► values, in the order of the rows   (a file without a name) ── RowCursor ──► value ──► clerk::User
//!          └─► hash of the id, place of the value ── Sorter ──► SortedFile ── find ──┘
//! ```
//!
//! A cursor goes through the values as long as the users come in the order of the rows. The sorted file is for the others.
//!
//! Only the files on disk grow with the number of users, and they are gone with the process. While the users are gone
//! through for the first time it is kept account of who is in only one of the two ([`PasswordsReport`]): a value that was
//! found is noted by the number of its row.

mod builder;
mod cursors;
mod found_rows;
mod report;
mod table;
mod value;

pub use report::{Conflict, PasswordsReport};
pub use table::{Passwords, PasswordsError};
