//! A program of the user's that is run when a job has ended.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus as ProgramStatus, Stdio};

use crate::exit::ExitStatus;

/// A program that is run when a job has ended, without a shell. It gets two arguments: the path of the job's report (empty if
/// none was written), and the job's exit code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndProgram {
    program: PathBuf,
    /// Variables that it does not get.
    secrets: Vec<&'static str>,
}

/// Why the program did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum EndProgramError {
    /// It cannot be started.
    #[error("the program of --on-end, `{}`, cannot be run: {source}", program.display())]
    NotRun {
        /// The program.
        program: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// It failed.
    #[error("the program of --on-end, `{}`, failed: {status}", program.display())]
    Failed {
        /// The program.
        program: PathBuf,
        /// How it ended.
        status: ProgramStatus,
    },
}

impl EndProgram {
    /// This program. It does not get the variables of the environment that hold `secrets`.
    pub fn new(program: PathBuf, secrets: Vec<&'static str>) -> Self {
        Self { program, secrets }
    }

    /// Runs it and waits for its end. What it prints goes to standard error: standard output is the job's.
    pub async fn run(self, report: Option<&Path>, status: ExitStatus) -> Result<(), EndProgramError> {
        let mut command = Command::new(&self.program);
        command.arg(report.unwrap_or(Path::new(""))).arg(status.code().to_string());
        command.stdin(Stdio::null()).stdout(io::stderr());
        for name in &self.secrets {
            command.env_remove(name);
        }
        let ended = tokio::task::spawn_blocking(move || command.status()).await;
        match ended.map_err(io::Error::other).flatten() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(EndProgramError::Failed { program: self.program, status }),
            Err(source) => Err(EndProgramError::NotRun { program: self.program, source }),
        }
    }
}
