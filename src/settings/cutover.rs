//! The settings of the commands about the switch.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};

use super::clerk_client::{ClerkClientChoice, clerk_pace};
use super::connection::{Connection, patience, retry, timeouts};
use super::named_files::NamedFiles;
use super::output::OutputSettings;
use super::runs::runs_directory;
use super::target::TargetSettings;
use super::{Environment, SettingsError};
use crate::cli::{
    CACERT, CutoverCheckArguments, CutoverOptions, CutoverRecordArguments, CutoverReportArguments,
    CutoverStatusArguments, OutputFormat, RateOptions,
};
use crate::cutover::{Fact, FileUse, StateFile, SwitchStep, TriedClient, Words};
use crate::http::ClientOptions;
use crate::pace::{PaceRules, RetryBudget};

/// The files that were named, by what they are for.
type FilesOfChecks = BTreeMap<FileUse, Vec<PathBuf>>;

/// Where a switch is kept, and by which runs it stands.
#[derive(Clone, Debug)]
pub struct LookedUp {
    /// Its file.
    pub state: StateFile,
    /// Where runs are kept.
    pub runs_directory: PathBuf,
    /// What was checked longer ago is old.
    pub max_age: SignedDuration,
}

impl LookedUp {
    fn resolve(options: CutoverOptions, environment: &Environment) -> Result<Self, SettingsError> {
        let CutoverOptions { state, runs_dir, max_age } = options;
        Ok(Self { state: StateFile::new(state), runs_directory: runs_directory(runs_dir, environment)?, max_age })
    }

    /// The files that are written, none of which may be one that a check reads: one of `named`, or one that was named earlier.
    fn without_its_files<'s>(&self, written: NamedFiles<'s>, named: &FilesOfChecks) -> NamedFiles<'s> {
        // If it cannot be read, the command itself says so.
        let earlier = self.state.read().map(|state| state.files).unwrap_or_default();
        let files = earlier.values().chain(named.values()).flatten();
        files.fold(written, |written, file| written.reads("a check of the switch", file))
    }
}

/// What showing it needs.
#[derive(Clone, Debug)]
pub struct CutoverStatusSettings {
    /// Where it is kept.
    pub at: LookedUp,
    /// The steps; all of them if none is named.
    pub steps: Vec<SwitchStep>,
    /// What standard output gets.
    pub format: OutputFormat,
}

impl CutoverStatusSettings {
    /// Resolves what was typed.
    pub fn resolve(arguments: CutoverStatusArguments, environment: &Environment) -> Result<Self, SettingsError> {
        let CutoverStatusArguments { steps, options, output: format } = arguments;
        Ok(Self { at: LookedUp::resolve(options, environment)?, steps, format })
    }
}

/// What checking it needs.
#[derive(Debug)]
pub struct CutoverCheckSettings {
    /// Where it is kept.
    pub at: LookedUp,
    /// The steps; those that can be checked if none is named.
    pub steps: Vec<SwitchStep>,
    /// The files that were named now.
    pub files: FilesOfChecks,
    /// The client by which a sign-in is tried, if one was named now.
    pub client: Option<TriedClient>,
    /// When the export of the last import was begun, if that was typed.
    pub exported_at: Option<Timestamp>,
    /// How many users may have changed.
    pub max_changes: u64,
    /// Which target; or why none can be asked, which is what its checks find out.
    pub target: Result<TargetSettings, SettingsError>,
    /// How it is reached.
    pub connection: Connection,
    /// The way to Clerk's API; or why there is none.
    pub clerk: Result<(ClientOptions, PaceRules), SettingsError>,
    /// How often and how long Clerk is asked.
    pub retry: RetryBudget,
    /// Where the output goes.
    pub output: OutputSettings,
}

impl CutoverCheckSettings {
    /// Resolves what was typed.
    pub fn resolve(
        arguments: &CutoverCheckArguments,
        output: OutputSettings,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let CutoverCheckArguments {
            steps,
            options,
            exported_at,
            max_changes,
            client_id,
            redirect_uri,
            target,
            api,
            connection,
            ..
        } = arguments;
        let at = LookedUp::resolve(options.clone(), environment)?;
        let certificates = environment.or_variable(connection.cacert.clone(), CACERT)?;
        let of_clerk = timeouts(connection.connect_timeout, connection.request_timeout);
        let choice = ClerkClientChoice { url: api.clerk_url.clone(), timeouts: of_clerk, certificates };
        let clerk = choice.resolve(environment);
        let clerk =
            clerk.map(|(client, kind)| (client, clerk_pace(api.clerk_rate, kind, patience(connection.max_wait))));
        let target = TargetSettings::resolve(target.clone(), environment);
        let files = named(arguments)?;
        let state = [at.state.path().to_path_buf()];
        let written = NamedFiles::new(&output).writing("--state", state);
        at.without_its_files(written, &files).check(&at.runs_directory, environment)?;
        output.without_page()?;
        Ok(Self {
            at,
            steps: steps.clone(),
            client: client_id
                .clone()
                .zip(redirect_uri.clone())
                .map(|(client_id, redirect_uri)| TriedClient { client_id, redirect_uri }),
            exported_at: *exported_at,
            max_changes: *max_changes,
            target,
            connection: Connection::resolve(&RateOptions::default(), connection, None, environment)?,
            clerk,
            retry: retry(connection.max_wait),
            output,
            files,
        })
    }
}

/// The files that were named. They are remembered, so their paths are absolute.
fn named(arguments: &CutoverCheckArguments) -> Result<FilesOfChecks, SettingsError> {
    let one = |path: &Option<PathBuf>| path.iter().cloned().collect::<Vec<_>>();
    let named = [
        (FileUse::Plan, one(&arguments.plan)),
        (FileUse::CodeReport, arguments.code_report.clone()),
        (FileUse::AppsReport, one(&arguments.apps_report)),
        (FileUse::WebhooksReport, one(&arguments.webhooks_report)),
        (FileUse::ActivateReport, one(&arguments.activate_report)),
        (FileUse::TryReport, one(&arguments.try_report)),
        (FileUse::SignInReport, one(&arguments.sign_in_report)),
        (FileUse::StagingVerifyReport, one(&arguments.staging_verify_report)),
        (FileUse::VerifyReport, one(&arguments.verify_report)),
        (FileUse::KeptExport, one(&arguments.kept_export)),
    ];
    let mut files = BTreeMap::new();
    for (of, paths) in named.into_iter().filter(|(_, paths)| !paths.is_empty()) {
        let mut absolute = Vec::new();
        for path in paths {
            let path = std::path::absolute(&path);
            absolute.push(path.map_err(|error| SettingsError::Cutover { problem: error.to_string() })?);
        }
        files.insert(of, absolute);
    }
    Ok(files)
}

/// What is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CutoverSubject {
    /// What only a person can know.
    Fact(Fact),
    /// That a step is not done.
    Skip(SwitchStep),
}

/// What recording something needs.
#[derive(Clone, Debug)]
pub struct CutoverRecordSettings {
    /// The file of the switch.
    pub state: StateFile,
    /// What is recorded.
    pub subject: CutoverSubject,
    /// Who says it.
    pub by: Words,
    /// What they say.
    pub note: Words,
    /// When it was so; now, if nothing was typed.
    pub at: Option<Timestamp>,
    /// A file that shows it.
    pub evidence: Option<PathBuf>,
    /// Whether it does not hold any more.
    pub withdraw: bool,
}

impl CutoverRecordSettings {
    /// Resolves what was typed.
    pub fn resolve(arguments: CutoverRecordArguments) -> Result<Self, SettingsError> {
        let CutoverRecordArguments { name, by, note, at, evidence, skip, withdraw, state } = arguments;
        let wrong = |problem: String| SettingsError::Cutover { problem };
        let subject = match (name.parse::<Fact>(), name.parse::<SwitchStep>()) {
            (Ok(fact), _) if !skip => CutoverSubject::Fact(fact),
            (_, Ok(step)) if skip || withdraw => CutoverSubject::Skip(step),
            (Err(_), Ok(_)) => {
                let problem = "this is a step, and the program finds out how it stands; --skip says that it is not done, and \
                               `cutover --help` lists what can be recorded";
                return Err(wrong(problem.to_owned()));
            }
            (Ok(_), _) => return Err(wrong("--skip is for a step, and this is none".to_owned())),
            (Err(problem), _) => return Err(wrong(format!("nothing is recorded under this name: {problem}"))),
        };
        if at.is_some_and(|at| at > Timestamp::now()) {
            return Err(wrong("--at is in the future; record what has happened".to_owned()));
        }
        Ok(Self { state: StateFile::new(state), subject, by, note, at, evidence, withdraw })
    }
}

/// What writing the page needs.
#[derive(Clone, Debug)]
pub struct CutoverReportSettings {
    /// Where it is kept.
    pub at: LookedUp,
    /// The page.
    pub out: PathBuf,
    /// Whether it is Markdown, and not HTML.
    pub is_markdown: bool,
}

impl CutoverReportSettings {
    /// Resolves what was typed.
    pub fn resolve(arguments: CutoverReportArguments, environment: &Environment) -> Result<Self, SettingsError> {
        let CutoverReportArguments { out, options } = arguments;
        let at = LookedUp::resolve(options, environment)?;
        let extension = out.extension().unwrap_or_default().to_ascii_lowercase();
        let is_markdown = extension == "md";
        if !is_markdown && extension != "html" && extension != "htm" {
            let problem = format!("`{}` ends neither with `.html` nor with `.md`", out.display());
            return Err(SettingsError::Cutover { problem });
        }
        let written = NamedFiles::default().reads("--state", at.state.path()).writing("--out", [out.clone()]);
        at.without_its_files(written, &BTreeMap::new()).check(&at.runs_directory, environment)?;
        Ok(Self { at, out, is_markdown })
    }
}
