//! The switch from Clerk to the target, in the steps of the guide: what the program checks, what persons record, and how a step
//! stands by both. Pure, but for the one file that keeps it.
//!
//! ```text
//!  runs, exports, the plan, results of other commands, answers of the target and of Clerk
//!        │  read by `command::cutover`
//!        ▼
//!  imports, command_result, plan_answers, changes ── a Finding for each Check ──► CutoverState (a file)
//!                                            a person's word for each Fact ──────────►│
//!                                                                                      ▼
//!                             Account: each SwitchStep with its points, and how they stand ── text, JSON, a page to sign
//! ```
//!
//! **A check is as old as it is.** What was found out longer ago than `--max-age` counts as old, and not as ok.
//!
//! **A word is about what was there.** A fact that was recorded before an import into the same target began, went on or was undone,
//! and is about what that import changes, is stale ([`Fact::is_about`]). An import of any kind of records counts.
//!
//! **Nothing is forgotten.** A withdrawn fact and a skipped step stay in the file and in the report.
//!
//! **Order only where a later step would mislead** ([`SwitchStep::needs`]): nothing else keeps teams from working side by side.

mod account;
mod assess;
mod changes;
mod check;
mod command_result;
mod evidence;
mod fact;
mod finding;
mod imports;
mod plan_answers;
mod seen_run;
mod shards;
mod state;
mod state_error;
mod state_file;
mod switch_step;
mod target_name;
mod text;
mod verification;
mod words;

pub use account::{Account, CheckedInput, PointAccount, Standing, StepAccount};
pub use assess::{Assessment, RunMoment};
pub use changes::{ClerkReading, DECOMMISSION_DAYS, back, changes, clerk_is_still, retention};
pub use check::Check;
pub use command_result::{CommandResult, active_too_early, again, code_is_clean, result_is_good};
pub use evidence::Evidence;
pub use fact::{About, Fact};
pub use finding::{Finding, Outcome};
pub use imports::Imports;
pub use plan_answers::PlanAnswers;
pub use seen_run::{ExportSeen, KindCounts, RunStanding, SeenRun};
pub use state::{CheckRecord, CutoverState, FactRecord, FileUse, RemovedWord, SkipRecord, TriedClient};
pub use state_error::StateError;
pub use state_file::StateFile;
pub use switch_step::SwitchStep;
pub use text::status_text;
pub use verification::Verification;
pub use words::Words;
