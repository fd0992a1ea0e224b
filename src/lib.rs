//! Moves an enterprise off Clerk and onto Avnology ID.

pub mod sandbox;
