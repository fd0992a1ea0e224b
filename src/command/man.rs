//! `avnology man`: the pages that `man` shows of the commands.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use super::shared::unknown_word::unknown_word;
use crate::cli::Cli;
use crate::report::{StdoutError, print_exact};
use crate::toml_document::suggestion;

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum ManError {
    /// There is no such command.
    #[error("there is no command `{word}` (`avnology --help` lists the commands){hint}")]
    Unknown {
        /// The first word that is no command.
        word: String,
        /// What may have been meant; or nothing.
        hint: String,
    },
    /// A page cannot be written.
    #[error("cannot write man pages into `{}`", directory.display())]
    Write {
        /// Where to.
        directory: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The page cannot be printed.
    #[error(transparent)]
    Stdout(#[from] StdoutError),
}

/// Prints the page of one command; of `avnology` itself without words.
pub fn print_page(words: &[String]) -> Result<(), ManError> {
    let command = documented();
    if let Some(word) = unknown_word(&command, words) {
        let hint = suggestion(word, names(&command).into_iter()).unwrap_or_default();
        return Err(ManError::Unknown { word: word.to_owned(), hint });
    }
    let found = words.iter().fold(&command, |command, word| command.find_subcommand(word).unwrap_or(command));
    let mut text = Vec::new();
    page(found).render(&mut text).map_err(StdoutError::from)?;
    print(&text)
}

/// Writes the pages of all commands into a directory, one file a command.
pub fn write_pages(directory: &Path) -> Result<(), ManError> {
    let written = fs::create_dir_all(directory).and_then(|()| write_below(&documented(), directory));
    written.map_err(|source| ManError::Write { directory: directory.to_owned(), source })
}

fn write_below(command: &Command, directory: &Path) -> io::Result<()> {
    page(command).generate_to(directory)?;
    command.get_subcommands().filter(|below| !below.is_hide_set()).try_for_each(|below| write_below(below, directory))
}

fn page(command: &Command) -> Man {
    Man::new(command.clone()).source(concat!("avnology ", env!("CARGO_PKG_VERSION")))
}

/// All commands, each with its whole name. The pages are the same in each build of a version.
fn documented() -> Command {
    let mut command = Cli::command().long_version(None::<&str>);
    command.build();
    command
}

/// The names of all commands, at any depth.
fn names(command: &Command) -> Vec<&str> {
    command.get_subcommands().flat_map(|below| std::iter::once(below.get_name()).chain(names(below))).collect()
}

fn print(text: &[u8]) -> Result<(), ManError> {
    Ok(print_exact(&String::from_utf8_lossy(text))?)
}
