//! The inputs of commands: what was named becomes an intake of the pipeline, with the files that are joined to it, and what going
//! through it once found out.

pub(super) mod export_records;
pub(super) mod first_pass;
pub(super) mod forecast;
pub(super) mod from_clerk;
pub(super) mod inputs;
pub(super) mod intake;
pub(super) mod joined;
pub(super) mod memberships_of_users;
pub(super) mod missing_users;
pub(super) mod passwords;
pub(super) mod prepare_error;
pub(super) mod recently_sought;
pub(super) mod selecting;
