//! What `--print-kratos-schema` prints.

use std::path::Path;

use super::SettingsError;
use crate::kratos::{KratosOptions, identity_schema};
use crate::rule_files::RuleFiles;

/// An identity schema for Kratos that takes what a mapping file makes of users; the defaults, if the path is empty.
pub fn kratos_schema(mapping: &Path) -> Result<String, SettingsError> {
    let mapping = Some(mapping).filter(|path| !path.as_os_str().is_empty());
    let rules = RuleFiles::read(mapping, None)?.rules(None)?;
    Ok(format!("{:#}\n", identity_schema(&rules, &KratosOptions::default())))
}
