//! What is read and how it is mapped.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::connection::{certificates, patience, timeouts};
use super::engine::ShardError;
use super::kept_users::is_clerk;
use super::kratos_target::KratosChoice;
use super::most_of_request::MostOfRequest;
use super::read_earlier::ReadEarlier;
use super::run_on_disk::RunOnDisk;
use super::typed_inputs::WantedInputs;
use super::{Environment, SettingsError, selection, shard};
use crate::avnology::{AvnologyForm, MAX_BATCH_ITEMS, MAX_BODY_BYTES};
use crate::cli::{MappingArguments, OrganizationName, RunOptions, SelectionArguments};
use crate::export::{ExportDirectory, Manifest};
use crate::http::Timeouts;
use crate::journal::InputRecord;
use crate::kind::Kind;
use crate::kratos;
use crate::mapping::{MetadataTarget, MissingEmail, Rules, WireForm};
use crate::rule_files::RuleFiles;
use crate::selection::SelectionChoice;
use crate::source::{Input, KnownInput, ObjectAccess, ReaderLimits, Shard, ShardChoice, SourceError};
use crate::steps::MigrationPlan;

/// What is read and how it is mapped: settings of every command that reads an export.
#[derive(Clone, Debug)]
pub struct ReadingSettings {
    /// The inputs of all steps, in the order of the plan.
    pub inputs: Vec<Input>,
    /// Of which kind the records of each are.
    pub kinds: Vec<Kind>,
    /// As what kinds memberships that stand inside users are taken, if they are.
    pub kinds_of_inline_memberships: Vec<Kind>,
    /// What was read before the run began, to take memberships out of it: it has to be the same when the run reads it.
    pub read_earlier: Vec<ReadEarlier>,
    /// The files of users who are gone at Clerk, beside those inputs that are directories of exports, and how many users are
    /// in each.
    pub deleted: Vec<(PathBuf, u64)>,
    /// The file with the passwords that the users lack.
    pub passwords: Option<Input>,
    /// The files of memberships and organizations that are joined to the users.
    pub memberships: Vec<(Kind, Input)>,
    /// Whether the organizations of users go into their metadata.
    pub organizations_in_users: bool,
    /// Which records of the inputs are ours; all of them without one.
    pub shard: Option<Shard>,
    /// How users are chosen; `None` if all are meant, or if a run that is resumed says which ones.
    pub selection: Option<SelectionChoice>,
    /// Bounds of what the reader buffers.
    pub limits: ReaderLimits,
    /// The choices of mapping.
    pub rules: Rules,
    /// The files that say how to map.
    pub rule_files: RuleFiles,
    /// The organization that users go into, as it was typed. `rules` has its id as soon as the target was asked.
    pub organization: Option<OrganizationName>,
    /// The form in which the target takes an identity: Avnology ID's, if a Kratos target does not set its own.
    pub form: Arc<dyn WireForm>,
    /// The most that one request to the target can hold.
    pub most_of_request: MostOfRequest,
    /// How many mapper workers.
    pub workers: usize,
}

/// What is said about the reading, by what was typed or by the record of a run.
pub(super) struct ReadingChoice {
    pub(super) inputs: WantedInputs,
    pub(super) passwords: Option<PathBuf>,
    pub(super) shard: Option<ShardChoice>,
    pub(super) selection: Option<SelectionChoice>,
    pub(super) rule_files: RuleFiles,
    pub(super) missing_email: Option<MissingEmail>,
    pub(super) organization: Option<OrganizationName>,
}

impl ReadingChoice {
    /// What was typed, of all kinds.
    pub(super) fn of(
        inputs: WantedInputs,
        passwords: Option<PathBuf>,
        shard: Option<ShardChoice>,
        selection: SelectionArguments,
        mapping: &MappingArguments,
    ) -> Result<Self, SettingsError> {
        let rule_files = RuleFiles::read(mapping.mapping.as_deref(), mapping.traits_schema.as_deref())?;
        let selection = selection::resolve(selection)?;
        let (missing_email, organization) = (mapping.missing_email.clone(), mapping.organization.clone());
        Ok(Self { inputs, passwords, shard, selection, rule_files, missing_email, organization })
    }
}

impl ReadingChoice {
    /// What a run was about.
    pub(super) fn of_run(run: &RunOnDisk) -> Result<Self, SettingsError> {
        let RunOnDisk { directory, record } = run;
        let wrong = |problem: String| run.wrong(problem);
        let path = |input: &InputRecord| PathBuf::from(&input.path);
        let shard: Option<Shard> = record.shard.as_deref().map(str::parse).transpose().map_err(wrong)?;
        Ok(Self {
            // What stood inside users is one of them already.
            inputs: WantedInputs {
                inputs: record.inputs.iter().map(|input| (input.kind, path(input))).collect(),
                kinds_of_inline_memberships: Vec::new(),
                joined: record.memberships.iter().map(|input| (input.kind, path(input))).collect(),
            },
            passwords: record.passwords.as_ref().map(path),
            shard: shard.map(ShardChoice::Of),
            selection: None,
            rule_files: RuleFiles::of_run(directory, record)?,
            missing_email: Some(record.missing_email.parse().map_err(wrong)?),
            organization: record
                .organization
                .as_ref()
                .map(|home| home.id_or_name().parse())
                .transpose()
                .map_err(wrong)?,
        })
    }
}

impl ReadingSettings {
    pub(super) fn resolve(
        choice: ReadingChoice,
        options: &RunOptions,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let ReadingChoice { inputs, passwords, shard, selection, rule_files, missing_email, organization } = choice;
        let WantedInputs { inputs, kinds_of_inline_memberships, joined } = inputs;
        if inputs.iter().chain(&joined).map(|(_, path)| path).chain(&passwords).any(|path| is_clerk(path)) {
            return Err(SettingsError::ClerkNotHere);
        }
        let access = object_access(options, environment)?;
        let input = |path: &PathBuf| Input::parse(path, &access);
        let of_users = inputs.iter().filter(|(kind, path)| *kind == Kind::User && path.is_dir());
        let deleted = of_users.map(|(_, path)| Manifest::deleted_in(path).transpose());
        let deleted = deleted.flatten().collect::<Result<Vec<_>, _>>()?;
        let (kinds, inputs): (Vec<Kind>, Vec<PathBuf>) = MigrationPlan::in_order(inputs).into_iter().unzip();
        let inputs = inputs.iter().zip(&kinds).map(|(path, kind)| match kind {
            Kind::User => input(&users_in(path)?).map(empty_if_nothing_changed).map_err(SettingsError::from),
            _ => input(path).map_err(SettingsError::from),
        });
        let inputs = inputs.collect::<Result<Vec<_>, _>>()?;
        let passwords = passwords.as_ref().map(input).transpose()?;
        let memberships = joined.iter().map(|(kind, path)| Ok((*kind, input(path)?)));
        let memberships = memberships.collect::<Result<Vec<_>, SettingsError>>()?;
        let beside: Vec<&Input> = passwords.iter().chain(memberships.iter().map(|(_, input)| input)).collect();
        check(&inputs, &beside, environment)?;
        let shard = shard::resolve(shard, environment)?;
        if shard.is_some() && inputs.iter().chain(beside).any(Input::is_pipe) {
            return Err(ShardError::Pipe.into());
        }
        if shard.is_some() && kinds.first() != kinds.last() {
            return Err(ShardError::Steps.into());
        }
        check_order(&inputs, &kinds, selection.is_some(), shard.is_some())?;
        let default = ReaderLimits::default();
        let mut rules = rule_files.rules(missing_email)?;
        let are_taken = can_take_memberships(shard, &inputs, &kinds);
        let kinds_of_inline_memberships = if are_taken { kinds_of_inline_memberships } else { Vec::new() };
        // A run that is resumed has them among its inputs already.
        rules.memberships_move =
            are_taken && (!kinds_of_inline_memberships.is_empty() || kinds.iter().any(|kind| is_of_membership(*kind)));
        rules.organization = organization.as_ref().map(ToString::to_string);
        Ok(Self {
            kinds_of_inline_memberships,
            read_earlier: Vec::new(),
            inputs,
            kinds,
            deleted,
            passwords,
            memberships,
            organizations_in_users: false,
            shard,
            selection,
            limits: ReaderLimits { record_bytes: options.max_record_bytes.unwrap_or(default.record_bytes), ..default },
            rules,
            rule_files,
            organization,
            form: Arc::new(AvnologyForm),
            most_of_request: MostOfRequest { users: MAX_BATCH_ITEMS, bytes: MAX_BODY_BYTES },
            workers: std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
        })
    }

    /// Fails if an input is not what it was when memberships were taken out of it. `now` are the inputs as they are now, in order; if
    /// one could not be read to its end, without it and those behind it.
    pub fn check_read_earlier(&self, now: &[KnownInput]) -> Result<(), SourceError> {
        for earlier in &self.read_earlier {
            let index = self.inputs.iter().position(|input| *input == earlier.input);
            if index.is_some_and(|index| !earlier.is_same(index, now)) {
                return Err(SourceError::Changed { input: earlier.input.name(), is_passed_on: false });
            }
        }
        Ok(())
    }

    /// The steps in which the inputs move.
    pub fn plan(&self) -> MigrationPlan {
        MigrationPlan::of(self.kinds.iter().copied().zip(&self.inputs))
    }

    /// These settings for a Kratos, if the target is one.
    pub(super) fn for_kratos(mut self, choice: Option<&KratosChoice>) -> Result<Self, SettingsError> {
        let Some(choice) = choice else { return Ok(self) };
        if self.organization.is_some() {
            return Err(SettingsError::KratosOrganization);
        }
        if matches!(self.rules.metadata.public, MetadataTarget::Traits(_)) {
            tracing::warn!(
                "the mapping file puts public metadata into the traits, which users can change at Kratos, and could not at \
                 Clerk: who has a role there could give themselves another one; without that line they go to metadata_public"
            );
        }
        self.rules.passwords = choice.passwords();
        self.organizations_in_users = choice.organizations_in_users;
        self.rules.memberships_move |= choice.organizations_in_users;
        if choice.keto.is_some() {
            self.rules.tuples = self.rules.tuples.for_keto();
        }
        self.form = choice.form();
        self.most_of_request = MostOfRequest { users: kratos::MAX_BATCH_ITEMS, bytes: kratos::MAX_BODY_BYTES };
        Ok(self)
    }

    /// These settings without what Clerk turned out not to have: files of this directory that are not in its manifest, or are empty.
    #[must_use]
    pub fn that_is_there(mut self, directory: &ExportDirectory, manifest: &Manifest) -> Self {
        let is_there = |input: &Input, kind: Kind| match input {
            Input::File(path) if path.parent() == Some(directory.path()) => manifest.files.iter().any(|file| {
                path.file_name().is_some_and(|name| *name == *file.file) && (file.records > 0 || kind == Kind::User)
            }),
            _ => true,
        };
        let inputs = self.inputs.into_iter().zip(self.kinds).filter(|(input, kind)| is_there(input, *kind));
        (self.inputs, self.kinds) = inputs.unzip();
        self.memberships.retain(|(kind, input)| is_there(input, *kind));
        self
    }

    /// Whether some of the export can be read only once.
    pub fn has_pipe(&self) -> bool {
        self.inputs.iter().any(Input::is_pipe)
    }

    /// The inputs, and the files that are joined to the users.
    pub fn files(&self) -> impl Iterator<Item = &Input> {
        self.inputs.iter().chain(&self.passwords).chain(self.memberships.iter().map(|(_, input)| input))
    }
}

fn is_of_membership(kind: Kind) -> bool {
    matches!(kind, Kind::Membership | Kind::RoleTuple)
}

/// Whether memberships can be taken out of users. A shard moves one step; and users and memberships of files are read once more
/// for it, which a pipe cannot be.
fn can_take_memberships(shard: Option<Shard>, inputs: &[Input], kinds: &[Kind]) -> bool {
    let is_read_again = |kind: Kind| kind == Kind::User || is_of_membership(kind);
    shard.is_none() && !inputs.iter().zip(kinds).any(|(input, kind)| input.is_pipe() && is_read_again(*kind))
}

/// The file with the users, if an input is the directory of an export.
fn users_in(path: &Path) -> Result<PathBuf, SettingsError> {
    let users = if path.is_dir() { Manifest::users_in(path)? } else { None };
    Ok(users.unwrap_or_else(|| path.to_path_buf()))
}

/// The input, as one without records if it is of an export that found nobody who is new or changed.
fn empty_if_nothing_changed(input: Input) -> Input {
    match input {
        Input::File(path) if Manifest::has_no_changes(&path) => Input::EmptyFile(path),
        other => other,
    }
}

/// How inputs are reached that lie in a store.
fn object_access(
    RunOptions { connection, .. }: &RunOptions,
    environment: &Environment,
) -> Result<Arc<ObjectAccess>, SettingsError> {
    let Timeouts { connect, request } = timeouts(connection.connect_timeout, connection.request_timeout);
    Ok(Arc::new(ObjectAccess {
        options: environment.of_stores(),
        certificates: certificates(connection, environment)?,
        connect_timeout: connect,
        part_timeout: request,
        patience: patience(connection.max_wait),
    }))
}

/// Fails if there are too many inputs, or one that cannot be read.
fn check(inputs: &[Input], beside: &[&Input], environment: &Environment) -> Result<(), SettingsError> {
    if inputs.len() > usize::from(u16::MAX) {
        return Err(SettingsError::TooManyInputs { count: inputs.len() });
    }
    if inputs.iter().chain(beside.iter().copied()).filter(|input| **input == Input::Stdin).count() > 1 {
        return Err(SettingsError::StdinTwice);
    }
    if inputs.iter().chain(beside.iter().copied()).any(|input| matches!(input, Input::Object(_))) {
        environment.check_proxy()?;
    }
    Ok(())
}

/// Fails if records would have to be read twice that can be read once, or users are selected where that has no meaning.
fn check_order(inputs: &[Input], kinds: &[Kind], is_selection: bool, is_shard: bool) -> Result<(), SettingsError> {
    let is_read_twice = |(input, kind): (&Input, &Kind)| *kind == Kind::RoleTuple && input.is_pipe();
    if inputs.iter().zip(kinds).any(is_read_twice) {
        return Err(SettingsError::PipeOfMemberships);
    }
    if is_selection && kinds.iter().any(|kind| *kind != Kind::User) {
        return Err(SettingsError::SelectionOfSteps);
    }
    if is_selection && inputs.iter().any(Input::is_pipe) {
        return Err(SettingsError::SelectionOfPipe);
    }
    if is_selection && is_shard {
        return Err(SettingsError::SelectionOfShard);
    }
    Ok(())
}
