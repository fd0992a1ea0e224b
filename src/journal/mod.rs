//! What a run leaves on disk, so that it can be taken up again: its directory, journal, rejects and locks.
//!
//! ```text
//! .avnology/runs/<id>/run.json         what the run is about, with fingerprints of its inputs; no secret
//!                     journal          what was about to be sent, what became of each record, how it ended (`log`, `entry`)
//!                     rejects.ndjson   the records that did not make it; itself an input. Once somebody changed it:
//!                     rejects-2.ndjson …
//!                     first-pass.json  what the inputs are, by a digest of all their bytes (`first_pass`)
//!                     blocks           the same by blocks of 64 KiB
//!                     duplicates       which records of the input repeat an earlier one
//!                     passwords.json   who is only in the input or only in the file of passwords: places, no hash
//!                     report.json      the account of the run
//!                     lock             held while the run is under way
//!                     undone.json      that undoing it was begun, and what came of it
//!               <id>-merged/         report.json and rejects.ndjson of all shards of an import, put together, and
//!                                    merged.json, which says of which runs
//!               known-users-…/         what is at a target already, for the next run into it (`confirmed_users`)
//! ```
//!
//! A record counts as done once its journal entry is durable, and not before. Everything here may hold personal data, so
//! directories are made with mode 0700 and files with 0600.

mod amendment;
mod confirmed_users;
mod ended;
mod entry;
mod first_pass;
mod journal_account;
mod lock;
mod log;
mod merged_record;
mod progress;
mod rejects;
mod rejects_left;
mod run_directory;
mod run_file;
mod run_journal;
mod run_record;

pub use amendment::Amendment;
pub use confirmed_users::{
    CONFIRMED_USERS_PREFIX, ConfirmedLookup, ConfirmedUser, ConfirmedUsers, ContentHash, SAMPLE_SIZE,
};
pub use ended::{Ended, EndedInput};
pub use entry::{Entry, Mark, Plan, RecordKey, RecordOutcome, RejectsEnd, Settled};
pub use first_pass::{FirstPassRecord, Prediction};
pub use journal_account::{CountedRejects, Ending, JournalAccount};
pub use lock::{Lock, LockDirectory, LockError};
pub use log::LogError;
pub use merged_record::MergedRecord;
pub use progress::{InDoubt, Progress, Tracker};
pub use rejects::Reject;
use rejects::RejectsFile;
pub use rejects_left::{RejectsCount, RejectsLeft, rejects_path};
pub use run_directory::{RunDirectory, UndoneRecord};
pub use run_journal::{Journal, JournalError, Replayed};
pub use run_record::{FileRecord, Fingerprint, InputRecord, RecordedOptions, RunRecord, run_of_rejects};
