//! The command line: what was typed, with the config file's values where nothing was.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, FromArgMatches};

use super::Environment;
use super::config_file::with_defaults;
use super::secrets::without_secrets;
use crate::cli::{Cli, DOCTOR};
use crate::toml_document::{TextFault, list_faults};

/// The file that is read from the working directory if no other one is named.
pub const DEFAULT_CONFIG_FILE: &str = "avnology.toml";

/// Largest config file, in bytes. Ours.
const MOST_BYTES: u64 = 64 * 1024;

/// Why the command line cannot be understood.
#[derive(Debug, thiserror::Error)]
pub enum CommandLineError {
    /// What was typed; or what was asked for is help.
    #[error(transparent)]
    Typed(#[from] clap::Error),
    /// The config file cannot be read.
    #[error("cannot read the config file `{}`", path.display())]
    Read {
        /// The path.
        path: PathBuf,
        /// The operating system's reason, or that it is too large or no text.
        source: io::Error,
    },
    /// The config file is wrong.
    #[error("the config file is wrong:{}", list_faults(path, faults))]
    Config {
        /// The path.
        path: PathBuf,
        /// All that is wrong with it.
        faults: Vec<TextFault>,
    },
}

/// What was typed, with the config file's values where nothing was. The config file is the one that was named, else the one
/// in `directory`, if there is one.
pub fn command_line(
    arguments: &[OsString],
    directory: &Path,
    environment: &Environment,
) -> Result<Cli, CommandLineError> {
    let mut command = Cli::command();
    if let Some(path) = config_file(&command, arguments, directory)? {
        let text = read(&path).map_err(|source| CommandLineError::Read { path: path.clone(), source })?;
        command = match with_defaults(&command, &text, &path, environment) {
            Ok(command) => command,
            Err(faults) => return Err(CommandLineError::Config { path, faults }),
        };
    }
    let matches = command.try_get_matches_from_mut(arguments).map_err(|error| {
        let error = without_secrets(error);
        lone_file(&error, directory).map_or(error, |problem| problem.with_cmd(&command))
    })?;
    Ok(Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?)
}

/// What is wrong if a file was named without the option that it belongs to, which to the parser is an unknown command.
fn lone_file(error: &clap::Error, directory: &Path) -> Option<clap::Error> {
    let context = match error.kind() {
        ErrorKind::InvalidSubcommand | ErrorKind::ArgumentConflict => ContextKind::InvalidSubcommand,
        ErrorKind::UnknownArgument => ContextKind::InvalidArg,
        _ => return None,
    };
    let Some(ContextValue::String(name)) = error.get(context) else { return None };
    let is_file =
        name == "-" || !name.starts_with('-') && (name.contains(['.', '/']) || directory.join(name).is_file());
    let problem = format!(
        "a file to read goes behind `--import`: for example `avnology migrate clerk --import {name} --dry-run`\n"
    );
    is_file.then(|| clap::Error::raw(error.kind(), problem))
}

/// The config file for what was typed; none for a command that takes none.
fn config_file(
    command: &clap::Command,
    arguments: &[OsString],
    directory: &Path,
) -> Result<Option<PathBuf>, CommandLineError> {
    // Something may be missing that the file will say; what else is wrong is reported when all is parsed.
    let typed = command.clone().ignore_errors(true).try_get_matches_from(arguments)?;
    let clerk = typed.subcommand_matches("migrate").and_then(|typed| typed.subcommand_matches("clerk"));
    let Some(clerk) = clerk.or_else(|| typed.subcommand_matches(DOCTOR)) else { return Ok(None) };
    // It is known to the command at which it was typed, and to those below.
    let commands = std::iter::successors(Some(clerk), |typed| Some(typed.subcommand()?.1));
    let named = commands.filter_map(|typed| typed.get_one::<PathBuf>("config")).last().cloned();
    let default = directory.join(DEFAULT_CONFIG_FILE);
    Ok(named.or_else(|| default.exists().then_some(default)))
}

fn read(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(io::Error::other(format!("it has more than {MOST_BYTES} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8"))
}

/// What is typed in a directory with this config file, with these variables.
#[cfg(test)]
pub(super) fn typed(text: &str, variables: &[(&str, &str)], arguments: &str) -> Result<Cli, CommandLineError> {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join(DEFAULT_CONFIG_FILE), text).expect("it is written");
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let arguments: Vec<OsString> = arguments.split(' ').map(OsString::from).collect();
    command_line(&arguments, directory.path(), &Environment::of(variables))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{ClerkArguments, ClerkCommand, Command, ImportArguments, Provider};

    fn clerk(cli: Cli) -> ClerkArguments {
        let Command::Migrate(migrate) = cli.command else { panic!() };
        let Provider::Clerk(clerk) = migrate.provider;
        *clerk
    }

    fn import(text: &str, variables: &[(&str, &str)], more: &str) -> ImportArguments {
        clerk(typed(text, variables, &format!("avnology migrate clerk{more}")).unwrap()).import
    }

    #[test]
    fn what_is_typed_wins_over_variables_and_those_over_the_file() {
        let text =
            "[migrate.clerk]\nimport = 'users.json'\nrate = '30/s'\nquiet = true\nbase-url = 'https://a.example'";
        let rate = |variables: &[(&str, &str)], more: &str| {
            import(text, variables, more).options.rate.rate.map(|rate| rate.to_string())
        };
        assert_eq!(rate(&[], ""), Some("30/s".to_owned()));
        assert_eq!(rate(&[("AVNOLOGY_RATE", "20/s")], ""), None, "settings ask the environment");
        assert_eq!(rate(&[("AVNOLOGY_RATE", "20/s")], " --rate 10/s"), Some("10/s".to_owned()));
        // What would be a contradiction if both were typed is none with the file.
        assert!(import(text, &[], " --sandbox").target.sandbox);
        assert_eq!(import(text, &[], " --verbose").options.output.verbose, 1);
        let typed = import(text, &[], " --import a.json b.json").inputs.import;
        assert_eq!(typed, [PathBuf::from("a.json"), PathBuf::from("b.json")]);
    }

    #[test]
    fn a_list_in_the_file_means_the_same_as_commas_and_as_an_option_that_is_typed_twice() {
        let target = "[migrate.clerk]\nimport = 'users.json'\ntarget = 'kratos'\n";
        let providers = |text: &str, more: &str| {
            let names = import(&format!("{target}{text}"), &[], more).target.kratos_provider;
            names.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let both = ["google=google-oidc", "github=gh"];
        assert_eq!(providers("kratos-provider = ['google=google-oidc', 'github=gh']", ""), both);
        assert_eq!(providers("kratos-provider = 'google=google-oidc,github=gh'", ""), both);
        assert_eq!(providers("", " --kratos-provider google=google-oidc --kratos-provider github=gh"), both);
        assert_eq!(providers("kratos-provider = ['google=google-oidc']", " --kratos-provider github=gh"), both[1..]);
        let wrong = typed(&format!("{target}kratos-provider = ['google']"), &[], "avnology migrate clerk");
        assert!(wrong.is_err_and(|error| error.to_string().contains("`kratos-provider`")));
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("nightly.toml");
        let text = "[migrate.clerk]\nimport = ['users.json', '/srv/more.json', '-', 's3://bucket/users.json']";
        std::fs::write(&path, text).unwrap();
        let arguments = ["avnology", "migrate", "clerk", "verify", "--config"].map(OsString::from);
        let arguments: Vec<OsString> = arguments.into_iter().chain([path.into_os_string()]).collect();
        let cli = command_line(&arguments, Path::new("/nowhere"), &Environment::default()).unwrap();
        let Some(ClerkCommand::Verify(verify)) = clerk(cli).command else { panic!() };
        let own = directory.path().join("users.json");
        let [absolute, pipe, object] = ["/srv/more.json", "-", "s3://bucket/users.json"].map(PathBuf::from);
        assert_eq!(verify.inputs.import, [own, absolute, pipe, object]);
    }

    #[test]
    fn a_run_goes_on_as_it_was_begun() {
        let text = "[migrate.clerk]\nrate = '30/s'\nreport = 'report.json'";
        let cli = typed(text, &[], "avnology migrate clerk resume").unwrap();
        let Some(ClerkCommand::Resume(resume)) = clerk(cli).command else { panic!() };
        assert_eq!((resume.options.rate.rate, resume.options.output.report.is_some()), (None, true));
    }

    #[test]
    fn a_file_that_is_not_there_or_not_toml_is_told() {
        let arguments = ["avnology", "migrate", "clerk", "--config", "/nowhere/avnology.toml"].map(OsString::from);
        let error = command_line(&arguments, Path::new("."), &Environment::default()).err().unwrap();
        assert!(matches!(error, CommandLineError::Read { .. }), "{error}");
        let error = typed("import = ", &[], "avnology migrate clerk").err().unwrap().to_string();
        assert!(error.contains("line 1, column") && error.contains("this is not TOML"), "{error}");
    }
}
