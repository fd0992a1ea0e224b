//! `avnology migrate clerk cutover`: reads what there is to know of a switch, and hands it to [`crate::cutover`], which says how it
//! stands.
//!
//! [`check`], [`record`], [`report`] and [`status`] are the commands; [`account`] is how the steps stand, which all but `record` show,
//! and [`cutover_command_error`] why one of them fails. Nothing is changed anywhere but in the file of the switch.

mod account;
mod check;
mod cutover_command_error;
mod record;
mod report;
mod run_moments;
mod status;

pub use check::check_cutover;
pub use cutover_command_error::CutoverCommandError;
pub use record::record_cutover;
pub use report::report_cutover;
pub use status::cutover_status;
