//! From the text of a mapping file to the rules.

use toml::de::DeTable;

use super::sections;
use crate::mapping::Rules;
use crate::mapping::limits::MAPPING_FILE_BYTES;
use crate::toml_document::{Document, Section, TextFault};

/// A mapping file that means exactly the defaults, with an explanation of everything in it.
pub const DEFAULT_MAPPING: &str = include_str!("../default_mapping.toml");

/// Compiles a mapping file, or says all that is wrong with it, from top to bottom.
pub fn parse_mapping(text: &str) -> Result<Rules, Vec<TextFault>> {
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
