//! One file a command: settings in, exit status out.

mod migrate_clerk;
pub mod sandbox;

pub use migrate_clerk::{ImportError, import};
