//! Which identities undoing a run deletes: those that the run surely created, and that are still as it made them.
//!
//! An identity is looked up by the target's own id, which the journal has; only what the target itself says is gone counts as
//! gone. Where the answer to a request was lost there is no id: there the identity's mark says whether the run created it
//! ([`RunMark`]). An identity that is not found under its external id may have been given another one since, so the target's
//! whole list is gone through for the mark. So it is where the end of the journal may be missing: then all that carries the
//! mark of the run is the run's. What is proven so is added to the journal before it is deleted: however often undoing is broken
//! off, the run created it. What is neither proven nor disproven is in doubt; it is kept, and named in a file of the run.

mod fate;
mod marked_identities;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};

use marked_identities::{Marked, MarkedIdentities};

use super::super::shared::command_error::CommandError;
use super::decided_records::DecidedRecords;
use super::doomed_contents::DoomedContents;
use super::doubts_file::DoubtsFile;
use super::kept_roles::KeptRoles;
use super::undo_error::UndoError;
use crate::destination::{Destination, RunMark};
use crate::journal::{Amendment, InDoubt, RecordKey};
use crate::kind::Kind;
use crate::mapping::TupleRules;
use crate::report::{Deleted, DeletedKinds};

/// An identity that the journal says the run created.
pub(super) struct CreatedRecord {
    pub key: RecordKey,
    pub external_id: String,
    pub id: Option<String>,
}

/// Records in doubt that were not found, or not proven, under their external ids; and whether they stay in doubt if no mark is
/// found either.
type Unfound<'a> = BTreeMap<RecordKey, (Option<&'a str>, bool)>;

/// What is to be done about an identity.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    Delete(String),
    Gone,
    Changed(String),
    NotOurs,
    InDoubt,
}

/// What the identity says that has the external id of one that the run created.
enum NamedIdentity {
    /// What is to be done.
    Fate(Fate),
    /// It is another one, and carries the mark of the run all the same: somebody gave it another id, or the mark.
    Marked,
    /// It says nothing: it is somebody else's, or there is none, or that was not asked.
    Nothing,
}

/// Deletes what a run created.
pub(super) struct Deletion<'a> {
    pub target: Arc<dyn Destination>,
    /// Of which kind what it deletes is.
    pub kind: Kind,
    /// What the run put on what it created; nothing if it was begun by a version that did not.
    pub mark: Option<RunMark>,
    /// Whether it is only found out what would be deleted: nothing is deleted, and nothing is written.
    pub is_dry_run: bool,
    /// Whether what was changed since is deleted, too.
    pub force: bool,
    /// How many identities are looked up at once, where that goes one by one.
    pub concurrency: usize,
    pub doubts: DoubtsFile<'a>,
    /// The records of the journal that were decided about, if its end may be missing: what else carries the mark of the run is
    /// the run's, too.
    pub decided: Option<DecidedRecords>,
    /// The journal, once there is anything to add to it.
    pub amendment: Option<Amendment>,
    pub counts: &'a Cell<DeletedKinds>,
    /// In a dry run, the memberships and tuples that would be deleted: with them an organization is not empty yet.
    pub doomed_contents: DoomedContents,
    /// Roles that the target did not take back.
    pub kept_roles: KeptRoles,
}

impl Deletion<'_> {
    /// Turns to records of a kind, at the part of the target that takes them: whether there is one.
    pub(super) async fn turn_to(
        &mut self,
        kind: Kind,
        target: &Arc<dyn Destination>,
        tuples: &TupleRules,
    ) -> Result<bool, CommandError> {
        let part = if kind == Kind::User { Some(Arc::clone(target)) } else { target.of_kind(kind, tuples).await? };
        let Some(part) = part else { return Ok(false) };
        (self.kind, self.target) = (kind, part);
        Ok(true)
    }

    /// Deletes a page of what the journal says was created, as far as it is still so.
    pub(super) async fn delete(&mut self, page: &[CreatedRecord]) -> Result<(), CommandError> {
        // One by one, asking for the external ids would be as many requests again.
        let named = if self.asks_one_by_one() {
            page.iter().map(|created| self.named(created, None)).collect()
        } else {
            self.look_up(page).await?
        };
        let fates = page.iter().zip(named).map(|(created, named)| self.fate_of(created, named));
        let fates: Vec<Fate> = stream::iter(fates).buffered(self.concurrency).try_collect().await?;
        let mut doomed = Vec::new();
        for (created, fate) in page.iter().zip(fates) {
            if fate != Fate::Gone {
                self.decide(created.key)?;
            }
            match fate {
                Fate::Delete(id) => doomed.push(id),
                Fate::Gone => self.count(|counts| counts.gone_already += 1),
                Fate::Changed(_) => self.count(|counts| counts.kept_changed += 1),
                Fate::NotOurs => self.count(|counts| counts.kept_not_ours += 1),
                Fate::InDoubt => self.leave_in_doubt(created.key, Some(&created.external_id))?,
            }
        }
        self.carry_out(&doomed).await
    }

    /// Deletes what was in doubt and turns out to be the run's own, of which this is the journal.
    pub(super) async fn look_up_doubts(&mut self, doubts: &[InDoubt], journal: &Path) -> Result<(), CommandError> {
        let (mut named, mut unfound) = (Vec::new(), Unfound::new());
        for InDoubt { key, external_id } in doubts {
            match external_id {
                Some(external_id) => named.push((*key, external_id.as_str())),
                None => drop(unfound.insert(*key, (None, true))),
            }
        }
        let mut rest = named.as_slice();
        while !rest.is_empty() {
            let fates = self.fates_of_doubtful(rest).await?;
            let (page, further) = rest.split_at(fates.len());
            rest = further;
            let mut ours = Vec::new();
            for ((key, external_id), fate) in page.iter().zip(fates) {
                let (id, is_doomed) = match fate {
                    Fate::NotOurs | Fate::Gone | Fate::InDoubt => {
                        unfound.insert(*key, (Some(external_id), fate == Fate::InDoubt));
                        continue;
                    }
                    Fate::Changed(id) => (id, false),
                    Fate::Delete(id) => (id, true),
                };
                self.decide(*key)?;
                ours.push((*key, (*external_id).to_owned(), id, is_doomed));
            }
            self.take(ours, journal).await?;
        }
        self.take_marked(&mut unfound, journal).await?;
        for (key, (external_id, stays_in_doubt)) in unfound {
            if stays_in_doubt {
                self.leave_in_doubt(key, external_id)?;
            }
        }
        Ok(())
    }

    /// All is decided.
    pub(super) fn finish(&mut self) -> Result<(), UndoError> {
        if self.is_dry_run {
            return Ok(());
        }
        self.doubts.finish().map_err(UndoError::Io)
    }

    /// Deletes what the target's whole list shows to be the run's own, wherever it is by its external id.
    async fn take_marked(&mut self, unfound: &mut Unfound<'_>, journal: &Path) -> Result<(), CommandError> {
        let Some(mark) = &self.mark else { return Ok(()) };
        if unfound.is_empty() && self.decided.is_none() {
            return Ok(());
        }
        // A membership or a tuple is where its own id says, or nowhere.
        if !matches!(self.kind, Kind::User | Kind::Organization) {
            return Ok(());
        }
        tracing::info!("the target's whole list is gone through for the mark of the run");
        let marked = MarkedIdentities::find(self.target.as_ref(), mark, |key| self.is_open(unfound, key)).await?;
        if !marked.shows_marks {
            tracing::warn!("the target's list does not show the marks of runs");
            for (_, stays_in_doubt) in unfound.values_mut() {
                *stays_in_doubt = true;
            }
        }
        for page in marked.pages() {
            let mut ours = Vec::new();
            for marked in page.map_err(UndoError::Io)? {
                let Marked { key, id, external_id, is_as_created, has_signed_in } = marked;
                // It may be listed twice.
                if self.is_open(unfound, key).map_err(UndoError::Io)? {
                    unfound.remove(&key);
                    self.decide(key)?;
                    if self.force || is_as_created {
                        self.note_sign_in(has_signed_in);
                    }
                    ours.push((key, external_id, id, self.force || is_as_created));
                }
            }
            self.take(ours, journal).await?;
        }
        Ok(())
    }

    /// Takes in what turned out to be the run's own, by its record, its external id and its id, and deletes what is doomed of it.
    async fn take(&mut self, ours: Vec<(RecordKey, String, String, bool)>, journal: &Path) -> Result<(), CommandError> {
        let doomed: Vec<String> =
            ours.iter().filter(|(.., is_doomed)| *is_doomed).map(|(_, _, id, _)| id.clone()).collect();
        let ours: Vec<_> = ours.into_iter().map(|(key, external_id, id, _)| (key, external_id, id)).collect();
        self.note_created(&ours, journal)?;
        self.count(|counts| {
            counts.created += ours.len() as u64;
            counts.kept_changed += (ours.len() - doomed.len()) as u64;
        });
        self.carry_out(&doomed).await
    }

    /// Whether the mark of the run with this record says something that is not known yet.
    fn is_open(&self, unfound: &Unfound<'_>, key: RecordKey) -> io::Result<bool> {
        match &self.decided {
            Some(decided) => decided.has(key).map(|is_decided| !is_decided),
            None => Ok(unfound.contains_key(&key)),
        }
    }

    /// Nothing else is to be decided about a record.
    fn decide(&mut self, key: RecordKey) -> Result<(), UndoError> {
        self.decided.as_mut().map_or(Ok(()), |decided| decided.add(key).map_err(UndoError::Io))
    }

    /// What was in doubt is so no more.
    fn note_created(&mut self, ours: &[(RecordKey, String, String)], journal: &Path) -> Result<(), UndoError> {
        if ours.is_empty() || self.is_dry_run {
            return Ok(());
        }
        if self.amendment.is_none() {
            self.amendment = Amendment::open(journal, self.doubts.inputs().len())?;
        }
        let Some(amendment) = &mut self.amendment else { return Ok(()) };
        amendment.created(ours).map_err(UndoError::Io)
    }

    fn leave_in_doubt(&mut self, key: RecordKey, external_id: Option<&str>) -> Result<(), CommandError> {
        self.count(|counts| counts.in_doubt += 1);
        if self.is_dry_run {
            return Ok(());
        }
        Ok(self.doubts.add(key, external_id).map_err(UndoError::Io)?)
    }

    async fn carry_out(&mut self, doomed: &[String]) -> Result<(), CommandError> {
        if self.is_dry_run {
            return self.count_doomed(doomed).await;
        }
        let doomed = self.without_role(doomed)?;
        for some in doomed.chunks(self.target.at_once()) {
            // By force, what others put into an organization since goes with it.
            let deleted = if self.force { self.target.delete_with_contents(some) } else { self.target.delete(some) };
            for (id, is_deleted) in some.iter().zip(deleted.await?) {
                if !is_deleted && self.kind == Kind::RoleTuple {
                    self.kept_roles.add(id).map_err(UndoError::Io)?;
                }
                self.count(|counts| *(if is_deleted { &mut counts.deleted } else { &mut counts.failed }) += 1);
            }
        }
        Ok(())
    }

    /// All of these but memberships whose role the target keeps.
    fn without_role<'d>(&mut self, doomed: &'d [String]) -> Result<Vec<&'d str>, UndoError> {
        let mut rest = Vec::with_capacity(doomed.len());
        for id in doomed {
            if self.kind == Kind::Membership && self.kept_roles.has_member(id).map_err(UndoError::Io)? {
                self.count(|counts| counts.failed += 1);
            } else {
                rest.push(id.as_str());
            }
        }
        Ok(rest)
    }

    /// Counts what would be deleted. An organization in which others have put something would not.
    async fn count_doomed(&mut self, doomed: &[String]) -> Result<(), CommandError> {
        let mut kept = 0;
        for id in doomed {
            match self.kind {
                Kind::Organization if !self.force => {
                    let contents = &self.doomed_contents;
                    let is_doomed = |kind: Kind, id: &str| contents.has(kind, id);
                    kept += u64::from(self.target.holds_others(id, &is_doomed).await?);
                }
                kind => self.doomed_contents.add(kind, id).map_err(UndoError::Io)?,
            }
        }
        self.count(|counts| {
            counts.deleted += doomed.len() as u64 - kept;
            counts.failed += kept;
        });
        Ok(())
    }

    fn asks_one_by_one(&self) -> bool {
        self.target.at_once() == 1
    }

    fn count(&self, count: impl FnOnce(&mut Deleted)) {
        let mut counts = self.counts.get();
        count(counts.of(self.kind));
        self.counts.set(counts);
    }
}
