//! OAuth applications of a tenant become clients of a target: which client each becomes, what has to be done about it, and
//! doing that so that each client is made once and no secret is lost.
//!
//! ```text
//!  plan ── planned ──► ClientForm ─┐
//!  target ─ FoundClient ───────────┼─► decide ──► Step ──► apply_one ──► ClientRegistry (a target), MadeObjects, SecretsFile
//!  memory ─ MadeObject ────────────┘
//! ```
//!
//! `planned`, `decide` and `decide_undo` are pure. A target is a [`ClientRegistry`]: [`crate::avnology`] and [`crate::hydra`] are two.
//!
//! **Whose a client is.** A client is ours only with proof: its id is remembered, and its metadata have the mark of this memory and
//! Clerk's id of the application. What has no such proof is never changed or deleted. What somebody changed since is only changed
//! or deleted by `--force`.

mod apply;
mod assigned;
mod checklist;
mod client_form;
mod content;
mod created_client;
mod decision;
mod found_client;
mod outcome;
mod planned;
mod registry;
mod secret_line;
#[cfg(test)]
mod tests;
mod undo;

pub use apply::{ApplyError, Applying, apply_one};
pub use assigned::{Assigned, AssignedBuilder};
pub use checklist::checklist_entry;
pub use client_form::ClientForm;
pub use content::ClientContent;
pub use created_client::{CreatedClient, read_created};
pub use decision::{ClientFacts, ClientStep, Left, UndoStep, decide, decide_undo};
pub use found_client::{FoundClient, read_client};
pub use outcome::{ClientFinding, ClientOutcome};
pub use planned::{Planned, PlannedClient, planned};
pub use registry::{ChangedClient, ClientRegistry, Created, find_ours};
pub use secret_line::client_of_line;
pub use undo::{Undoing, Undone, undo_one};
