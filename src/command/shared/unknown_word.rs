//! Which of the words that somebody typed is no command.

use clap::Command;

/// The first word that is no command below the ones before it.
pub(in crate::command) fn unknown_word<'words>(command: &Command, words: &'words [String]) -> Option<&'words str> {
    let mut command = command;
    for word in words {
        match command.find_subcommand(word) {
            Some(found) => command = found,
            None => return Some(word),
        }
    }
    None
}
