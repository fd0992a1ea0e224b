//! `avnology migrate clerk codemod`: from arguments to options, and from the outcome to what is printed.

use std::path::{Path, PathBuf};

use avnology_codemod::{
    Account, Asked, CodemodError, DEFAULT_RULES, Mode, Options, Outcome, Rules, RulesError, json, markdown,
    run as run_codemod, summary,
};

use crate::cli::CodemodArguments;
use crate::exit::ExitStatus;
use crate::human::{count, plural};
use crate::report::{Console, LogFormat, StdoutError, print_exact, print_text};

/// Trees of fewer files are done before a person could read how far the run is.
const WORTH_SAYING: usize = 2_000;

/// Why the command did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum CodemodCommandError {
    /// The rules file cannot be read.
    #[error("the rules file {} cannot be read: {source}", path.display())]
    ReadRules {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The rules file is wrong.
    #[error("the rules file {}: {source}", path.display())]
    Rules {
        /// Which one.
        path: PathBuf,
        /// What is wrong.
        source: RulesError,
    },
    /// The run did not begin, or stopped.
    #[error(transparent)]
    Codemod(#[from] CodemodError),
    /// A report cannot be written.
    #[error("the report {} cannot be written: {source}", path.display())]
    Report {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Standard output cannot be written.
    #[error(transparent)]
    Stdout(#[from] StdoutError),
}

impl CodemodCommandError {
    /// How the process ends.
    pub fn exit_status(&self) -> ExitStatus {
        match self {
            Self::Codemod(CodemodError::Nothing(_)) => ExitStatus::Input,
            _ => ExitStatus::Usage,
        }
    }
}

/// Runs the command.
///
/// # Errors
/// If it cannot begin, or cannot write what it has to.
pub fn run(arguments: &CodemodArguments) -> Result<ExitStatus, CodemodCommandError> {
    if arguments.rules_print_default {
        print_text(DEFAULT_RULES)?;
        return Ok(ExitStatus::Success);
    }
    if let Some(code) = arguments.explain {
        print_text(&format!("{}\n\n{}\n", code.name(), code.meaning()))?;
        return Ok(ExitStatus::Success);
    }
    let console = Console::new(LogFormat::Text, false);
    let options = options(arguments)?;
    let progress = |done: usize, all: usize| {
        if all > WORTH_SAYING && done.is_multiple_of(WORTH_SAYING) {
            console.note(&format!("{} of {} files looked at …", count(done as u64), count(all as u64)));
        }
    };
    for path in &arguments.report {
        can_be_written(path).map_err(|source| CodemodCommandError::Report { path: path.clone(), source })?;
    }
    let outcome = run_codemod(&options, &progress)?;
    let reports = write_reports(&arguments.report, &outcome.account);
    let printed = print_exact(&outcome.diff);
    // Files were changed: what a run says of them is said whatever cannot be written.
    say(&outcome, options.mode, console);
    reports?;
    printed?;
    Ok(status(&outcome, options.mode))
}

fn options(arguments: &CodemodArguments) -> Result<Options, CodemodCommandError> {
    let rules = match &arguments.rules {
        None => Rules::new(None).map_err(CodemodError::from)?,
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|source| CodemodCommandError::ReadRules { path: path.clone(), source })?;
            Rules::new(Some(&text)).map_err(|source| CodemodCommandError::Rules { path: path.clone(), source })?
        }
    };
    Ok(Options {
        directory: PathBuf::from("."),
        paths: arguments.paths.clone(),
        mode: if arguments.dry_run {
            Mode::DryRun
        } else if arguments.check {
            Mode::Check
        } else {
            Mode::Write
        },
        force: arguments.force,
        only_complete: arguments.only_complete,
        public_paths: arguments.public_path.clone(),
        rules,
        asked: Asked {
            environment: arguments.env,
            deployment: arguments.ci,
            package_version: arguments.package_version.clone(),
            ..Asked::default()
        },
    })
}

/// Whether a report could be written there: what a run says of files that it changed, no second run says again.
fn can_be_written(path: &Path) -> std::io::Result<()> {
    if path.symlink_metadata().is_ok() {
        return std::fs::OpenOptions::new().append(true).open(path).map(drop);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    tempfile::tempfile_in(folder).map(drop)
}

/// Writes all that can be written; the error is that of the first one that cannot.
fn write_reports(paths: &[PathBuf], account: &Account) -> Result<(), CodemodCommandError> {
    let write = |path: &PathBuf| {
        write_report(path, account).map_err(|source| CodemodCommandError::Report { path: path.clone(), source })
    };
    paths.iter().map(write).fold(Ok(()), Result::and)
}

fn write_report(path: &Path, account: &Account) -> std::io::Result<()> {
    let is_json = path.extension().is_some_and(|extension| extension == "json");
    let text = if is_json { json(account)? } else { markdown(account) };
    std::fs::write(path, text)
}

fn say(outcome: &Outcome, mode: Mode, console: Console) {
    let totals = &outcome.account.totals;
    if mode == Mode::Check {
        console.note(&format!(
            "files that would change: {}; names of Clerk's that are left: {} of {}; to check: {}",
            count(totals.files_changed as u64),
            count(totals.left as u64),
            count(totals.imported as u64),
            plural(totals.to_check as u64, "entry")
        ));
    } else {
        if mode == Mode::DryRun {
            console.note("Dry run: nothing was changed.");
        }
        console.note(&summary(&outcome.account).join("\n"));
    }
    for fault in &outcome.faults {
        console.error(&fault.to_string());
    }
}

fn status(outcome: &Outcome, mode: Mode) -> ExitStatus {
    let would_change = mode == Mode::Check && outcome.account.totals.files_changed > 0;
    if !outcome.faults.is_empty() {
        ExitStatus::Unexpected
    } else if would_change || outcome.account.is_anything_left() {
        ExitStatus::Rejected
    } else {
        ExitStatus::Success
    }
}
