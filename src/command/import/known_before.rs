//! What is looked up before an import goes through its inputs: what the target confirmed in earlier runs, what of that the first pass
//! goes by, whom the target had under which ids, and what other files say about users.

mod confirmed_loader;

use confirmed_loader::ConfirmedLoader;

use super::known_records_file::remembered;
use super::prepare::RunPart;
use super::run_and_target::RunAndTarget;
use crate::command::shared::command_error::CommandError;
use crate::command::shared::reading::joined::JoinedFiles;
use crate::command::shared::reading::read_subject::Remembered;
use crate::command::shared::target::id_maps::look_up_ids;
use crate::id_map::IdLookup;
use crate::journal::FirstPassRecord;
use crate::pipeline::ConfirmedBefore;
use crate::selection::RecordsOfRun;
use crate::settings::ReadingSettings;
use crate::signal::Signals;

/// What is known before an import goes through its inputs.
pub(super) struct KnownBefore {
    /// What the target confirmed in earlier runs, if that can be used.
    pub confirmed: Option<ConfirmedBefore>,
    /// What of that the first pass may go by.
    pub remembered: Option<Remembered>,
    /// Whom the target had before this part of the run, if that is known.
    pub ids: Option<IdLookup>,
    /// What other files say about users.
    pub joined: JoinedFiles,
}

impl KnownBefore {
    /// Looks all of it up, for this part of a run that takes these records.
    pub(super) async fn look_up(
        part: RunPart,
        run_and_target: RunAndTarget<'_>,
        reading: &ReadingSettings,
        records: &RecordsOfRun,
        signals: &mut Signals,
    ) -> Result<Self, CommandError> {
        let RunAndTarget { settings, target, run, .. } = run_and_target;
        let mut confirmed = confirmed_before(run_and_target, part, signals).await?;
        let remembered = confirmed.as_mut().map(|confirmed| remembered(confirmed, records, reading));
        // After `confirmed_before`, which forgets the ids if the target is another one now.
        let ids = look_up_ids(&settings.runs_directory, &target.name, &run.record.id).await?;
        let kind_of_sum = FirstPassRecord::kind_of_sum_beside_inputs(&run.directory);
        let joined = JoinedFiles::read(reading, kind_of_sum, &settings.output, signals).await?;
        Ok(Self { confirmed, remembered, ids, joined })
    }
}

/// What the target confirmed in earlier runs, if it still agrees; and where users are looked up in it.
async fn confirmed_before(
    RunAndTarget { settings, target, destination, run }: RunAndTarget<'_>,
    part: RunPart,
    signals: &mut Signals,
) -> Result<Option<ConfirmedBefore>, CommandError> {
    let loader = ConfirmedLoader {
        runs_directory: &settings.runs_directory,
        target: &target.name,
        run: run.directory.id(),
        is_shard: settings.reading.shard.is_some(),
        on_existing: settings.on_existing,
        recheck: settings.recheck,
        knows_all: part != RunPart::Later { knows_all: false },
    };
    tokio::select! {
        confirmed = loader.load(destination.as_ref()) => Ok(confirmed?),
        signal = signals.next() => Err(CommandError::Interrupted(signal)),
    }
}
