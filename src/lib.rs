//! Moves an enterprise off Clerk and onto Avnology ID.

pub mod application;
pub mod avnology;
pub mod clerk;
pub mod cli;
pub mod command;
pub mod exit;
pub mod journal;
pub mod mapping;
pub mod pipeline;
pub mod report;
pub mod sandbox;
pub mod settings;
pub mod signal;
pub mod source;
