//! What a run is asked to do, and why it could not begin.

use std::path::PathBuf;

use super::git::GitError;
use super::selection::SelectionError;
use super::write::WriteError;
use crate::project::Asked;
use crate::rules::{Rules, RulesError};

/// What happens with the changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// They are written.
    #[default]
    Write,
    /// They are shown as a diff.
    DryRun,
    /// They are only counted.
    Check,
}

/// What a run is asked to do.
#[derive(Clone, Debug)]
pub struct Options {
    /// From where paths are meant.
    pub directory: PathBuf,
    /// Files, folders and patterns; everything below the directory if there are none.
    pub paths: Vec<String>,
    /// What happens with the changes.
    pub mode: Mode,
    /// Go on without git, or in a work tree with changes.
    pub force: bool,
    /// Change nothing in a package.json's folder in which something would be left.
    pub only_complete: bool,
    /// The public paths of a middleware that had none.
    pub public_paths: Vec<String>,
    /// What moves where.
    pub rules: Rules,
    /// What else changes.
    pub asked: Asked,
}

/// Why a run did nothing, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum CodemodError {
    /// Git said no, or there is none.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A path that means nothing.
    #[error(transparent)]
    Selection(#[from] SelectionError),
    /// The rules file.
    #[error(transparent)]
    Rules(#[from] RulesError),
    /// The work tree has changes.
    #[error(
        "the work tree has changes that are not committed, so nobody could see which changes are the program's; commit or stash them, or add --force ({count} files, for example {example})"
    )]
    Dirty {
        /// How many files.
        count: usize,
        /// One of them.
        example: String,
    },
    /// Nothing to read.
    #[error("no file could be read below {0}; name the folder of the application")]
    Nothing(String),
    /// Writing failed.
    #[error(transparent)]
    Write(#[from] WriteError),
}
