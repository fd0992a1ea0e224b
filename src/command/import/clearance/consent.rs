//! Before the first import into a target that is no sandbox, the person at the terminal is asked.

use crate::avnology::KeyKind;
use crate::command::shared::command_error::CommandError;
use crate::command::shared::reading::forecast::request_bounds;
use crate::command::shared::run_start_error::RunStartError;
use crate::command::shared::target::Target;
use crate::command::shared::terminal::consent::{ask_consent, is_somebody_there};
use crate::journal::{Prediction, RunDirectory, RunRecord};
use crate::outcomes::Ledger;
use crate::report::{ConsentRequest, Forecast};
use crate::selection::RecordsOfRun;
use crate::settings::ImportSettings;
use crate::signal::Signals;

/// Who may be asked, and about what.
#[derive(Clone, Copy)]
pub(super) struct Consent<'a> {
    pub settings: &'a ImportSettings,
    pub target: &'a Target,
    pub run: &'a RunRecord,
    /// An earlier part of the run did something.
    pub has_begun: bool,
}

impl Consent<'_> {
    /// Makes sure that the person at the terminal wants it, if there is one and it is the first import into this target.
    ///
    /// # Errors
    /// If the answer is not yes.
    pub(super) async fn seek(
        self,
        prediction: Option<Prediction>,
        records: &RecordsOfRun,
        ledger: &Ledger,
        signals: &mut Signals,
    ) -> Result<(), CommandError> {
        if !self.is_needed(prediction)? {
            return Ok(());
        }
        let ImportSettings { reading, connection, on_existing, .. } = self.settings;
        let in_all = prediction.and_then(|found| found.records);
        let records = match (records.selected(), reading.shard) {
            (Some(selected), _) => Some(selected.totals().selected),
            (None, Some(shard)) => in_all.map(|all| all.div_ceil(u64::from(shard.of().get()))),
            (None, None) => in_all,
        };
        let rejects = prediction.map_or(0, |found| found.rejects);
        let users = records.map(|records| records.saturating_sub(rejects));
        let bounds = request_bounds(&connection.pace, reading.most_of_request);
        let of_record = ledger.bytes_total().zip(in_all).map(|(bytes, records)| bytes / records.max(1));
        let forecast = users.zip(of_record).and_then(|(users, bytes)| Forecast::about(users, bytes, &bounds));
        let request = ConsentRequest {
            target: &self.target.name,
            key: self.target.key_kind().map_or("no key", KeyKind::sentence),
            records,
            rejects,
            on_existing: on_existing.as_str(),
            forecast,
        };
        if ask_consent(&request.to_string(), signals).await? { Ok(()) } else { Err(CommandError::NoConsent) }
    }

    fn is_needed(&self, prediction: Option<Prediction>) -> Result<bool, RunStartError> {
        let ImportSettings { has_consent, runs_directory, .. } = self.settings;
        let may_have_sent = prediction.map_or(self.has_begun, |found| found.may_have_sent);
        if *has_consent || may_have_sent || self.target.sandbox_database.is_some() || !is_somebody_there() {
            return Ok(false);
        }
        let failed = |source| RunStartError::Io { path: runs_directory.clone(), source };
        let runs = RunDirectory::list(runs_directory).map_err(failed)?;
        Ok(!runs.iter().any(|(directory, run)| {
            run.id != self.run.id && run.target == self.target.name && !directory.has_sent_nothing()
        }))
    }
}
