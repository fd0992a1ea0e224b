//! The search for memberships that are missing.

use std::io;
use std::path::{Path, PathBuf};

use super::missing_memberships::MissingMemberships;
use super::missing_users::CreatedEarlier;
use super::present_memberships::{PresentMemberships, key};
use super::removal::RemovalKind;
use super::removals::{self, Removals};
use super::search_error::{SearchError, check_runs, lost};
use crate::index::{HASH_BYTES, Table};
use crate::journal::{InputRecord, LearnedId, RunDirectory, RunRecord, read_created_ids};
use crate::kind::Kind;
use crate::source::{Input, InputWatch, ReaderLimits};

/// Entries in memory: 128 KiB.
const BUFFERED: usize = 8 * 1024;

/// The search for memberships that earlier runs of a source created, and that are no longer in its export.
#[derive(Clone, Debug)]
pub struct MembershipSearch {
    /// Where runs are kept.
    pub runs_directory: PathBuf,
    /// What runs call the target.
    pub target: String,
    /// The run that searches.
    pub run: String,
    /// The inputs with users, organizations and memberships, as runs keep them.
    pub records: Vec<InputRecord>,
    /// These inputs, and how their bytes are watched.
    pub inputs: Vec<(Kind, Input, InputWatch)>,
    /// Bounds of what the reader buffers.
    pub limits: ReaderLimits,
    /// Where files without a name go.
    pub temporary: PathBuf,
}

impl MembershipSearch {
    /// Searches; nothing if it was stopped. Blocks.
    pub fn find(&self, is_stopped: impl Fn() -> bool) -> Result<Option<MissingMemberships>, SearchError> {
        let temporary = self.temporary.as_path();
        check_runs(&self.runs_directory)?;
        // What an earlier part of this run did belongs to its account.
        let removals = Self::removals(&self.runs_directory, &self.target, Some(&self.run))?;
        let present = PresentMemberships::read(&self.inputs, self.limits, temporary, is_stopped)?;
        let Some(present) = present else { return Ok(None) };
        let mut found = MissingMemberships::new(present.without_id, temporary)?;
        let runs = self.earlier_runs()?;
        let mut seen = Table::<HASH_BYTES>::new(BUFFERED, temporary.to_path_buf());
        each_created(&runs, Kind::Membership, |membership| {
            // Of one that was created twice, the older one was removed in between.
            let hash = key(Kind::Membership, &membership.clerk_id);
            if seen.find(&hash)?.is_some() {
                return Ok(());
            }
            seen.insert(hash)?;
            if present.has(Kind::Membership, &membership.clerk_id)? {
                found.known += 1;
            } else if is_settled(&removals, Kind::Membership, &membership)? {
                found.settled += 1;
            } else {
                match absence(&present, &membership.clerk_id)? {
                    Absence::Missing => found.add(&membership)?,
                    Absence::OfIncompleteUser => found.of_incomplete_users += 1,
                    Absence::WithUserOrOrganization => found.without_user_or_organization += 1,
                }
            }
            Ok(())
        })?;
        each_created(&runs, Kind::RoleTuple, |tuple| {
            let hash = removals::key(Kind::RoleTuple, &tuple);
            let is_missing = found.membership(&tuple.clerk_id)?.is_some();
            if !is_missing || is_settled(&removals, Kind::RoleTuple, &tuple)? || seen.find(&hash)?.is_some() {
                return Ok(());
            }
            seen.insert(hash)?;
            found.add_tuple(&tuple)
        })?;
        Ok(Some(found))
    }

    /// What the runs of a target that were not undone did about what was missing, but for one of them.
    pub fn removals(runs: &Path, target: &str, except: Option<&str>) -> io::Result<Removals> {
        let listed = RunDirectory::list(runs)?.into_iter();
        let of_target = listed.filter(|(directory, record)| {
            record.target == target && !directory.is_undone() && Some(directory.id()) != except
        });
        Removals::read(of_target.map(|(directory, _)| directory.removed()), &std::env::temp_dir())
    }

    /// The earlier runs of the same source whose journals are there and that are not undone, the newest first.
    fn earlier_runs(&self) -> io::Result<Vec<(RunDirectory, RunRecord)>> {
        let mut listed = RunDirectory::list(&self.runs_directory)?;
        let users = paths(&self.records, Kind::User);
        let memberships = paths(&self.records, Kind::Membership);
        listed.retain(|(directory, record)| {
            let users_of_run = paths(&record.inputs, Kind::User);
            self.run != record.id
                && record.target == self.target
                && paths(&record.inputs, Kind::Membership) == memberships
                // Steps of one migration may be runs of their own. What stood inside users came with them.
                && (users_of_run == users || users_of_run.is_empty() && !memberships.is_empty())
                && !directory.is_undone()
                && !directory.is_pruned()
        });
        Ok(listed)
    }
}

/// The paths of the inputs of a kind, in order.
fn paths(inputs: &[InputRecord], kind: Kind) -> Vec<&str> {
    let of_kind = inputs.iter().filter(|input| input.kind == kind && !input.is_taken_out_of_users());
    let mut paths: Vec<&str> = of_kind.map(|input| input.path.as_str()).collect();
    paths.sort_unstable();
    paths
}

/// Shows what runs created of a kind, in their order.
fn each_created(
    runs: &[(RunDirectory, RunRecord)],
    kind: Kind,
    mut each: impl FnMut(CreatedEarlier) -> io::Result<()>,
) -> Result<(), SearchError> {
    for (directory, record) in runs {
        let read = read_created_ids(&directory.journal(), |created: LearnedId<'_>| {
            let input = record.inputs.get(usize::from(created.key.input));
            if input.is_some_and(|input| input.kind == kind) {
                each(CreatedEarlier::of(directory.id(), created))?;
            }
            Ok(())
        });
        read.map_err(|error| lost(directory, &error))?;
    }
    Ok(())
}

fn is_settled(removals: &Removals, kind: Kind, known: &CreatedEarlier) -> io::Result<bool> {
    Ok(matches!(removals.of(kind, known)?, Some(RemovalKind::Removed | RemovalKind::Left)))
}

/// What it means that a membership is not in the export.
enum Absence {
    /// It is gone, for its user and its organization are there.
    Missing,
    /// It may be inside its user all the same, whose record is broken or lists only some.
    OfIncompleteUser,
    /// Its user or its organization is not there either.
    WithUserOrOrganization,
}

fn absence(present: &PresentMemberships, clerk_id: &str) -> io::Result<Absence> {
    let Some((organization, user)) = clerk_id.split_once('/') else { return Ok(Absence::WithUserOrOrganization) };
    Ok(if !present.has(Kind::Organization, organization)? || !present.has(Kind::User, user)? {
        Absence::WithUserOrOrganization
    } else if present.is_incomplete(user)? {
        Absence::OfIncompleteUser
    } else {
        Absence::Missing
    })
}
