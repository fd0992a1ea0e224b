//! What git knows of a work tree. Its own program is asked: it knows every setting of the machine.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Why git gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no git program.
    #[error("git could not be started ({0}); install it, or add --force to go on without it")]
    Missing(std::io::Error),
    /// The folder is not in a repository.
    #[error(
        "{0} is not in a git repository, so nothing could be undone; run `git init` and commit, or add --force to go on without git"
    )]
    NoRepository(String),
    /// Another refusal.
    #[error("git {command} failed: {message}")]
    Failed {
        /// What was asked.
        command: &'static str,
        /// What git said.
        message: String,
    },
}

/// A file that git tracks.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tracked {
    /// From the root, with `/`; nothing if it is not UTF-8.
    pub path: Option<String>,
    /// Whether it is a plain file, and no link or submodule.
    pub is_plain: bool,
}

/// A work tree.
#[derive(Debug)]
pub(super) struct WorkTree {
    /// Its root.
    pub root: PathBuf,
}

impl WorkTree {
    /// The work tree that a folder is in.
    ///
    /// # Errors
    /// If there is none, or no git.
    pub(super) fn of(directory: &Path) -> Result<Self, GitError> {
        let output = git(directory, &["rev-parse", "--show-toplevel"])?;
        if !output.status.success() {
            return Err(GitError::NoRepository(directory.display().to_string()));
        }
        let root = String::from_utf8_lossy(&output.stdout).trim_end_matches(['\n', '\r']).to_owned();
        Ok(Self { root: PathBuf::from(root) })
    }

    /// The files that it tracks, in order.
    ///
    /// # Errors
    /// If git refuses.
    pub(super) fn files(&self) -> Result<Vec<Tracked>, GitError> {
        let output = git(&self.root, &["ls-files", "--stage", "-z"])?;
        checked(&output, "ls-files")?;
        let mut files: Vec<Tracked> = output.stdout.split(|byte| *byte == 0).filter_map(tracked).collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        // A file with a conflict is in the index up to three times.
        files.dedup_by(|a, b| a.path.is_some() && a.path == b.path);
        Ok(files)
    }

    /// Tracked files with changes.
    ///
    /// # Errors
    /// If git refuses.
    pub(super) fn changed(&self) -> Result<Vec<String>, GitError> {
        let arguments = ["status", "--porcelain", "-z", "--untracked-files=no", "--ignore-submodules=all"];
        let output = checked(&git(&self.root, &arguments)?, "status")?;
        Ok(output.split('\0').filter_map(|entry| entry.get(3..)).map(str::to_owned).collect())
    }
}

fn tracked(entry: &[u8]) -> Option<Tracked> {
    let tab = memchr::memchr(b'\t', entry)?;
    let path = String::from_utf8(entry[tab + 1..].to_vec()).ok();
    Some(Tracked { path, is_plain: entry.starts_with(b"100") })
}

fn git(directory: &Path, arguments: &[&str]) -> Result<std::process::Output, GitError> {
    Command::new("git").arg("-C").arg(directory).args(arguments).output().map_err(GitError::Missing)
}

fn checked(output: &std::process::Output, command: &'static str) -> Result<String, GitError> {
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(GitError::Failed { command, message })
    }
}
