//! Who is missing: the users and memberships that earlier runs of a source created, and that are no longer in its export.
//!
//! ```text
//!  journals of earlier runs of the source ── created users ──┐
//!  disabled.ndjson of all runs of the target ── settled ─────┼──► MissingSearch ──► MissingUsers: who is missing, who is back
//!  journals of later runs ── seen again, not settled ────────┤
//!  the inputs ── ids at Clerk, of rejected records too ──────┘
//! ```
//!
//! A source is a target and the files of users that are read for it, by their paths: the export of tonight lies where that of
//! yesterday lay. Memberships are looked for in the same way: [`MembershipSearch`] finds [`MissingMemberships`], whose user and
//! organization are still in the export, and the tuples of their roles. A user who is missing keeps the
//! memberships, but cannot sign in.
//!
//! Everything here reads files and decides. What is done at the target is done by the import, which notes it before and after in a
//! file of its run ([`ChangedStates`], [`Removals`]): so undo knows it, and a run that was killed goes on with it.

mod changed_states;
mod damaged_line;
mod membership_search;
mod missing_memberships;
mod missing_of_run;
mod missing_report;
mod missing_users;
mod on_missing;
mod present_memberships;
mod present_users;
mod removal;
mod removals;
mod search;
mod search_error;
mod seen_again;
mod state_change;
#[cfg(test)]
mod tests;

pub use changed_states::{ChangedStates, StatesFile};
pub use damaged_line::DamagedLine;
pub use membership_search::MembershipSearch;
pub use missing_memberships::MissingMemberships;
pub use missing_of_run::{MissingOfRun, read_missing};
pub use missing_report::{MissingMembershipsReport, MissingReport};
pub use missing_users::{CreatedEarlier, MissingUsers};
pub use on_missing::OnMissing;
pub use removal::{Removal, RemovalKind};
pub use removals::Removals;
pub use search::MissingSearch;
pub use search_error::SearchError;
pub use state_change::{StateChange, StateChangeKind};
