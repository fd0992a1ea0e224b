//! The account of a run, for people and for programs.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::import_error::ImportError;
use crate::cli::OutputFormat;
use crate::exit::ExitStatus;
use crate::journal::replace_private;
use crate::pipeline::Ledger;
use crate::report::{Console, GivenPath, RunDetails, RunReport, write_summary};
use crate::settings::ImportSettings;

/// Where the account of the run goes.
pub(super) struct Output {
    format: OutputFormat,
    console: Console,
    further_report: Option<PathBuf>,
}

impl Output {
    pub(super) fn new(format: OutputFormat, console: Console) -> Self {
        Self { format, console, further_report: None }
    }

    pub(super) fn of(settings: &ImportSettings) -> Self {
        Self { further_report: settings.report.clone(), ..Self::new(settings.output, settings.console) }
    }

    pub(super) fn report(
        self,
        ledger: &Ledger,
        details: &RunDetails,
        report_file: Option<&Path>,
    ) -> Result<ExitStatus, ImportError> {
        // Told first: whatever happens to files, nobody is left without the account of what was done. A reader that went
        // away (`| head`) is no reason to fail.
        self.print_summary(ledger, details);
        drop(self.print_data(ledger, details));
        for path in report_file.into_iter().chain(self.further_report.as_deref()) {
            let report = RunReport::new(ledger, details, false);
            write_report(path, &report).map_err(|source| ImportError::Write { path: path.to_path_buf(), source })?;
        }
        Ok(ExitStatus::of(ledger))
    }

    fn print_data(&self, ledger: &Ledger, details: &RunDetails) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        if self.format == OutputFormat::Json {
            serde_json::to_writer(&mut stdout, &RunReport::new(ledger, details, true))?;
            writeln!(stdout)?;
        } else {
            for preview in &ledger.previews {
                writeln!(stdout, "{}", pretty(preview))?;
            }
        }
        stdout.flush()
    }

    fn print_summary(&self, ledger: &Ledger, details: &RunDetails) {
        let rejected = ledger.rejected();
        let rejects = (rejected > 0).then(|| {
            let rejects = ledger.rejects_file.as_ref().map(|path| format!(": see {}", path.display()));
            format!("{rejected} of {} records were rejected{}", ledger.counts().read, rejects.unwrap_or_default())
        });
        let exceptions = [without_records(ledger), rejects].into_iter().flatten();
        let exceptions = exceptions.reduce(|one, other| format!("{one}; {other}"));
        let report = RunReport::new(ledger, details, false);
        self.console.account(|out| write_summary(out, ledger, details), &report, exceptions.as_deref());
        if let Some(reason) = &ledger.stopped {
            self.console.error(&reason.to_string());
        }
    }
}

/// A line about inputs in which there is nothing, if there are any: for nobody wants that, and it is no error.
pub(super) fn without_records(ledger: &Ledger) -> Option<String> {
    let empty = ledger.without_records();
    (!empty.is_empty()).then(|| format!("there is no record in {}", empty.join(", ")))
}

pub(super) fn write_report(path: &Path, report: &impl Serialize) -> io::Result<()> {
    match GivenPath::of(path)? {
        GivenPath::File(path) => {
            replace_private(&path, |file| serde_json::to_writer_pretty(file, report).map_err(Into::into))
        }
        GivenPath::Stream => {
            let text = serde_json::to_string_pretty(report)? + "\n";
            File::options().write(true).open(path)?.write_all(text.as_bytes())
        }
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
        Ok(text) if copied => text,
        _ => json.to_owned(),
    }
}
