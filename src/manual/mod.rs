//! The manual, one page a topic. The same pages are read here, as Markdown files, and with `avnology help TOPIC`.

mod plain;
mod topics;

pub use plain::plain;
pub use topics::*;
