//! `avnology help`: a page of the manual, or what `--help` of a command prints.

use clap::error::{Error, ErrorKind};
use clap::{Command, CommandFactory};

use super::shared::unknown_word::unknown_word;
use crate::cli::{Cli, topics};
use crate::manual::{TOPICS, Topic, plain};
use crate::toml_document::suggestion;

/// The command whose subcommands may be named without it: what administrators type is below it.
const USUAL: [&str; 2] = ["migrate", "clerk"];

/// The page of a topic. The help of a command is an "error" of clap's, which prints it and ends with code 0.
pub fn help(words: &[String]) -> Result<String, Error> {
    if let [name] = words
        && let Some(topic) = Topic::find(&name.to_ascii_lowercase())
    {
        return Ok(plain(topic.text));
    }
    let mut command = Cli::command();
    let below = USUAL.iter().map(ToString::to_string).chain(words.iter().cloned()).collect::<Vec<_>>();
    let words = if !words.is_empty() && unknown_word(&command, &below).is_none() { &below } else { words };
    if let Some(unknown) = unknown_word(&command, words) {
        let names = TOPICS.iter().flat_map(|topic| topic.names).copied();
        let names = names.chain(command.get_subcommands().map(Command::get_name));
        let hint = suggestion(unknown, names).unwrap_or_default();
        let problem = format!("there is no topic or command `{unknown}`{hint}\n\n{}\n", topics());
        return Err(Error::raw(ErrorKind::InvalidSubcommand, problem).with_cmd(&command));
    }
    let typed = ["avnology"].into_iter().chain(words.iter().map(String::as_str)).chain(["--help"]);
    match command.try_get_matches_from_mut(typed) {
        Err(error) => Err(error),
        Ok(_) => Ok(command.render_long_help().to_string()),
    }
}
