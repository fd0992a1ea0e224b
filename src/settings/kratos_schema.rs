//! What `--print-kratos-schema` prints.

use super::SettingsError;
use crate::cli::ImportArguments;
use crate::kratos::{KratosOptions, identity_schema};
use crate::rule_files::RuleFiles;

/// An identity schema for Kratos that takes what the mapping makes of users.
pub fn kratos_schema(arguments: &ImportArguments) -> Result<String, SettingsError> {
    let ImportArguments { mapping, target, .. } = arguments;
    let rules = RuleFiles::read(mapping.mapping.as_deref(), None)?.rules(None)?;
    let options = KratosOptions { key: target.kratos_key.clone().unwrap_or_default(), ..KratosOptions::default() };
    Ok(format!("{:#}\n", identity_schema(&rules, &options)))
}
