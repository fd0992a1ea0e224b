//! `avnology migrate clerk cutover`: reads what there is to know of a switch, and hands it to [`crate::cutover`], which says how it
//! stands.
//!
//! [`gathered`] is all that the checks look at: [`seen_runs`] of the directory of runs, [`named_file`] of reports, [`at_target`] and
//! [`at_clerk`] by asking. [`findings`] makes of it what each check says. Nothing is changed anywhere but in the file of the switch.

mod account;
mod check;
mod cutover_error;
mod record;
mod report;
mod status;

pub use check::check_cutover;
pub use cutover_error::CutoverError;
pub use record::record_cutover;
pub use report::report_cutover;
pub use status::cutover_status;
