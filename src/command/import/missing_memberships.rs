//! Memberships that are no longer in the export: which they are is found out before anything is sent, and what is done about them
//! comes after all steps.
//!
//! A role is taken back before its membership goes: should the program be killed in between, nobody has a role without a
//! membership.

use std::path::PathBuf;
use std::sync::Arc;

use super::super::first_pass::Subject;
use super::super::id_maps::with_id_map;
use super::super::import_error::ImportError;
use super::super::known_identity::pages;
use super::super::known_membership::{FoundMembership, look_at_all, pair};
use super::super::missing_users::search_for;
use super::super::prepare_error::PrepareError;
use super::known_file::write_known;
use crate::account::StopReason;
use crate::destination::{Destination, TargetError};
use crate::id_map::IdLookup;
use crate::journal::{ConfirmedUser, ConfirmedUsers, InputRecord, RunDirectory};
use crate::kind::Kind;
use crate::mapping::TupleRules;
use crate::missing::{
    KnownRecord, MembershipSearch, MissingMemberships, MissingMembershipsReport, Removal, RemovalKind, Removals,
    StatesFile,
};
use crate::settings::{ImportSettings, MissingRules, RecordedRun};
use crate::signal::Signals;
use crate::source::Watch;

/// The parts of the target that take memberships and role tuples.
struct Parts {
    members: Arc<dyn Destination>,
    tuples: Arc<dyn Destination>,
}

impl Parts {
    /// What they cannot do is found out before anything is sent.
    async fn of(target: &dyn Destination, rules: &TupleRules) -> Result<Option<Self>, TargetError> {
        let members = target.of_kind(Kind::Membership, rules).await?;
        let tuples = target.of_kind(Kind::RoleTuple, rules).await?;
        Ok(members.zip(tuples).map(|(members, tuples)| Self { members, tuples }))
    }
}

/// Which memberships are missing, and what is to be done about them.
pub(super) struct Memberships<'a> {
    rules: MissingRules,
    found: MissingMemberships,
    /// Where they are removed, if they are.
    parts: Option<Parts>,
    directory: &'a RunDirectory,
    /// What runs call the target.
    target: &'a str,
    report: MissingMembershipsReport,
}

impl<'a> Memberships<'a> {
    /// Looks which are missing, and names them in a file of the run.
    pub(super) async fn find(
        (settings, rules, destination): (&ImportSettings, MissingRules, &dyn Destination),
        run: &'a RecordedRun,
        subject: Subject<'_>,
        watch: &Watch,
        signals: &mut Signals,
    ) -> Result<Option<Self>, ImportError> {
        let RecordedRun { directory, record } = run;
        subject.output.console.note("Looking for memberships that are no longer in the export …");
        let search = search((settings.runs_directory.clone(), &record.target, &record.id), subject, watch)?;
        let searching = search_for("missing memberships", signals, move |stop| search.find(|| stop.is_cancelled()));
        let Some(found) = searching.await? else { return Ok(None) };
        let path = directory.missing_memberships();
        write_known(&path, (found.missing > 0).then(|| found.memberships()))
            .map_err(|source| ImportError::Write { path: path.clone(), source })?;
        let is_removing = rules.rule.removes_memberships() && found.missing > 0 && found.without_id == 0;
        let parts = if is_removing { Parts::of(destination, &settings.reading.rules.tuples).await? } else { None };
        let report = MissingMembershipsReport {
            known: found.known,
            missing: found.missing,
            settled_before: found.settled,
            without_user_or_organization: found.without_user_or_organization,
            records_without_id: found.without_id,
            file: (found.missing > 0).then(|| path.display().to_string()),
            ..MissingMembershipsReport::default()
        };
        Ok(Some(Self { rules, found, parts, directory, target: &record.target, report }))
    }

    /// Why nothing is to be sent, if too many are missing.
    pub(super) fn refusal(&self) -> Option<StopReason> {
        let MissingRules { rule, most } = self.rules;
        let MissingMemberships { known, missing, .. } = self.found;
        let is_refused = rule.removes_memberships() && self.found.is_more_than(most);
        is_refused.then_some(StopReason::TooManyMissing { kind: Kind::Membership, missing, known, most })
    }

    /// What came of it.
    pub(super) fn into_report(self) -> MissingMembershipsReport {
        self.report
    }

    /// Removes those that are missing, if that was asked for and nothing speaks against it.
    pub(super) async fn carry_out(&mut self, settings: &ImportSettings) -> Result<(), StopReason> {
        let Some(parts) = &self.parts else { return Ok(()) };
        let runs = &settings.runs_directory;
        let ids = with_id_map(runs, self.target, |map| map.lookup()).await.map_err(StopReason::IdMap)?;
        let mut changes = Changes {
            parts,
            found: &self.found,
            ids: &ids,
            rules: &settings.reading.rules.tuples,
            concurrency: settings.connection.pace.concurrency.start.max(1),
            before: MembershipSearch::removals(runs, self.target, None).map_err(StopReason::Temporary)?,
            confirmed: ConfirmedUsers::open(runs, self.target).map_err(StopReason::Temporary)?,
            path: self.directory.removed(),
            file: None,
            report: &mut self.report,
        };
        for page in pages(self.found.tuples()) {
            changes.take_back(&page.map_err(StopReason::Temporary)?).await?;
        }
        for page in pages(self.found.memberships()) {
            changes.remove(page.map_err(StopReason::Temporary)?).await?;
        }
        Ok(())
    }
}

/// The search for memberships that are missing from these inputs.
fn search(
    (runs_directory, target, run): (PathBuf, &str, &str),
    subject: Subject<'_>,
    watch: &Watch,
) -> Result<MembershipSearch, PrepareError> {
    let reading = subject.reading;
    let (mut records, mut inputs) = (Vec::new(), Vec::new());
    for (index, (input, kind)) in (0..).zip(reading.inputs.iter().zip(&reading.kinds)) {
        if matches!(kind, Kind::User | Kind::Organization | Kind::Membership) {
            let failed = |source| PrepareError::Io { path: input.name().to_string().into(), source };
            records.push(InputRecord::of(input, *kind).map_err(failed)?);
            inputs.push((*kind, input.clone(), watch.of(index)));
        }
    }
    Ok(MembershipSearch {
        runs_directory,
        target: target.to_owned(),
        run: run.to_owned(),
        records,
        inputs,
        limits: reading.limits,
        temporary: std::env::temp_dir(),
    })
}

/// What is done about memberships and tuples, a page at a time. What is about to be done is durable before it is done, and what was
/// done after it.
struct Changes<'c> {
    parts: &'c Parts,
    found: &'c MissingMemberships,
    ids: &'c IdLookup,
    rules: &'c TupleRules,
    concurrency: usize,
    /// What earlier runs did, and earlier parts of this one.
    before: Removals,
    /// What the target confirmed: what is removed is not there any more, should it come back in a later export.
    confirmed: ConfirmedUsers,
    path: PathBuf,
    file: Option<StatesFile>,
    report: &'c mut MissingMembershipsReport,
}

impl Changes<'_> {
    /// Takes tuples back that earlier runs created, of memberships that are gone or the tool's own.
    async fn take_back(&mut self, tuples: &[KnownRecord]) -> Result<(), StopReason> {
        let mut memberships = Vec::with_capacity(tuples.len());
        for tuple in tuples {
            let membership = self.found.membership(&tuple.clerk_id).map_err(StopReason::Temporary)?;
            memberships.push(membership.unwrap_or_else(|| tuple.clone()));
        }
        let found = self.look_at(&memberships).await?;
        for (tuple, found) in tuples.iter().zip(found) {
            if matches!(found, FoundMembership::NotProven) {
                self.note(&[removal(RemovalKind::Left, Kind::RoleTuple, tuple)])?;
            } else {
                self.take_back_one(tuple).await?;
            }
        }
        Ok(())
    }

    /// Takes a tuple back, if it is there.
    async fn take_back_one(&mut self, tuple: &KnownRecord) -> Result<(), StopReason> {
        let before = self.before.of(Kind::RoleTuple, tuple).map_err(StopReason::Temporary)?;
        let line = |change| removal(change, Kind::RoleTuple, tuple);
        if self.parts.tuples.get(&tuple.id).await.map_err(StopReason::Target)?.is_none() {
            // By an earlier part of this run, if it was there.
            let is_ours = matches!(before, Some(RemovalKind::Removing | RemovalKind::Removed));
            self.report.roles_taken_back += u64::from(is_ours);
            return match before {
                Some(RemovalKind::Removed) => Ok(()),
                Some(RemovalKind::Removing) => self.note(&[line(RemovalKind::Removed)]),
                _ => self.note(&[line(RemovalKind::Left)]),
            };
        }
        self.forget_confirmed([&tuple.id])?;
        self.note(&[line(RemovalKind::Removing)])?;
        if self.parts.tuples.delete(&[&tuple.id]).await.map_err(StopReason::Target)? == [true] {
            self.report.roles_taken_back += 1;
            self.note(&[line(RemovalKind::Removed)])?;
        }
        Ok(())
    }

    /// Removes memberships, and first the role that each has now.
    async fn remove(&mut self, memberships: Vec<KnownRecord>) -> Result<(), StopReason> {
        let found = self.look_at(&memberships).await?;
        let (mut settled, mut doomed) = (Vec::new(), Vec::new());
        for (membership, found) in memberships.into_iter().zip(found) {
            let before = self.before.of(Kind::Membership, &membership).map_err(StopReason::Temporary)?;
            let line = |change| removal(change, Kind::Membership, &membership);
            match (&found, before) {
                // By an earlier part of this run.
                (FoundMembership::Gone, Some(RemovalKind::Removed)) => self.report.removed += 1,
                (FoundMembership::Gone, Some(RemovalKind::Removing)) => {
                    self.report.removed += 1;
                    settled.push(line(RemovalKind::Removed));
                }
                (FoundMembership::Gone, _) => {
                    self.report.gone += 1;
                    settled.push(line(RemovalKind::Left));
                }
                (FoundMembership::NotProven, _) => {
                    self.report.not_proven += 1;
                    settled.push(line(RemovalKind::Left));
                }
                (FoundMembership::There { .. }, _) => doomed.push((membership, found)),
            }
        }
        self.note(&settled)?;
        if doomed.is_empty() {
            return Ok(());
        }
        self.take_roles_back(&doomed).await?;
        let ids: Vec<String> = doomed.iter().map(|(membership, _)| membership.id.clone()).collect();
        let mut lines: Vec<Removal> =
            doomed.into_iter().map(|(membership, found)| removing(membership, found)).collect();
        self.forget_confirmed(&ids)?;
        self.note(&lines)?;
        let (ids, mut done): (Vec<&str>, _) = (ids.iter().map(String::as_str).collect(), Vec::new());
        for some in ids.chunks(self.parts.members.at_once()) {
            done.extend(self.parts.members.delete(some).await.map_err(StopReason::Target)?);
        }
        let mut done = done.into_iter();
        lines.retain_mut(|line| {
            line.change = RemovalKind::Removed;
            done.next() == Some(true)
        });
        self.report.removed += lines.len() as u64;
        self.report.failed += (ids.len() - lines.len()) as u64;
        self.note(&lines)
    }

    /// Takes back the roles that members have now: also those that a change gave them, or the target itself.
    async fn take_roles_back(&mut self, members: &[(KnownRecord, FoundMembership)]) -> Result<(), StopReason> {
        for (membership, found) in members {
            let (Some(role), Some((organization, user))) = (found.granted(), pair(&membership.id)) else { continue };
            let text = self.rules.text(organization, role, user);
            if self.parts.tuples.get(&text).await.map_err(StopReason::Target)?.is_some() {
                self.take_back_one(&KnownRecord { external_id: text.clone(), id: text, ..membership.clone() }).await?;
            }
        }
        Ok(())
    }

    async fn look_at(&self, memberships: &[KnownRecord]) -> Result<Vec<FoundMembership>, StopReason> {
        let found = look_at_all(self.parts.members.as_ref(), self.ids, memberships, self.concurrency).await;
        found.map_err(StopReason::Target)
    }

    /// What is removed is not taken for confirmed, should it come back.
    fn forget_confirmed<'i>(&mut self, ids: impl IntoIterator<Item = &'i String>) -> Result<(), StopReason> {
        let nothing = ids.into_iter().map(|id| ConfirmedUser::nothing(id)).collect();
        let forgotten = self.confirmed.add(nothing).and_then(|()| self.confirmed.write());
        forgotten.map_err(StopReason::Temporary)
    }

    fn note(&mut self, lines: &[Removal]) -> Result<(), StopReason> {
        let path = &self.path;
        let failed = |source| StopReason::Journal { path: path.display().to_string(), source };
        if lines.is_empty() {
            return Ok(());
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(StatesFile::open(path).map_err(failed)?),
        };
        file.add(lines).map_err(failed)
    }
}

fn removal(change: RemovalKind, kind: Kind, known: &KnownRecord) -> Removal {
    Removal { change, kind, known: known.clone(), role: None, metadata: None, of: None }
}

/// A membership that is about to be removed, with what undo needs to put it back.
fn removing(known: KnownRecord, found: FoundMembership) -> Removal {
    let (role, metadata, of) = match found {
        FoundMembership::There { role, metadata, of, .. } => (Some(role), metadata, Some(of)),
        FoundMembership::Gone | FoundMembership::NotProven => (None, None, None),
    };
    Removal { change: RemovalKind::Removing, kind: Kind::Membership, known, role, metadata, of }
}
