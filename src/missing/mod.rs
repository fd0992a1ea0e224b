//! Who is missing: the users that earlier runs of a source created, and who are no longer in its export.
//!
//! ```text
//!  journals of earlier runs of the source ── created users ──┐
//!  disabled.ndjson of all runs of the target ── settled ─────┼──► MissingSearch ──► MissingUsers: who is missing, who is back
//!  the inputs ── ids at Clerk, of rejected records too ──────┘
//! ```
//!
//! A source is a target and the files of users that are read for it, by their paths: the export of tonight lies where that of
//! yesterday lay. Only users are looked for; memberships that are gone would be another source of [`MissingUsers`], read from
//! the same journals.
//!
//! Everything here reads files and decides. What is done at the target is done by the import, which notes it in the
//! [`ChangedStates`] of its run before and after: so undo knows it, and a run that was killed goes on with it.

mod changed_states;
mod missing_of_run;
mod missing_report;
mod missing_users;
mod on_missing;
mod present_users;
mod search;
mod search_error;
mod state_change;
#[cfg(test)]
mod tests;

pub use changed_states::{ChangedStates, StatesFile};
pub use missing_of_run::{MissingOfRun, read_missing};
pub use missing_report::MissingReport;
pub use missing_users::{KnownUser, MissingUsers};
pub use on_missing::OnMissing;
pub use search::MissingSearch;
pub use search_error::SearchError;
pub use state_change::{StateChange, StateChangeKind};
