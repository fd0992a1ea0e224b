//! The account of a run, for people and for programs.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::super::command_error::CommandError;
use super::super::people_for_page::{keep_named, people_for_page};
use crate::cli::OutputFormat;
use crate::exit::ExitStatus;
use crate::files::replace_private;
use crate::human::{count, plural_past};
use crate::journal::RunDirectory;
use crate::outcomes::{Ledger, StopReason};
use crate::report::{
    Console, GivenPath, ReportPath, RunDetails, RunReport, StdoutError, is_page, page, print_json, print_text,
    visible_json, write_summary,
};
use crate::settings::OutputSettings;

/// Where the account of the run goes.
pub(in crate::command) struct Output {
    format: OutputFormat,
    console: Console,
    further_report: Option<PathBuf>,
    names_people: bool,
    report_path: ReportPath,
}

impl Output {
    pub(in crate::command) fn new(format: OutputFormat, console: Console) -> Self {
        Self { format, console, further_report: None, names_people: false, report_path: ReportPath::default() }
    }

    pub(in crate::command) fn of(settings: &OutputSettings) -> Self {
        Self {
            further_report: settings.report.clone(),
            names_people: settings.names_people,
            report_path: settings.report_path.clone(),
            ..Self::new(settings.format, settings.console)
        }
    }

    /// Gives the account: to people, to programs, and to the files of the run in its directory.
    pub(in crate::command) fn report(
        self,
        ledger: &Ledger,
        details: &RunDetails,
        directory: Option<&RunDirectory>,
    ) -> Result<ExitStatus, CommandError> {
        // The files first, so that the summary names only what is there. Each of them is tried, and the account is printed,
        // whether or not they can be written.
        let mut failed: Vec<(PathBuf, io::Error)> = Vec::new();
        let report = RunReport::new(ledger, details, false);
        let of_run = directory.map(|directory| [directory.report(), directory.report_page()]);
        for path in of_run.into_iter().flatten().chain(self.further_report.clone()) {
            let written = if is_page(&path) {
                self.write_page(&path, &report, (ledger, directory))
            } else {
                write_report(&path, &report)
            };
            match written {
                Ok(()) => self.report_path.written(&path),
                Err(source) => failed.push((path, source)),
            }
        }
        let is_written = |file: &String| failed.iter().all(|(path, _)| path.display().to_string() != *file);
        let details = RunDetails { report_file: details.report_file.clone().filter(is_written), ..details.clone() };
        // Previews first, so that the verdict is what the reader is left with.
        let printed = self.print_data(ledger, &details);
        self.print_summary(ledger, &details);
        if let Some((path, source)) = failed.into_iter().next() {
            return Err(CommandError::Write { path, source });
        }
        printed?;
        Ok(ExitStatus::of(ledger))
    }

    fn write_page(
        &self,
        path: &Path,
        report: &RunReport<'_>,
        (ledger, directory): (&Ledger, Option<&RunDirectory>),
    ) -> io::Result<()> {
        let people = if self.names_people { Some(people_for_page(ledger, directory)?) } else { None };
        if let Some(directory) = directory.filter(|directory| directory.report_page() == *path) {
            keep_named(directory, people.as_ref())?;
        }
        let people = people.unwrap_or_default();
        write_text(path, &page(&serde_json::to_value(report)?, &people).map_err(io::Error::other)?)
    }

    fn print_data(&self, ledger: &Ledger, details: &RunDetails) -> Result<(), StdoutError> {
        match self.format {
            OutputFormat::Json => print_json(&RunReport::new(ledger, details, true)),
            OutputFormat::Text => ledger.previews.iter().try_for_each(|preview| print_text(&(pretty(preview) + "\n"))),
        }
    }

    fn print_summary(&self, ledger: &Ledger, details: &RunDetails) {
        let rejected = ledger.rejected();
        let rejects = (rejected > 0).then(|| {
            let files: Vec<String> = ledger.rejects_files().map(|path| path.display().to_string()).collect();
            let rejects = (!files.is_empty()).then(|| format!(": see {}", files.join(" and ")));
            let (rejected, read) = (count(rejected), plural_past(ledger.counts().read, "record"));
            format!("{rejected} of {read} rejected{}", rejects.unwrap_or_default())
        });
        let exceptions = [without_records(ledger), rejects].into_iter().flatten();
        let exceptions = exceptions.reduce(|one, other| format!("{one}; {other}"));
        let report = RunReport::new(ledger, details, false);
        self.console.account(|out| write_summary(out, ledger, details), &report, exceptions.as_deref());
        if let (Some(stopped), Some(reason)) = (&ledger.stopped, ledger.reason()) {
            let next = next_step(stopped, details).map(|next| format!("; {next}")).unwrap_or_default();
            self.console.error(&format!("{reason}{next}"));
        }
    }
}

/// What to type next, where the reason itself does not say it.
fn next_step(reason: &StopReason, details: &RunDetails) -> Option<String> {
    let run = details.run.as_deref();
    let undo = run.map(|run| format!("`avnology migrate clerk undo {run}` deletes what it created"));
    match (reason, run.filter(|_| details.can_go_on)) {
        (StopReason::Interrupted(_), Some(run)) => {
            Some(format!("`avnology migrate clerk resume {run}`, or the same command, goes on; {}", undo?))
        }
        (StopReason::TooManyErrors { .. }, Some(run)) => Some(format!(
            "mend the rejects and import them, or go on with a larger number: `avnology migrate clerk resume {run} \
             --max-errors N`; {}",
            undo?
        )),
        (StopReason::TooManyPredicted { .. }, Some(run)) => Some(format!(
            "`avnology migrate clerk resume {run} --max-errors N`, or the same command with a larger number, goes on"
        )),
        (StopReason::Interrupted(_), None) => {
            Some(format!("standard input cannot be read again, so begin anew with the same command; {}", undo?))
        }
        (StopReason::TooManyErrors { .. }, None) => {
            Some("mend the rejects, or run the same command with a larger number".to_owned())
        }
        _ => None,
    }
}

/// A line about inputs in which there is nothing, if there are any: for nobody wants that, and it is no error.
pub(in crate::command) fn without_records(ledger: &Ledger) -> Option<String> {
    let empty = ledger.without_records();
    (!empty.is_empty()).then(|| format!("there is no record in {}", empty.join(", ")))
}

/// Writes a report as JSON.
pub(in crate::command) fn write_report(path: &Path, report: &impl Serialize) -> io::Result<()> {
    write_text(path, &serde_json::to_string_pretty(report)?)
}

/// Writes a report to the file that somebody named for it, if there is one.
pub(in crate::command) fn write_named_report(
    settings: &OutputSettings,
    report: &impl Serialize,
) -> Result<(), CommandError> {
    let Some(path) = &settings.report else { return Ok(()) };
    write_report(path, report).map_err(|source| CommandError::Write { path: path.clone(), source })?;
    settings.report_path.written(path);
    Ok(())
}

/// Writes a text for the owner only, in place of what is there.
pub(in crate::command) fn write_text(path: &Path, text: &str) -> io::Result<()> {
    match GivenPath::of(path)? {
        GivenPath::File(path) => replace_private(&path, |file| file.write_all(text.as_bytes())),
        GivenPath::Stream => File::options().write(true).open(path)?.write_all(format!("{text}\n").as_bytes()),
    }
}

/// JSON for a person. Numbers and strings stay the text they are, so the preview shows what is sent.
fn pretty(json: &str) -> String {
    let mut reader = struson::reader::JsonStreamReader::new_custom(
        json.as_bytes(),
        struson::reader::ReaderSettings { restrict_number_values: false, ..Default::default() },
    );
    let mut text = Vec::new();
    let settings = struson::writer::WriterSettings { pretty_print: true, ..Default::default() };
    let mut writer = struson::writer::JsonStreamWriter::new_custom(&mut text, settings);
    let copied = struson::reader::JsonReader::transfer_to(&mut reader, &mut writer).is_ok()
        && struson::writer::JsonWriter::finish_document(writer).is_ok();
    match String::from_utf8(text) {
        Ok(text) if copied => visible_json(&text).into_owned(),
        _ => visible_json(json).into_owned(),
    }
}
