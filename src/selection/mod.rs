//! Which users of an export a run is about: a pilot, a sample, a list of users, or users of whom something holds.
//!
//! ```text
//! inputs ── one pass ──► records that the list and the condition name ──► sample ──► skip, limit ──► SelectedRecords
//!                                                                                        places of records, sorted, on disk
//! ```
//!
//! What was selected is places of records, so nothing behind this room knows how they were chosen: a run asks
//! [`RecordsOfRun`] whether a record is one of its own, as it asks for a shard. The records beside them are still read, for
//! a selected one can be the duplicate of another one that is not selected.
//!
//! Only files on disk grow with the number of users, selected or listed.

mod choice;
#[cfg(feature = "where")]
mod condition;
#[cfg(not(feature = "where"))]
#[path = "without_feature/condition.rs"]
mod condition;
mod found_entries;
mod id_list;
mod id_list_error;
mod of_run;
mod place;
mod reading;
mod sample;
mod selected_ids;
mod selected_records;
mod selection_error;
mod selection_record;
#[cfg(all(test, feature = "where"))]
mod tests;
mod totals;

pub use choice::SelectionChoice;
pub use condition::{Condition, ConditionError};
pub use id_list::{IdList, IdListArgument};
pub use id_list_error::IdListError;
pub use of_run::{ChunkRecords, RecordsOfRun};
pub use reading::select;
pub use sample::Sample;
pub use selected_records::SelectedRecords;
pub use selection_error::SelectionError;
pub use selection_record::{ListRecord, SelectionRecord};
pub use totals::{NotFound, SelectionTotals};
