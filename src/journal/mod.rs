//! What a run leaves on disk, so that it can be taken up again: its directory, journal, rejects and locks.
//!
//! ```text
//! .avnology/runs/<id>/run.json         what the run is about, with fingerprints of its inputs; no secret
//!                     journal          what was about to be sent, what became of each record, how it ended (`log`, `entry`)
//!                     rejects.ndjson   the records that did not make it; itself an input. Once somebody changed it:
//!                     rejects-2.ndjson …
//!                     first-pass.json  what the inputs are, by a digest of all their bytes (`first_pass`)
//!                     blocks           the same by blocks of 64 KiB
//!                     duplicates       which records of the input repeat another one
//!                     block-starts     where the blocks of all shards begin in the input, found by one of them
//!                     passwords.json   who is only in the input or only in the file of passwords: places, no hash
//!                     memberships.json how many memberships went into users: counts and places
//!                     report.json      the account of the run
//!                     report.html      the same for people
//!                     named-people.json whom that page names, if it was asked to
//!                     lock             held while the run is under way
//!                     undone.json      that undoing it was begun, and what came of it
//!                     pruned.json      that its journal was removed, and what it counted
//!               <id>-merged/         report.json and rejects.ndjson of all shards of an import, put together, and
//!                                    merged.json, which says of which runs
//!               first-pass-….lock      held by the shard that goes through the inputs for the others
//!               ids-…/                 what a target calls those whom Clerk calls otherwise ([`crate::id_map`])
//!               apps-…/                the clients that were made at a target ([`crate::made_once`])
//!               known-users-…/         what is at a target already, for the next run into it (`confirmed`)
//! ```
//!
//! A record counts as done once its journal entry is durable, and not before. Everything here may hold personal data, so
//! directories are made with mode 0700 and files with 0600.

mod amendment;
mod confirmed;
mod ended;
mod entry;
mod file_record;
mod first_pass;
mod input_record;
mod journal_account;
mod journal_error;
mod journalled_record;
mod kept_selection;
mod kratos_record;
mod learned_ids;
mod lock;
mod log;
mod lost_run;
mod merged_record;
mod organization_record;
mod original;
mod personal_files;
mod progress;
mod pruned_file;
mod read_journal;
mod recorded_options;
mod reject;
mod rejected_places;
mod rejects;
mod rejects_left;
mod run_directory;
mod run_file;
mod run_journal;
mod run_of_rejects;
mod run_record;
mod tracker;

pub use amendment::Amendment;
pub use confirmed::{
    CONFIRMED_USERS_PREFIX, ConfirmedLookup, ConfirmedRecord, ConfirmedUsers, ContentHash, SAMPLE_SIZE,
};
pub use ended::{Ended, EndedInput};
pub use entry::{BatchPlan, Entry, Identified, ReadMark, RecordKey, RecordOutcome, RejectsEnd, Settled};
pub use file_record::FileRecord;
pub use first_pass::{FirstPassRecord, Prediction};
pub use input_record::{Fingerprint, InputRecord, TAKEN_OUT_OF_USERS};
pub use journal_account::{CountedRejects, Ending, JournalAccount};
pub use journal_error::JournalError;
pub use journalled_record::{JournalledRecord, read_records};
pub use kratos_record::{KetoRecord, KratosRecord};
pub use learned_ids::{LearnedId, LearnedIds, read_created_ids, read_learned_ids};
pub(crate) use lock::target_digest;
pub use lock::{Lock, LockDirectory, LockError};
pub use log::LogError;
pub use lost_run::LostRun;
pub use merged_record::MergedRecord;
pub use organization_record::OrganizationRecord;
pub use progress::{InDoubt, Progress};
pub use pruned_file::{PrunedFile, PrunedRecord};
pub use recorded_options::RecordedOptions;
pub use reject::Reject;
pub use rejected_places::{RejectedPlace, RejectedPlaces};
use rejects::RejectsFile;
pub use rejects_left::{RejectsCount, RejectsLeft, rejects_path};
pub use run_directory::{RunDirectory, UndoneRecord};
pub use run_journal::{Journal, ReplayedJournal};
pub use run_of_rejects::run_of_rejects;
pub use run_record::RunRecord;
pub use tracker::Tracker;
