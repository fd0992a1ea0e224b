//! `avnology doctor`: whether this machine, its settings and the target are ready for a migration, and what to do if not.
//!
//! [`finding`] is what is said about one thing; [`machine`] and [`at_target`] look.

mod at_target;
mod examine;
mod finding;
mod machine;

pub use examine::doctor;
