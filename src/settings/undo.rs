//! The settings of undoing a run.

use std::path::PathBuf;

use super::connection::Connection;
use super::named_files::NamedFiles;
use super::output::OutputSettings;
use super::recorded_options::options_of_run;
use super::run_on_disk::RunOnDisk;
use super::runs::runs_directory;
use super::target::TargetSettings;
use super::{Environment, SettingsError};
use crate::cli::UndoArguments;
use crate::journal::LockDirectory;

/// What undoing a run needs. It reads no export and maps nobody.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a word that was typed")]
pub struct UndoSettings {
    /// The run.
    pub run: RunOnDisk,
    /// Where it created identities.
    pub target: TargetSettings,
    /// How the target is reached, and how fast.
    pub connection: Connection,
    /// Where its output goes.
    pub output: OutputSettings,
    /// Whether the user said yes already.
    pub has_consent: bool,
    /// Whether it is only shown what would be deleted.
    pub dry_run: bool,
    /// Whether identities that were changed since are deleted, too.
    pub force: bool,
    /// Whether the run is undone although nothing that it created is found.
    pub even_if_gone: bool,
    /// Where runs are kept.
    pub runs_directory: PathBuf,
    /// Where the locks of targets are.
    pub locks: LockDirectory,
}

impl UndoSettings {
    /// Resolves what was typed; what the run is about comes from its record. Of the account of several shards, each is undone.
    pub fn resolve(
        arguments: &UndoArguments,
        output: &OutputSettings,
        environment: &Environment,
    ) -> Result<Vec<Self>, SettingsError> {
        let runs_directory = runs_directory(arguments.options.runs_dir.clone(), environment)?;
        output.without_page()?;
        let runs = RunOnDisk::or_shards(&runs_directory, &arguments.run)?;
        runs.into_iter().map(|run| Self::of_run(run, arguments, output.clone(), environment)).collect()
    }

    fn of_run(
        run: RunOnDisk,
        arguments: &UndoArguments,
        output: OutputSettings,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let UndoArguments { run: _, yes, dry_run, force, even_if_gone, options } = arguments.clone();
        let runs_directory = runs_directory(options.runs_dir.clone(), environment)?;
        let run = run.with_journal("undone")?;
        let wrong = |problem: String| run.wrong(problem);
        let options = options_of_run(options, &run, environment)?;
        let shard = run.record.shard.as_deref().map(str::parse).transpose().map_err(wrong)?;
        let target = TargetSettings::of_record(&run.record.target, run.record.kratos.as_ref(), wrong, environment)?;
        let connection = Connection::of_run(&options, shard, environment)?;
        let files = NamedFiles::new(&output)
            .inputs_of(&run.record)
            .target(&target)
            .certificates(connection.certificates.as_deref());
        files.check(&runs_directory, environment)?;
        let locks = environment.locks();
        let has_consent = yes;
        Ok(Self { run, target, connection, output, has_consent, dry_run, force, even_if_gone, runs_directory, locks })
    }
}
