//! Objects that this program makes at a target, each once: OAuth clients, endpoints of webhooks. What it made there is kept on
//! disk, and secrets that the target shows only once go to a file before anything else is done.
//!
//! ```text
//! RUNS_DIR/<prefix><digest of the target>/lock           held while a command works on them
//!                                         mark           who made them: goes into each object at the target, as proof
//!                                         secrets.json   which file takes the secrets, until the work is finished
//!                                         <digest>.json  one object each: creating | made, and its id at the target
//! ```
//!
//! The order of the steps is what keeps objects and secrets through a kill at any moment:
//!
//! 1. `creating` is durable ([`MadeObjects::put`]).
//! 2. The target is asked to make the object.
//! 3. Its secret, if it has one, is durable in the file ([`SecretsFile::add`]).
//! 4. `made` is durable.
//!
//! After a kill an object that is `creating` is looked for at the target. If it is there with our mark and its secret is in
//! the file, it is made. If its secret is in no file, nobody ever knew it: the object is deleted and made again.
//!
//! An object that is `made` says which file has its secret. As long as the work is open, the file has to have a line of it: if
//! somebody cut the file, that is said ([`LostSecrets`]).

mod applied_error;
mod lost_secrets;
mod made_object;
mod made_objects;
mod open_secrets_file;
mod secrets_file;
#[cfg(test)]
mod tests;

pub use applied_error::AppliedError;
pub use lost_secrets::LostSecrets;
pub use made_object::{MadeObject, MadeState};
pub use made_objects::{APPS_PREFIX, MadeObjects, PREFIXES, WEBHOOKS_PREFIX};
pub use secrets_file::SecretsFile;
