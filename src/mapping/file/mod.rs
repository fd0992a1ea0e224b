//! The mapping file: TOML to [`Rules`](super::Rules), with every fault by its line and column.

mod compile;
mod origin;
mod sections;

pub use compile::{DEFAULT_MAPPING, parse_mapping};
pub(crate) use sections::is_role;
