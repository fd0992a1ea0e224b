//! `avnology migrate clerk webhooks`: endpoints of webhooks are planned, made, tried and undone.
//!
//! `plan`, `apply`, `verify`, `activate`, `undo`, `try_handler` (`webhooks try`) and `verify_signature` are the commands. What they
//! share: `inputs` reads the plan, `checklist` is what a person does where the target has no methods, `account` is what was done,
//! and `webhooks_command_error` why nothing can be.

mod account;
mod activate;
mod apply;
mod at_target;
mod checklist;
mod inputs;
mod plan;
mod try_handler;
mod undo;
mod verify;
mod verify_signature;
pub(super) mod webhooks_command_error;

pub use activate::activate;
pub use apply::apply;
pub use plan::plan;
pub use try_handler::try_handler;
pub use undo::undo;
pub use verify::verify;
pub use verify_signature::verify_signature;
