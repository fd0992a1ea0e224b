//! `avnology migrate clerk runs prune`: removes what is old, and nothing that somebody may still need without a word.

mod from_clerk;
mod prune_rules;

use std::collections::BTreeSet;
use std::fmt::{self, Write};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use from_clerk::LeftFromClerk;
use prune_rules::{KeptBecause, PruneFacts, PruneRules, Pruned};

use super::runs_error::RunsError;
use crate::cli::OutputFormat;
use crate::command::shared::reading::inline_memberships_file::remove_unfinished_memberships;
use crate::command::shared::run_overview::{RunOverview, RunState};
use crate::command::shared::terminal::output::write_text;
use crate::files::{disk_use, remove_directory, remove_forgotten, sync_directory_of};
use crate::human::size;
use crate::id_map::IdMap;
use crate::journal::{Lock, MergedRecord, PrunedRecord, RunDirectory, RunRecord};
use crate::outcomes::Counts;
use crate::report::{NamedPeople, StdoutError, page, print_json, print_wrapped};
use crate::settings::PruneSettings;

/// What became of a run, or of the account of several.
#[derive(Debug, Serialize)]
struct PrunedRun {
    run: String,
    /// `removed`, `personal_data_removed`, or `kept`.
    what: &'static str,
    /// Why it was kept, or what was left of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'static str>,
    /// Bytes that are free now.
    freed_bytes: u64,
}

/// A run that is looked at.
struct OldRun {
    directory: RunDirectory,
    listed: RunOverview,
    pruned: Pruned,
}

/// Prunes, and prints what became of each run, the newest first.
pub fn prune_runs(settings: &PruneSettings) -> Result<(), RunsError> {
    let runs_directory = &settings.runs_directory;
    let rules = PruneRules {
        older_than: settings.older_than,
        keep: settings.keep,
        personal_data: settings.personal_data,
        give_up_resume: settings.give_up_resume,
        give_up_undo: settings.give_up_undo,
    };
    if !settings.dry_run {
        remove_forgotten(runs_directory).map_err(RunsError::remove(runs_directory))?;
    }
    let listed = RunDirectory::list(runs_directory).map_err(RunsError::read(runs_directory))?;
    let mut runs = Vec::with_capacity(listed.len());
    for (newer, (directory, record)) in listed.into_iter().enumerate() {
        let (listed, _) = RunOverview::of(&directory, record);
        let pruned = rules.decide(facts(&directory, &listed, newer));
        runs.push(OldRun { directory, listed, pruned });
    }
    if !settings.dry_run {
        keep_ids(runs_directory, &runs)?;
    }
    let mut results = Vec::new();
    for run in &runs {
        results.push(run.prune(settings.dry_run)?);
    }
    for directory in merged_directories(runs_directory).map_err(RunsError::read(runs_directory))? {
        results.extend(prune_merged(&directory, &runs, &rules, settings.dry_run)?);
    }
    if !settings.dry_run {
        remove_unfinished_memberships(runs_directory).map_err(RunsError::read(runs_directory))?;
    }
    let open: Vec<&RunRecord> = runs.iter().filter(|run| run.stays_open()).map(|run| &run.listed.record).collect();
    results.extend(LeftFromClerk::prune_all(settings, &open)?.into_iter().map(PrunedRun::from));
    print(&results, settings)?;
    Ok(())
}

fn facts(directory: &RunDirectory, listed: &RunOverview, newer: usize) -> PruneFacts {
    let RunOverview { record, state, counts, undone, .. } = listed;
    // What undo left at the target is in the journal of this run alone.
    let there = match undone {
        Some(undone) => undone.left.zip(undone.kept).map(|(left, kept)| left + kept),
        None => counts.map(|counts| counts.created + counts.unfinished),
    };
    let took_away = directory.disabled().exists() || directory.removed().exists();
    PruneFacts {
        state: *state,
        age: age_of(&record.started),
        newer,
        has_changed: there.is_none_or(|number| number > 0) || took_away && !directory.is_restored(),
    }
}

/// How long ago something began; nothing if nobody knows, so that it stays.
fn age_of(started: &str) -> Duration {
    let began = started.parse().unwrap_or(jiff::Timestamp::MAX);
    Duration::try_from(jiff::Timestamp::now().duration_since(began)).unwrap_or_default()
}

/// The ids that the journals know have to be in the maps of their targets before a journal goes: by them an import knows somebody
/// again of whom nothing stayed as it was.
fn keep_ids(runs: &Path, pruned: &[OldRun]) -> Result<(), RunsError> {
    let goes = |run: &&OldRun| matches!(run.pruned, Pruned::Removed | Pruned::Stripped { journal: true });
    let targets: BTreeSet<&String> = pruned.iter().filter(goes).map(|run| &run.listed.record.target).collect();
    for target in targets {
        let kept = IdMap::open(runs, target).and_then(IdMap::take_in);
        kept.map_err(|source| RunsError::Ids { target: target.clone(), source })?;
    }
    Ok(())
}

impl From<LeftFromClerk> for PrunedRun {
    fn from(LeftFromClerk { name: run, freed_bytes }: LeftFromClerk) -> Self {
        match freed_bytes {
            Ok(freed_bytes) => Self { run, what: "removed", why: None, freed_bytes },
            Err(because) => Self { run, what: "kept", why: Some(sentence(because)), freed_bytes: 0 },
        }
    }
}

impl OldRun {
    /// Whether it can be resumed afterwards, and reads its inputs again then.
    fn stays_open(&self) -> bool {
        let is_open = matches!(self.listed.state, RunState::Running | RunState::Interrupted | RunState::Damaged);
        is_open && matches!(self.pruned, Pruned::Kept(_))
    }

    fn prune(&self, is_dry_run: bool) -> Result<PrunedRun, RunsError> {
        let run = self.listed.record.id.clone();
        let path = self.directory.path();
        let kept = |because| PrunedRun { run: run.clone(), what: "kept", why: Some(sentence(because)), freed_bytes: 0 };
        if let Pruned::Kept(because) = self.pruned {
            return Ok(kept(because));
        }
        // From here on nobody begins to resume or undo it.
        let Ok(_lock) = Lock::take(&self.directory.lock(), "prune") else { return Ok(kept(KeptBecause::Running)) };
        let before = disk_use(path);
        if let Pruned::Stripped { journal } = self.pruned {
            let files = self.directory.personal_files().map_err(RunsError::read(path))?;
            // By these undo knows what the run created, whom it disabled, and which memberships it removed.
            let needed = [self.directory.journal(), self.directory.disabled(), self.directory.removed()];
            let files: Vec<PathBuf> = files.into_iter().filter(|file| journal || !needed.contains(file)).collect();
            let freed_bytes = files.iter().filter_map(|file| Some(file.metadata().ok()?.len())).sum();
            if !is_dry_run {
                self.strip(&files, journal)?;
            }
            let why = (!journal).then_some("the journal stays: undo needs it (--give-up-undo removes it, too)");
            return Ok(PrunedRun { run, what: "personal_data_removed", why, freed_bytes });
        }
        if !is_dry_run {
            remove_directory(path).map_err(RunsError::remove(path))?;
        }
        Ok(PrunedRun { run, what: "removed", why: None, freed_bytes: before })
    }

    /// Removes files with personal data. That the journal goes is said before it does.
    fn strip(&self, files: &[PathBuf], journal: bool) -> Result<(), RunsError> {
        let path = self.directory.path();
        if journal && self.listed.state != RunState::Pruned && !self.directory.is_pruned() {
            self.directory.mark_pruned(self.listed.counts.map(kept_counts)).map_err(RunsError::remove(path))?;
        }
        for file in files {
            std::fs::remove_file(file).map_err(RunsError::remove(file))?;
        }
        // It may name people; what it is made of does not.
        let page_file = self.directory.report_page();
        if page_file.exists() {
            let made = std::fs::read(self.directory.report())
                .and_then(|text| serde_json::from_slice::<Value>(&text).map_err(io::Error::from))
                .and_then(|report| page(&report, &NamedPeople::default()).map_err(io::Error::other))
                .and_then(|text| write_text(&page_file, &text));
            made.or_else(|_| std::fs::remove_file(&page_file)).map_err(RunsError::remove(&page_file))?;
        }
        sync_directory_of(&self.directory.journal()).map_err(RunsError::remove(path))
    }
}

fn kept_counts(counts: Counts) -> PrunedRecord {
    let Counts { created, updated, unchanged, rejected, unfinished, .. } = counts;
    PrunedRecord { created, updated, unchanged, rejected, unfinished }
}

/// The directories in which shards were put together.
pub(super) fn merged_directories(runs: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(runs) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?
        .into_iter()
        .filter(|path| MergedRecord::read(path).is_some())
        .collect();
    found.sort();
    Ok(found)
}

/// The account of shards goes when all of them are old: it is made again of those that are left.
fn prune_merged(
    directory: &Path,
    runs: &[OldRun],
    rules: &PruneRules,
    is_dry_run: bool,
) -> Result<Option<PrunedRun>, RunsError> {
    let Some(merged) = MergedRecord::read(directory) else { return Ok(None) };
    let run = directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let of_shards = runs.iter().filter(|run| merged.shards.contains(&run.listed.record.id));
    let is_new =
        of_shards.into_iter().any(|run| matches!(run.pruned, Pruned::Kept(KeptBecause::New | KeptBecause::Running)));
    if is_new {
        let why = Some(sentence(KeptBecause::New));
        return Ok(Some(PrunedRun { run, what: "kept", why, freed_bytes: 0 }));
    }
    let Ok(_lock) = Lock::take(&directory.join("lock"), "prune") else { return Ok(None) };
    if !rules.personal_data {
        let freed_bytes = disk_use(directory);
        if !is_dry_run {
            remove_directory(directory).map_err(RunsError::remove(directory))?;
        }
        return Ok(Some(PrunedRun { run, what: "removed", why: None, freed_bytes }));
    }
    let mut freed_bytes = 0;
    for path in MergedRecord::personal_files(directory).map_err(RunsError::read(directory))? {
        freed_bytes += path.metadata().map_or(0, |file| file.len());
        if !is_dry_run {
            std::fs::remove_file(&path).map_err(RunsError::remove(&path))?;
        }
    }
    Ok(Some(PrunedRun { run, what: "personal_data_removed", why: None, freed_bytes }))
}

fn sentence(because: KeptBecause) -> &'static str {
    match because {
        KeptBecause::New => "not old enough, or one of the newest (--keep)",
        KeptBecause::Running => "some process is at it",
        KeptBecause::Resumable => "it can be resumed (--give-up-resume removes it all the same)",
        KeptBecause::Undoable => "it can be undone (--give-up-undo removes it all the same)",
    }
}

fn print(results: &[PrunedRun], settings: &PruneSettings) -> Result<(), StdoutError> {
    if settings.format == OutputFormat::Json {
        return print_json(&results);
    }
    let mut text = String::new();
    write(&mut text, results, settings.dry_run).map_err(|error| StdoutError::from(io::Error::other(error)))?;
    print_wrapped(&text)
}

fn write(out: &mut String, results: &[PrunedRun], is_dry_run: bool) -> fmt::Result {
    if results.is_empty() {
        return writeln!(out, "No runs.");
    }
    let would = if is_dry_run { "would be " } else { "" };
    for PrunedRun { run, what, why, freed_bytes } in results {
        match *what {
            "kept" => write!(out, "{run}: kept")?,
            "removed" => write!(out, "{run}: {would}removed, {}", size(*freed_bytes))?,
            _ => write!(out, "{run}: personal data {would}removed, {}", size(*freed_bytes))?,
        }
        writeln!(out, "{}", why.map(|why| format!("; {why}")).unwrap_or_default())?;
    }
    let freed = results.iter().map(|result| result.freed_bytes).sum();
    writeln!(out, "{} {}", if is_dry_run { "Would free" } else { "Freed" }, size(freed))
}
