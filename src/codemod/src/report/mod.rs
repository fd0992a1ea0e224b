//! What a run says: a summary on the terminal, the whole as Markdown or JSON, and the diff of a dry run.

mod account;
mod diff;
mod json;
mod markdown;
mod summary;

pub use account::{Account, Entry, FileAccount, Totals};
pub use diff::unified;
pub use json::json;
pub use markdown::markdown;
pub use summary::summary;
