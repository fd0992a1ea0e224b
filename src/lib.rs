//! Moves an enterprise off Clerk and onto Avnology ID.

pub mod avnology;
pub mod clerk;
pub mod mapping;
pub mod source;
