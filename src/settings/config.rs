//! The config file: options of `avnology migrate clerk` that are not typed each time.
//!
//! ```toml
//! [migrate.clerk]
//! import = "clerk_users.json"
//! rate = "40/s"
//! ```
//!
//! A key is the long name of an option and means what the option means: the command line itself says what there is, and
//! takes the values as its defaults. So each option works here from the day it exists, unless it is a decision of the
//! moment ([`TYPED_ONLY`]). A relative path is relative to the file's directory.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{self, Read};
use std::num::{IntErrorKind, ParseIntError};
use std::path::{Path, PathBuf};

use clap::builder::ValueHint;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command, CommandFactory, FromArgMatches};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Environment;
use super::secrets::without_secrets;
use crate::cli::Cli;
use crate::toml_document::{Document, Section, TextFault, list_faults, shown, suggestion};

/// The file that is read from the working directory if no other one is named.
pub const DEFAULT_CONFIG_FILE: &str = "avnology.toml";

/// Largest config file, in bytes. Ours.
const MOST_BYTES: u64 = 64 * 1024;

/// Options that are decisions of the moment, or that only make sense to somebody who watches.
const TYPED_ONLY: [&str; 12] = [
    "all",
    "config",
    "dry-run",
    "force",
    "help",
    "new",
    "preview",
    "print-default-mapping",
    "sample",
    "sandbox",
    "sandbox-db",
    "yes",
];

/// Options for which there is a variable, which wins over the file.
const VARIABLES: [(&str, &str); 5] = [
    ("base-url", "AVNOLOGY_BASE_URL"),
    ("cacert", "AVNOLOGY_CACERT"),
    ("concurrency", "AVNOLOGY_CONCURRENCY"),
    ("rate", "AVNOLOGY_RATE"),
    ("runs-dir", "AVNOLOGY_RUNS_DIR"),
];

/// Options that a run remembers: it goes on as it was begun, even if the file has changed.
const REMEMBERED: [&str; 9] = [
    "batch-bytes",
    "batch-size",
    "concurrency",
    "max-errors",
    "max-record-bytes",
    "max-wait",
    "min-records",
    "rate",
    "strict",
];

/// How keys of Avnology ID begin.
const KEY_PREFIX: &str = "sk_";

const NO_KEY: &str = "the admin key does not belong in this file: set AVNOLOGY_SECRET_KEY, or AVNOLOGY_SECRET_KEY_FILE to a \
                      file with it";

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
    command: &Command,
    arguments: &[OsString],
    directory: &Path,
) -> Result<Option<PathBuf>, CommandLineError> {
    // Something may be missing that the file will say; what else is wrong is reported when all is parsed.
    let typed = command.clone().ignore_errors(true).try_get_matches_from(arguments)?;
    let Some(clerk) = typed.subcommand_matches("migrate").and_then(|typed| typed.subcommand_matches("clerk")) else {
        return Ok(None);
    };
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

/// The command line whose defaults are the file's values.
fn with_defaults(
    command: &Command,
    text: &str,
    path: &Path,
    environment: &Environment,
) -> Result<Command, Vec<TextFault>> {
    let mut document = Document::new(text);
    let entries = match DeTable::parse(text) {
        Ok(table) => entries(&mut document, &Section::whole(table.get_ref()), path),
        Err(error) => {
            document.fault(error.span().unwrap_or_default(), format!("this is not TOML: {}", error.message()));
            Vec::new()
        }
    };
    let faults = document.into_faults();
    if !faults.is_empty() {
        return Err(faults);
    }
    let set = |name: &str| VARIABLES.iter().any(|(key, variable)| *key == name && environment.get(variable).is_some());
    let entries: Vec<ConfigEntry> = entries.into_iter().filter(|entry| !set(&entry.name)).collect();
    Ok(command.clone().mut_subcommand("migrate", |migrate| {
        migrate.mut_subcommand("clerk", |clerk| entries.iter().fold(clerk, |clerk, entry| entry.as_default(clerk)))
    }))
}

/// An option's values, as they would be typed.
struct ConfigEntry {
    name: String,
    values: Vec<OsString>,
}

impl ConfigEntry {
    /// Makes this the default of a command's option, and of its subcommands'.
    fn as_default(&self, command: Command) -> Command {
        let remembers = matches!(command.get_name(), "resume" | "undo") && REMEMBERED.contains(&self.name.as_str());
        let command = command.mut_args(|argument| {
            if argument.get_long() != Some(&self.name) || remembers {
                return argument;
            }
            argument.default_values(self.values.clone()).required(false)
        });
        command.mut_subcommands(|subcommand| self.as_default(subcommand))
    }
}

/// The command whose options these are.
fn clerk() -> Command {
    let mut command = Cli::command();
    command.build();
    let clerk = command.find_subcommand("migrate").and_then(|migrate| migrate.find_subcommand("clerk"));
    clerk.cloned().unwrap_or_default()
}

/// The options of a command and of its subcommands, by their long names.
fn options(command: &Command) -> Vec<&Arg> {
    let further = command.get_subcommands().flat_map(options);
    command.get_arguments().filter(|argument| argument.get_long().is_some()).chain(further).collect()
}

fn entries<'t>(document: &mut Document<'t>, whole: &Section<'t, '_>, path: &Path) -> Vec<ConfigEntry> {
    keys_stay_out(document, whole.table);
    document.only(whole, &["migrate"]);
    let Some(migrate) = document.section(whole, "migrate") else { return Vec::new() };
    document.only(&migrate, &["clerk"]);
    let Some(section) = document.section(&migrate, "clerk") else { return Vec::new() };
    let clerk = clerk();
    let options = options(&clerk);
    let names: BTreeSet<&str> = options.iter().filter_map(|option| option.get_long()).collect();
    let mut entries = Vec::new();
    for (key, value) in section.table {
        let name = key.get_ref().as_ref();
        if TYPED_ONLY.contains(&name) {
            document.fault(key.span(), format!("`{name}` can only be typed"));
        } else if let Some(option) = options.iter().find(|option| option.get_long() == Some(name)) {
            match values(option, value, path.parent().unwrap_or(Path::new(""))) {
                Ok(values) if values.is_empty() => {}
                Ok(values) => match validate(&clerk, name, &values) {
                    None => entries.push(ConfigEntry { name: name.to_owned(), values }),
                    Some(problem) => document.fault(value.span(), format!("`{name}`: {problem}")),
                },
                Err(problem) => document.fault(value.span(), format!("`{name}` {problem}")),
            }
        } else if !is_name_of_a_key(name) {
            let known = names.iter().copied().filter(|name| !TYPED_ONLY.contains(name));
            let hint = suggestion(name, known).unwrap_or_else(|| "; the keys are the long names of options".to_owned());
            document.fault(key.span(), format!("unknown key {} in [migrate.clerk]{hint}", shown(name)));
        }
    }
    entries
}

/// Every place that looks like it holds the admin key is a fault.
fn keys_stay_out(document: &mut Document<'_>, table: &DeTable<'_>) {
    for (name, value) in table {
        match value.get_ref() {
            _ if is_name_of_a_key(name.get_ref()) => document.fault(name.span(), NO_KEY),
            DeValue::String(text) if text.starts_with(KEY_PREFIX) => document.fault(value.span(), NO_KEY),
            DeValue::Table(inner) => keys_stay_out(document, inner),
            _ => {}
        }
    }
}

fn is_name_of_a_key(name: &str) -> bool {
    let name = name.to_lowercase().replace('_', "-");
    ["key", "token", "secret"].iter().any(|word| name.ends_with(word))
}

/// What would be typed for this value.
fn values(option: &Arg, value: &Spanned<DeValue<'_>>, directory: &Path) -> Result<Vec<OsString>, &'static str> {
    let takes_values = matches!(option.get_action(), ArgAction::Set | ArgAction::Append);
    if is_flag(option) {
        let flag = value.get_ref().as_bool().ok_or("is either true or false")?;
        return Ok(vec![flag.to_string().into()]);
    }
    let several = option.get_num_args().is_some_and(|range| range.max_values() > 1);
    match value.get_ref() {
        DeValue::Integer(integer) => Ok(vec![integer.as_str().into()]),
        DeValue::String(text) if takes_values => Ok(vec![resolve_path(option, text, directory)]),
        DeValue::Array(array) if takes_values && several && !array.is_empty() => {
            let texts = array.iter().map(|item| item.get_ref().as_str().ok_or("is a list of texts in quotes"));
            texts.map(|text| Ok(resolve_path(option, text?, directory))).collect()
        }
        _ if several => Err("is a text in quotes, or a list of such"),
        _ if takes_values => Err("is a text in quotes, or a number"),
        _ => Err("is a number"),
    }
}

/// Whether the option is a flag: `--quiet`, which `--quiet=false` takes back where the file has it.
fn is_flag(option: &Arg) -> bool {
    option.get_num_args().is_some_and(|range| range.min_values() == 0 && range.max_values() == 1)
}

/// A path as seen from the working directory; any other value as it is.
fn resolve_path(option: &Arg, text: &str, directory: &Path) -> OsString {
    let is_path = option.get_value_hint() == ValueHint::AnyPath && text != "-" && !text.contains("://");
    if is_path { directory.join(text).into_os_string() } else { text.into() }
}

/// What the option itself would say about these values.
fn validate(clerk: &Command, name: &str, values: &[OsString]) -> Option<String> {
    let holder = |command: &Command| command.get_arguments().any(|argument| argument.get_long() == Some(name));
    let command = std::iter::once(clerk).chain(clerk.get_subcommands()).find(|command| holder(command))?;
    let alone = command.clone().subcommand_negates_reqs(false).mut_args(|argument| {
        let of_the_file = argument.get_long() == Some(name);
        let argument = argument.required(false);
        if of_the_file { argument.default_values(values.to_vec()) } else { argument }
    });
    let error = alone.try_get_matches_from(["avnology"]).err()?;
    if let Some(ContextValue::Strings(words)) = error.get(ContextKind::ValidValue) {
        return Some(format!("it is one of {}", words.join(", ")));
    }
    let reason = std::error::Error::source(&error);
    Some(match (reason.and_then(|reason| reason.downcast_ref::<ParseIntError>()), reason) {
        (Some(error), _) if *error.kind() == IntErrorKind::Zero => "expected a number above zero".to_owned(),
        (Some(_), _) => "expected a whole number that is not negative".to_owned(),
        (None, Some(reason)) => reason.to_string(),
        (None, None) => "this cannot be understood".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, variables: &[(&str, &str)], arguments: &str) -> Result<Cli, CommandLineError> {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join(DEFAULT_CONFIG_FILE), text).unwrap();
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let arguments: Vec<OsString> = arguments.split(' ').map(OsString::from).collect();
        command_line(&arguments, directory.path(), &Environment::of(variables))
    }

    #[test]
    fn every_option_has_its_place_in_the_file_or_can_only_be_typed() {
        let clerk = clerk();
        let names: BTreeSet<String> =
            options(&clerk).iter().map(|option| option.get_long().unwrap().to_owned()).collect();
        for name in TYPED_ONLY.iter().chain(&REMEMBERED).chain(VARIABLES.iter().map(|(name, _)| name)) {
            assert!(names.contains(*name), "there is no option `{name}`");
        }
        for name in names.iter().filter(|name| !TYPED_ONLY.contains(&name.as_str())) {
            let option = options(&clerk).into_iter().find(|option| option.get_long() == Some(name)).unwrap();
            let value = match option.get_action() {
                _ if is_flag(option) => "true".to_owned(),
                // One that could not be taken back once the file has it.
                ArgAction::SetTrue | ArgAction::SetFalse => panic!("`{name}` takes no value"),
                ArgAction::Count => "1".to_owned(),
                _ => format!("'{}'", sample(name, option)),
            };
            let text = format!("[migrate.clerk]\n{name} = {value}");
            if let Err(error) = parse(&text, &[], "avnology migrate clerk --import users.json") {
                panic!("{text}: {error}");
            }
        }
    }

    /// Something that the option takes.
    fn sample(name: &str, option: &Arg) -> String {
        if let Some(value) = option.get_possible_values().first() {
            return value.get_name().to_owned();
        }
        match name {
            "base-url" | "clerk-url" => "https://id.example.com".to_owned(),
            "only" => "users,organizations".to_owned(),
            "since" => "2026-11-23".to_owned(),
            "compress" => "zstd".to_owned(),
            "missing-email" => "reject".to_owned(),
            "rate" | "rate-min" | "rate-max" | "clerk-rate" => "5/s".to_owned(),
            "shard" => "1/2".to_owned(),
            "batch-bytes" | "max-record-bytes" => "65536".to_owned(),
            _ => "5".to_owned(),
        }
    }

    fn import(text: &str, variables: &[(&str, &str)], more: &str) -> crate::cli::ImportArguments {
        let cli = parse(text, variables, &format!("avnology migrate clerk{more}")).unwrap();
        let crate::cli::Command::Migrate(migrate) = cli.command else { panic!() };
        let crate::cli::Provider::Clerk(clerk) = migrate.provider;
        clerk.import
    }

    #[test]
    fn what_is_typed_wins_over_variables_and_those_over_the_file() {
        let text =
            "[migrate.clerk]\nimport = 'users.json'\nrate = '30/s'\nquiet = true\nbase-url = 'https://a.example'";
        let rate = |variables: &[(&str, &str)], more: &str| {
            import(text, variables, more).options.rate.map(|rate| rate.to_string())
        };
        assert_eq!(rate(&[], ""), Some("30/s".to_owned()));
        assert_eq!(rate(&[("AVNOLOGY_RATE", "20/s")], ""), None, "settings ask the environment");
        assert_eq!(rate(&[("AVNOLOGY_RATE", "20/s")], " --rate 10/s"), Some("10/s".to_owned()));
        // What would be a contradiction if both were typed is none with the file.
        assert!(import(text, &[], " --sandbox").target.sandbox);
        assert_eq!(import(text, &[], " --verbose").options.output.verbose, 1);
        let typed = import(text, &[], " --import a.json b.json").import;
        assert_eq!(typed, [PathBuf::from("a.json"), PathBuf::from("b.json")]);
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
        let crate::cli::Command::Migrate(migrate) = cli.command else { panic!() };
        let crate::cli::Provider::Clerk(clerk) = migrate.provider;
        let Some(crate::cli::ClerkCommand::Verify(verify)) = clerk.command else { panic!() };
        let own = directory.path().join("users.json");
        let [absolute, pipe, object] = ["/srv/more.json", "-", "s3://bucket/users.json"].map(PathBuf::from);
        assert_eq!(verify.import, [own, absolute, pipe, object]);
    }

    #[test]
    fn a_run_goes_on_as_it_was_begun() {
        let text = "[migrate.clerk]\nrate = '30/s'\nreport = 'report.json'";
        let cli = parse(text, &[], "avnology migrate clerk resume").unwrap();
        let crate::cli::Command::Migrate(migrate) = cli.command else { panic!() };
        let crate::cli::Provider::Clerk(clerk) = migrate.provider;
        let Some(crate::cli::ClerkCommand::Resume(resume)) = clerk.command else { panic!() };
        assert_eq!((resume.options.rate, resume.options.output.report.is_some()), (None, true));
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once_and_no_value_but_an_options_own() {
        let text = "retries = 3
[migrate.clerk]
improt = 'users.json'
base_url = 'https://id.example.com'
rate = 'fast'
batch-size = 5000
on-existing = 'overwrite'
recheck = 'yes'
verbose = 'very'
passwords = ['a.csv']
max-wait = -1
dry-run = true
secret_key = 'sk_live_oops'
report = 'sk_live_oops'
[migrate.clark]
";
        let Err(CommandLineError::Config { faults, .. }) = parse(text, &[], "avnology migrate clerk") else { panic!() };
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(faults.join("\n"), @"
        line 1, column 1: unknown key `retries`; there is only `migrate`
        line 3, column 1: unknown key `improt` in [migrate.clerk]; did you mean `import`?
        line 4, column 1: unknown key `base_url` in [migrate.clerk]; did you mean `base-url`?
        line 5, column 8: `rate`: expected a number of requests for each second or minute, such as `50/s` or `600/m`, or `auto`
        line 6, column 14: `batch-size`: expected a number from 1 to 1000
        line 7, column 15: `on-existing`: it is one of skip, update, fail
        line 8, column 11: `recheck` is either true or false
        line 9, column 11: `verbose` is a number
        line 10, column 13: `passwords` is a text in quotes, or a number
        line 11, column 12: `max-wait`: expected a whole number that is not negative
        line 12, column 1: `dry-run` can only be typed
        line 13, column 1: the admin key does not belong in this file: set AVNOLOGY_SECRET_KEY, or AVNOLOGY_SECRET_KEY_FILE to a file with it
        line 14, column 10: the admin key does not belong in this file: set AVNOLOGY_SECRET_KEY, or AVNOLOGY_SECRET_KEY_FILE to a file with it
        line 15, column 10: unknown key `clark` in [migrate]; did you mean `clerk`?
        ");
    }

    #[test]
    fn a_file_that_is_not_there_or_not_toml_is_told() {
        let arguments = ["avnology", "migrate", "clerk", "--config", "/nowhere/avnology.toml"].map(OsString::from);
        let error = command_line(&arguments, Path::new("."), &Environment::default()).err().unwrap();
        assert!(matches!(error, CommandLineError::Read { .. }), "{error}");
        let error = parse("import = ", &[], "avnology migrate clerk").err().unwrap().to_string();
        assert!(error.contains("line 1, column") && error.contains("this is not TOML"), "{error}");
    }
}
