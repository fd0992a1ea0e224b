//! `avnology migrate clerk webhooks`: one file a command below it.

mod account;
mod activate;
mod apply;
mod checklist;
mod inputs;
mod plan;
mod try_handler;
mod undo;
mod verify;
mod verify_signature;
pub(super) mod webhooks_error;

pub use activate::activate;
pub use apply::apply;
pub use plan::plan;
pub use try_handler::try_handler;
pub use undo::undo;
pub use verify::verify;
pub use verify_signature::verify_signature;
