//! The settings of `doctor`. What is wrong with them is what it finds, and keeps it from nothing else.

use std::path::{Path, PathBuf};

use super::environment::KeyVariables;
use super::found_key::FoundKey;
use super::runs::runs_directory;
use super::target::TargetSettings;
use super::{DEFAULT_CONFIG_FILE, Environment, SettingsError};
use crate::cli::{CACERT, DoctorArguments, OutputFormat};
use crate::journal::LockDirectory;
use crate::mapping::Rules;
use crate::rule_files::RuleFiles;

/// What is to be looked at.
#[derive(Debug)]
pub struct DoctorSettings {
    /// The config file, if there is one.
    pub config_file: Option<PathBuf>,
    /// The admin key.
    pub admin_key: Result<Option<FoundKey>, SettingsError>,
    /// The key of Clerk's API.
    pub clerk_key: Result<Option<FoundKey>, SettingsError>,
    /// The target.
    pub target: Result<TargetSettings, SettingsError>,
    /// How users would be mapped.
    pub rules: Result<Rules, SettingsError>,
    /// Further certificates to trust.
    pub certificates: Option<PathBuf>,
    /// Where runs are kept.
    pub runs_directory: PathBuf,
    /// Where the locks of targets are.
    pub locks: LockDirectory,
    /// Whether the target is asked nothing.
    pub offline: bool,
    /// What standard output gets.
    pub format: OutputFormat,
}

impl DoctorSettings {
    /// Resolves what was typed.
    pub fn resolve(arguments: DoctorArguments, environment: &Environment) -> Result<Self, SettingsError> {
        let DoctorArguments { target, mapping, cacert, runs_dir, config, offline, output } = arguments;
        let default = Path::new(DEFAULT_CONFIG_FILE);
        Ok(Self {
            config_file: config.or_else(|| default.exists().then(|| default.to_path_buf())),
            admin_key: environment.found_key(KeyVariables::ADMIN),
            clerk_key: environment.found_key(KeyVariables::CLERK),
            target: TargetSettings::resolve(target, environment),
            rules: RuleFiles::read(mapping.as_deref(), None).and_then(|files| files.rules(None)).map_err(Into::into),
            certificates: environment.or_variable(cacert, CACERT)?,
            runs_directory: runs_directory(runs_dir, environment)?,
            locks: environment.locks(),
            offline,
            format: output,
        })
    }
}
