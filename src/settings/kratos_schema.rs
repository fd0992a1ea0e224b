//! What `--print-kratos-schema` prints.

use std::path::Path;

use super::SettingsError;
use crate::kratos::{KratosOptions, identity_schema};
use crate::rule_files::RuleFiles;

/// An identity schema for Kratos that takes what a mapping file makes of users, or the defaults without one.
pub fn kratos_schema(mapping: Option<&Path>) -> Result<String, SettingsError> {
    let rules = RuleFiles::read(mapping, None)?.rules(None)?;
    Ok(format!("{:#}\n", identity_schema(&rules, &KratosOptions::default())))
}
