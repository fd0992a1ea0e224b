//! What became of each record of runs, as a list: for `runs export`, and for `--results` of an import.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::private_list::write_private;
use crate::id_map::{IdLookup, IdMap};
use crate::mapping::Rules;
use crate::report::{StdoutError, stream_to_stdout};
use crate::results::{
    ListedRun, ResultsError, RunInputs, TableForm, TableFormat, UserList, WrittenList, write_list, write_missing_list,
};
use crate::settings::{ReadingSettings, RunExportSettings, RunOnDisk};
use crate::signal::{Signal, Signals};

/// How long an interrupted list may take to remove what it wrote. It may be at a pipe that nobody reads.
const REMOVING: Duration = Duration::from_secs(2);

/// Why the records of a run cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum ResultsListError {
    /// The list cannot be made.
    #[error(transparent)]
    List(#[from] ResultsError),
    /// The file cannot be written.
    #[error("cannot write `{path}`: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// Standard output cannot be written.
    #[error(transparent)]
    Stdout(#[from] StdoutError),
    /// A signal came before it was whole.
    #[error("the list of the records is not written: interrupted by {0}")]
    Interrupted(Signal),
    /// The thread that did it ended early.
    #[error("listing the records failed: {0}")]
    Internal(#[from] tokio::task::JoinError),
}

/// A list, and the runs that it is of.
pub(in crate::command) struct ResultsList {
    pub runs_directory: PathBuf,
    pub runs: Vec<(RunOnDisk, ReadingSettings)>,
    pub users: UserList,
    pub format: TableFormat,
    /// Standard output without one.
    pub out: Option<PathBuf>,
}

/// Says why some records are listed without their ids at Clerk.
fn report_missing(missing: &[String]) {
    for problem in missing {
        tracing::warn!("some records are listed without their ids at Clerk, because {problem}");
    }
}

impl ResultsList {
    /// Writes the list, and says what could not be found out for it. If a signal comes first, nothing is left of the list.
    pub(in crate::command) async fn write(self, signals: &mut Signals) -> Result<(), ResultsListError> {
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        // Inputs in a store are fetched by the runtime meanwhile.
        let mut writing = tokio::task::spawn_blocking(move || self.write_out(&stopped));
        let written = tokio::select! {
            written = &mut writing => written??,
            signal = signals.next() => {
                stop.cancel();
                match tokio::time::timeout(REMOVING, writing).await {
                    Ok(Ok(Ok(written))) => written,
                    _ => return Err(ResultsListError::Interrupted(signal)),
                }
            }
        };
        report_missing(&written.missing);
        Ok(())
    }

    fn write_out(self, stop: &CancellationToken) -> Result<WrittenList, ResultsListError> {
        let Self { runs_directory, runs, users, format, out } = self;
        let is_of_records = users != UserList::Missing;
        let opened = runs.iter().filter(|_| is_of_records);
        let opened = opened.map(|(run, reading)| OpenRun::open(&runs_directory, run, reading));
        let opened = opened.collect::<Result<Vec<_>, _>>()?;
        let listed: Vec<ListedRun<'_>> = opened.iter().map(OpenRun::listed).collect();
        let form = TableForm { format, is_shown: out.is_none() && io::stdout().is_terminal() };
        let mut written = WrittenList::default();
        let mut write = |to: &mut dyn Write| -> Result<(), ResultsError> {
            if is_of_records {
                written = write_list(to, form, (users, &listed), || stop.is_cancelled())?;
                return Ok(());
            }
            write_missing_list(to, form, runs.iter().map(|(run, _)| (&run.directory, &run.record)))
        };
        match out {
            Some(path) => write_private(&path, &mut write).map_err(|error| match error {
                ResultsError::Write(source) => ResultsListError::Write { path, source },
                error => error.into(),
            })?,
            None => to_stdout(&mut write)?,
        }
        Ok(written)
    }
}

/// Opens the runs of a list, and shows them. Blocks.
pub(in crate::command) fn listed_runs(
    settings: &RunExportSettings,
    then: impl FnOnce(&[ListedRun<'_>]) -> Result<(), ResultsError>,
) -> Result<(), ResultsError> {
    let RunExportSettings { runs_directory, runs, .. } = settings;
    let opened = runs.iter().map(|(run, reading)| OpenRun::open(runs_directory, run, reading));
    let opened = opened.collect::<Result<Vec<_>, _>>()?;
    then(&opened.iter().map(OpenRun::listed).collect::<Vec<_>>())
}

fn to_stdout(write: &mut dyn FnMut(&mut dyn Write) -> Result<(), ResultsError>) -> Result<(), ResultsListError> {
    let mut refused = None;
    let streamed = stream_to_stdout(|stdout| {
        write(stdout).map_err(|error| match error {
            ResultsError::Write(source) => source,
            error => {
                refused = Some(error);
                io::Error::other("the list is not whole")
            }
        })
    });
    match refused {
        Some(error) => Err(error.into()),
        None => Ok(streamed?),
    }
}

/// A run with all that its list is made of.
struct OpenRun<'s> {
    run: &'s RunOnDisk,
    rules: &'s Rules,
    inputs: RunInputs,
    ids: IdLookup,
}

impl<'s> OpenRun<'s> {
    fn open(runs: &Path, run: &'s RunOnDisk, reading: &'s ReadingSettings) -> Result<Self, ResultsError> {
        let RunOnDisk { directory, record } = run;
        let map = IdMap::open(runs, &record.target).and_then(IdMap::take_in);
        let ids = map.and_then(|map| map.lookup()).map_err(ResultsError::Ids)?;
        let inputs = RunInputs::look(directory, record, &reading.inputs, (reading.limits, reading.shard));
        Ok(Self { run, rules: &reading.rules, inputs, ids })
    }

    fn listed(&self) -> ListedRun<'_> {
        let RunOnDisk { directory, record } = self.run;
        ListedRun { directory, record, inputs: &self.inputs, rules: self.rules, ids: &self.ids }
    }
}
