//! What became of each record, as lists for people and other programs: `--results`, `runs export` and `runs ids`.
//!
//! A list is made of what lies on disk, whenever somebody wants it: what became of the records is in the journal
//! ([`crate::journal::read_records`]), the ids that it does not name are in the [`crate::id_map`], and who a record is about is in
//! the input, which is read once more beside the journal and held to its first bytes ([`RunInputs`]). So a list
//! has one line a record however often a run was killed and resumed, and nothing of it has to be kept.

mod cell;
mod list;
mod missing_list;
mod results_error;
mod run_inputs;
mod table;
mod user_list;

pub use cell::TableCell;
pub use list::{ListedRecord, ListedRun, WrittenList, list_records, write_list};
pub use missing_list::write_missing_list;
pub use results_error::ResultsError;
pub use run_inputs::RunInputs;
pub use table::{ResultsTable, TableForm, TableFormat};
pub use user_list::UserList;
