//! The options that a run remembers in `run.json`: written when it begins, and read when it is resumed or undone.

use super::run_on_disk::RunOnDisk;
use super::{Environment, ImportSettings, KratosChoice, SettingsError};
use crate::cli::{CONCURRENCY, ConnectionOptions, RATE, RateOptions, RunOptions};
use crate::journal::{KratosRecord, RecordedOptions};

impl ImportSettings {
    /// What `run.json` says about a Kratos.
    pub fn kratos_record(&self) -> Option<KratosRecord> {
        self.target.kratos_choice().map(KratosChoice::record)
    }

    /// What `run.json` says about how the run runs.
    pub fn recorded_options(&self) -> RecordedOptions {
        RecordedOptions {
            rate: Some(self.connection.rate.to_string()),
            concurrency: Some(self.connection.pace.concurrency.to_string()),
            batch_size: Some(self.connection.pace.items),
            batch_bytes: Some(self.connection.pace.bytes),
            max_wait: Some(self.connection.retry.total.as_secs()),
            max_errors: self.limits.max_errors,
            max_record_bytes: Some(self.reading.limits.record_bytes),
            recheck: self.recheck,
            strict: self.limits.strict,
            min_records: self.limits.min_records,
            on_missing: self.missing.map(|rules| rules.rule.to_string()),
            max_missing: self.missing.map(|rules| rules.most),
        }
    }
}

/// What was typed, else what a variable says now, else what the run was begun with.
pub(super) fn options_of_run(
    typed: RunOptions,
    run: &RunOnDisk,
    environment: &Environment,
) -> Result<RunOptions, SettingsError> {
    let recorded = &run.record.options;
    let wrong = |problem: String| run.wrong(problem);
    let rate = recorded.rate.as_deref().map(str::parse).transpose().map_err(wrong)?;
    let concurrency = recorded.concurrency.as_deref().map(str::parse).transpose().map_err(wrong)?;
    Ok(RunOptions {
        rate: RateOptions { rate: environment.or_variable(typed.rate.rate, RATE)?.or(rate), ..typed.rate },
        concurrency: environment.or_variable(typed.concurrency, CONCURRENCY)?.or(concurrency),
        batch_size: typed.batch_size.or(recorded.batch_size),
        batch_bytes: typed.batch_bytes.or(recorded.batch_bytes),
        connection: ConnectionOptions { max_wait: typed.connection.max_wait.or(recorded.max_wait), ..typed.connection },
        max_errors: typed.max_errors.or(recorded.max_errors),
        min_records: typed.min_records.or(recorded.min_records),
        strict: typed.strict.or(Some(recorded.strict)),
        max_record_bytes: typed.max_record_bytes.or(recorded.max_record_bytes),
        ..typed
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::cli::OPTIONS;

    #[test]
    fn a_run_remembers_the_options_that_the_table_says() {
        let recorded = serde_json::to_value(RecordedOptions::default()).unwrap();
        let recorded: BTreeSet<String> = recorded.as_object().unwrap().keys().cloned().collect();
        let in_table = OPTIONS.iter().filter(|option| option.is_remembered).map(|option| option.name.replace('-', "_"));
        assert_eq!(recorded, in_table.collect());
    }
}
