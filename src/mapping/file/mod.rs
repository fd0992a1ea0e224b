//! The mapping file: TOML to [`Rules`], with every fault told by line and column.
//!
//! A fault names keys, which are the file's own, and what may stand in their place. Values are never repeated: a constant
//! can be anything.

mod document;
mod origin;
mod sections;

use std::fmt;

use toml::de::DeTable;

use super::Rules;
use super::limits::MAPPING_FILE_BYTES;
use document::{Document, Section};

/// A mapping file that means exactly the defaults, with an explanation of everything in it.
pub const DEFAULT_MAPPING: &str = include_str!("../default_mapping.toml");

/// Something that is wrong with a mapping file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// A sentence. It repeats no value of the file.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

/// Compiles a mapping file, or says all that is wrong with it, from top to bottom.
pub fn parse_mapping(text: &str) -> Result<Rules, Vec<Fault>> {
    let mut document = Document::new(text);
    if text.len() > MAPPING_FILE_BYTES {
        document.fault(0..0, format!("a mapping file has at most {MAPPING_FILE_BYTES} bytes"));
        return Err(document.into_faults());
    }
    let rules = match DeTable::parse(text) {
        Ok(table) => sections::rules(&mut document, &Section::whole(table.get_ref())),
        Err(error) => {
            let span = error.span().unwrap_or_default();
            document.fault(span, format!("this is not TOML: {}", error.message()));
            Rules::default()
        }
    };
    let faults = document.into_faults();
    if faults.is_empty() { Ok(rules) } else { Err(faults) }
}
