//! The config file: options of `avnology migrate clerk` that are not typed each time.
//!
//! ```toml
//! [migrate.clerk]
//! import = "clerk_users.json"
//! rate = "40/s"
//! ```
//!
//! A key is the long name of an option and means what the option means: the command line itself says what there is, and
//! takes the values as its defaults. Which options may be here, and which variables and runs win over them, says the table
//! ([`crate::cli::OPTIONS`]). A relative path is relative to the file's directory.

use std::ffi::OsString;
use std::path::Path;

use clap::builder::Resettable;
use clap::{Arg, Command, CommandFactory};
use toml::de::{DeTable, DeValue};

use super::Environment;
use super::config_value::{validate, values};
use crate::cli::{CODEMOD, Cli, DOCTOR, OPTIONS, OptionRow};
use crate::report::is_page;
use crate::toml_document::{Document, Section, TextFault, shown, suggestion};

/// The options that name inputs. A run knows its own; only somebody who moved them types others.
const INPUTS: [&str; 2] = ["import", "passwords"];

/// How keys of Avnology ID begin.
const KEY_PREFIX: &str = "sk_";

const NO_KEY: &str = "the admin key does not belong in this file: set AVNOLOGY_SECRET_KEY, or AVNOLOGY_SECRET_KEY_FILE to a \
                      file with it";

/// The command line whose defaults are the file's values.
pub(super) fn with_defaults(
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
    let is_set = |entry: &ConfigEntry| entry.option.variable.is_some_and(|name| environment.get(name).is_some());
    let entries: Vec<ConfigEntry> = entries.into_iter().filter(|entry| !is_set(entry)).collect();
    let with_all = |command: Command| entries.iter().fold(command, |command, entry| entry.as_default(command));
    let command = command.clone().mut_subcommand("migrate", |migrate| migrate.mut_subcommand("clerk", with_all));
    // It looks at what an import would use.
    Ok(command.mut_subcommand(DOCTOR, with_all))
}

/// An option's values, as they would be typed.
struct ConfigEntry {
    option: &'static OptionRow,
    values: Vec<OsString>,
}

impl ConfigEntry {
    /// Makes this the default of a command's option, and of its subcommands'.
    fn as_default(&self, command: Command) -> Command {
        if command.get_name() == CODEMOD {
            return command;
        }
        // These are about a run that began before.
        let is_of_run = self.option.is_remembered || INPUTS.contains(&self.option.name);
        let is_said = matches!(command.get_name(), "resume" | "undo") && is_of_run;
        let is_of_another = self.option.config_of.is_some_and(|of| of != command.get_name());
        let command_name = command.get_name().to_owned();
        // The report of an import is meant. That of an undo or of a plan would take its place; and there is no page of a comparison.
        let is_page = self.values.iter().any(|value| is_page(Path::new(value)));
        let is_elsewhere = match command_name.as_str() {
            "clerk" | "resume" => false,
            "undo" | "plan" => true,
            _ => is_page,
        };
        let is_of_another = is_of_another || self.option.name == "report" && is_elsewhere;
        let command = command.mut_args(|argument| {
            // What doctor prints is a choice of its own.
            let is_other = command_name == DOCTOR && self.option.name == "output";
            if argument.get_long() != Some(self.option.name) || is_said || is_other || is_of_another {
                return argument;
            }
            // To the parser a default is no answer to what is required unless something else is there.
            let argument = argument.required(false).required_unless_present(Resettable::<clap::Id>::Reset);
            argument.default_values(self.values.clone())
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
    let further = command.get_subcommands().filter(|further| further.get_name() != CODEMOD).flat_map(options);
    command.get_arguments().filter(|argument| argument.get_long().is_some()).chain(further).collect()
}

fn entries<'t>(document: &mut Document<'t>, whole: &Section<'t, '_>, path: &Path) -> Vec<ConfigEntry> {
    keys_stay_out(document, whole.table);
    document.only(whole, &["migrate"]);
    let Some(migrate) = document.section(whole, "migrate") else { return Vec::new() };
    document.only(&migrate, &["clerk"]);
    let Some(section) = document.section(&migrate, "clerk") else { return Vec::new() };
    let clerk = clerk();
    let typed = options(&clerk);
    let mut entries = Vec::new();
    for (key, value) in section.table {
        let name = key.get_ref().as_ref();
        let option = OptionRow::find(name).zip(typed.iter().find(|option| option.get_long() == Some(name)));
        match option {
            Some((option, _)) if !option.is_in_config => {
                document.fault(key.span(), format!("`{name}` can only be typed"));
            }
            Some((option, argument)) => match values(argument, value, path.parent().unwrap_or(Path::new(""))) {
                Ok(values) if values.is_empty() => {}
                Ok(values) => match validate(&clerk, name, &values) {
                    None => entries.push(ConfigEntry { option, values }),
                    Some(problem) => document.fault(value.span(), format!("`{name}`: {problem}")),
                },
                Err(problem) => document.fault(value.span(), format!("`{name}` {problem}")),
            },
            None if is_name_of_a_key(name) => {}
            None => {
                let known = OPTIONS.iter().filter(|option| option.is_in_config).map(|option| option.name);
                let hint =
                    suggestion(name, known).unwrap_or_else(|| "; the keys are the long names of options".to_owned());
                document.fault(key.span(), format!("unknown key {} in [migrate.clerk]{hint}", shown(name)));
            }
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
    OptionRow::find(&name).is_none() && ["key", "token", "secret"].iter().any(|word| name.ends_with(word))
}

#[cfg(test)]
mod tests {
    use clap::ArgAction;

    use super::super::command_line::{CommandLineError, typed};
    use super::super::config_value::{is_flag, may_be_several};
    use super::*;

    #[test]
    fn every_option_of_the_table_has_its_place_in_the_file_or_can_only_be_typed() {
        let clerk = clerk();
        for OptionRow { name, .. } in OPTIONS.iter().filter(|option| option.is_in_config) {
            let option = options(&clerk).into_iter().find(|option| option.get_long() == Some(name)).unwrap();
            let value = match option.get_action() {
                _ if is_flag(option) => "true".to_owned(),
                // One that could not be taken back once the file has it.
                ArgAction::SetTrue | ArgAction::SetFalse => panic!("`{name}` takes no value"),
                ArgAction::Count => "1".to_owned(),
                _ => format!("'{}'", sample(name, option)),
            };
            let text = format!("[migrate.clerk]\n{name} = {value}");
            if let Err(error) = typed(&text, &[], "avnology migrate clerk --import users.json") {
                panic!("{text}: {error}");
            }
            if may_be_several(option) {
                let text = format!("[migrate.clerk]\n{name} = [{value}]");
                if let Err(error) = typed(&text, &[], "avnology migrate clerk --import users.json") {
                    panic!("{text}: {error}");
                }
            }
        }
    }

    /// Something that the option takes.
    fn sample(name: &str, option: &Arg) -> String {
        if let Some(value) = option.get_possible_values().first() {
            return value.get_name().to_owned();
        }
        match name {
            "base-url" | "clerk-url" | "hydra-admin-url" | "keto-read-url" | "keto-write-url" => {
                "https://id.example.com".to_owned()
            }
            "only" => "users,organizations".to_owned(),
            "since" => "2026-11-23".to_owned(),
            "compress" => "zstd".to_owned(),
            "kratos-key" => "trait:crm_id".to_owned(),
            "kratos-provider" => "google=google-oidc".to_owned(),
            "missing-email" => "reject".to_owned(),
            "notify-url" => "https://hc.example.com/ping/1".to_owned(),
            "max-duration" => "2h 30m".to_owned(),
            "steps" => "users".to_owned(),
            "organization" => "acme".to_owned(),
            "rate" | "rate-min" | "rate-max" | "clerk-rate" => "5/s".to_owned(),
            "shard" => "1/2".to_owned(),
            "batch-bytes" | "max-record-bytes" => "65536".to_owned(),
            _ => "5".to_owned(),
        }
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
        let Err(CommandLineError::Config { faults, .. }) = typed(text, &[], "avnology migrate clerk") else { panic!() };
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
}
