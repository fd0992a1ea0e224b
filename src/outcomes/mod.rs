//! What became of the records: the one account of a run, and why the run stopped if it did.
//!
//! The stages send the committer what happens (`event`); it owns the [`Ledger`] and books it there. Displays and reports are
//! views of that ledger: a [`Reporter`] is handed it several times a second.

mod at_target;
pub(crate) mod booking;
mod counts;
mod ended;
pub(crate) mod event;
mod forecast_counts;
mod ledger;
mod reporter;
mod sharing;
mod sharing_record;
mod status;
mod step_account;
mod stop_reason;

pub use at_target::{AtTarget, Validation};
pub use counts::{CodeCount, Counts, InputProgress, RejectedRecord, SameAs};
pub use forecast_counts::ForecastCounts;
pub use ledger::Ledger;
pub use reporter::{Reporter, Silent};
pub use sharing_record::SharingRecord;
pub use stop_reason::StopReason;
