//! The imports into one target, and what follows from them.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::shards::put_together;
use super::target_name::is_same_target;
use super::{Finding, RunStanding, SeenRun, Verification};
use crate::human::{count, plural};
use crate::kind::Kind;

/// The imports into one target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imports {
    target: String,
    /// Those of an export or of its changes, of whichever kinds, the newest first; shards are one.
    whole: Vec<SeenRun>,
    /// Those of mended rejects.
    mended: Vec<SeenRun>,
}

impl Imports {
    /// Those of these runs that are about a target. A pilot of selected users is none.
    pub fn into_target(target: &str, runs: &[SeenRun]) -> Self {
        let mut imports = Self { target: target.to_owned(), ..Self::default() };
        let mut shards: BTreeMap<&str, Vec<&SeenRun>> = BTreeMap::new();
        for run in runs.iter().filter(|run| run.target == target && !run.is_selection) {
            match (&run.rejects_of, run.shard) {
                (Some(_), _) => imports.mended.push(run.clone()),
                (None, Some(_)) => shards.entry(&run.whole).or_default().push(run),
                (None, None) => imports.whole.push(run.clone()),
            }
        }
        imports.whole.extend(shards.into_values().map(put_together));
        imports.whole.sort_by_key(|run| std::cmp::Reverse(run.started));
        imports
    }

    /// When one that brought users last changed something.
    pub fn users_last_changed(&self) -> Option<Timestamp> {
        self.whole.iter().filter(|run| run.has_users()).map(|run| run.last_active).max()
    }

    /// Whether the last one of users is finished, and the whole one before it if it is one of changes, and the last one of each
    /// other kind that was imported.
    pub fn last_is_finished(&self) -> Finding {
        let Some(of_users) = self.newest_of(Kind::User) else {
            let sentence =
                format!("there is no import of users into {} in the directory of runs (--runs-dir)", self.target);
            return Finding::failed(sentence).then("avnology migrate clerk --import EXPORT");
        };
        let others = self.whole.iter().filter(|run| self.is_newest_of_a_kind(run));
        let open = std::iter::once(of_users)
            .chain(self.last_whole())
            .chain(others)
            .find(|run| run.standing != RunStanding::Finished);
        let last = open.unwrap_or(of_users);
        let (id, when) = (last.called(), last.started.strftime("%F %T UTC"));
        match last.standing {
            RunStanding::Finished => {
                let read = last.read.map_or_else(|| "its records".to_owned(), |read| plural(read, "record"));
                Finding::ok(format!("run {id} of {when} is finished: {read}"))
            }
            RunStanding::Unfinished => Finding::failed(format!("run {id} of {when} is not finished"))
                .then(format!("avnology migrate clerk resume {}", last.id)),
            RunStanding::Undone => {
                Finding::failed(format!("run {id} of {when} was undone")).then("avnology migrate clerk --import EXPORT")
            }
            RunStanding::Damaged => Finding::failed(format!("the journal of run {id} cannot be read"))
                .then(format!("avnology migrate clerk runs show {}", last.id)),
        }
    }

    /// Whether they left rejects that nobody mended. `accepted` is when a person last said that these stay behind.
    pub fn no_rejects_are_left(&self, accepted: Option<Timestamp>) -> Finding {
        if self.newest_of(Kind::User).is_none() {
            return Finding::failed(format!("there is no import of users into {}", self.target));
        }
        let (mut left, mut last) = (0, None);
        for run in &self.whole {
            let Some(of_run) = self.left_of(run, &self.kinds_that_count(run)) else {
                return Finding::failed(format!("what run {} rejected is not known", run.called()));
            };
            left += of_run;
            last = last.or((of_run > 0).then_some(run));
        }
        let Some(last) = last else { return Finding::ok("no rejects are left") };
        let rejects = plural(left, "reject");
        // What an import rejected after that, nobody accepted; one that goes on rejects more.
        if accepted > self.whole.iter().map(|run| run.last_active).max() {
            return Finding::ok(format!("{rejects} left behind, as a person accepted (rejects-accepted)"));
        }
        Finding::failed(format!(
            "{rejects} did not move; mend and import them, or record `rejects-accepted` if they stay behind"
        ))
        .then(format!("avnology migrate clerk runs show {}", last.id))
    }

    /// Whether comparisons found the same at the target, of each kind that was imported; `other` is one whose report was named.
    pub fn are_verified(&self, other: Option<&Verification>) -> Finding {
        match self.comparison_of_users(other) {
            Ok(of_users) => {
                let (checked, when) = (count(of_users.checked), of_users.at.strftime("%F %T UTC"));
                Finding::ok(format!("{checked} compared at {when}, and all as in the export"))
            }
            Err(problem) => Finding::failed(problem).then("avnology migrate clerk verify --import EXPORT"),
        }
    }

    /// The comparison of the users, if nothing is wrong with it nor with those of the other kinds; or what is wrong.
    fn comparison_of_users<'a>(&'a self, other: Option<&'a Verification>) -> Result<&'a Verification, String> {
        if self.newest_of(Kind::User).is_none() {
            return Err(format!("there is no import of users into {}", self.target));
        }
        let of_users = self.newest_comparison(Kind::User, other)?;
        let kinds: BTreeSet<Kind> = self.whole.iter().flat_map(|run| run.kinds.iter().copied()).collect();
        kinds.into_iter().try_for_each(|kind| self.newest_comparison(kind, other).map(drop))?;
        // A comparison with all that is there is enough; what was imported before does not matter.
        if of_users.extra > 0 {
            self.whole_is_verified()?;
        }
        Ok(of_users)
    }

    /// The newest comparison of a kind since its last import, if nothing is wrong with it; or what is wrong.
    fn newest_comparison<'a>(
        &'a self,
        kind: Kind,
        other: Option<&'a Verification>,
    ) -> Result<&'a Verification, String> {
        let of_kind = || self.whole.iter().filter(|run| run.kinds.contains(&kind));
        let changed = of_kind().map(|run| run.last_active).max();
        let found = self.comparisons(other).filter(|found| found.kinds.contains(&kind) && Some(found.at) > changed);
        let Some(found) = found.max_by_key(|found| found.at) else {
            let run = of_kind().max_by_key(|run| run.last_active).map(SeenRun::called).unwrap_or_default();
            return Err(format!("nobody compared the {} at the target with an export since run {run}", kind.plural()));
        };
        // Only users are exported by their changes: of all else nobody may be at the target who is not in the export.
        let has_users = found.kinds.contains(&Kind::User);
        let is_of_changes = has_users && self.newest_of(Kind::User).is_some_and(SeenRun::is_of_changes);
        match found.problem(is_of_changes) {
            Some(problem) => Err(format!("the comparison of {} found: {problem}", found.at.strftime("%F %T UTC"))),
            None => Ok(found),
        }
    }

    /// Whether the whole export before the changes was found the same.
    fn whole_is_verified(&self) -> Result<(), String> {
        let of_whole = self
            .last_whole()
            .and_then(|whole| whole.verification.as_ref().filter(|found| found.at > whole.last_active));
        let of_whole = of_whole.ok_or(
            "the last import is one of changes, and nobody compared the whole export before it with the target",
        )?;
        let problem = of_whole.problem(false);
        problem.map_or(Ok(()), |problem| Err(format!("the comparison with the whole export found: {problem}")))
    }

    /// The moment up to which all changes at Clerk are at the target: when the last export was begun that joins the imports
    /// before it. Nothing if no export is known.
    pub fn covered_until(&self) -> Option<Timestamp> {
        let mut covered: Option<Timestamp> = None;
        for run in self.whole.iter().rev().filter(|run| run.standing == RunStanding::Finished) {
            let Some(export) = run.export else { continue };
            let joins = export.since.is_none_or(|since| covered.is_some_and(|covered| since <= covered));
            if joins {
                covered = covered.max(Some(export.started));
            }
        }
        covered
    }

    /// The newest comparison of the users, of those that runs have and another one, whose report was named.
    pub fn newest_verification<'a>(&'a self, other: Option<&'a Verification>) -> Option<&'a Verification> {
        self.comparisons(other).filter(|found| found.kinds.contains(&Kind::User)).max_by_key(|found| found.at)
    }

    /// All comparisons of this target.
    fn comparisons<'a>(&'a self, other: Option<&'a Verification>) -> impl Iterator<Item = &'a Verification> {
        let is_here = |other: &&Verification| match &other.target {
            Some(target) => is_same_target(&self.target, target),
            None => true,
        };
        self.whole.iter().filter_map(|run| run.verification.as_ref()).chain(other.filter(is_here))
    }

    fn newest_of(&self, kind: Kind) -> Option<&SeenRun> {
        self.whole.iter().find(|run| run.kinds.contains(&kind))
    }

    /// The last one of a whole export of users.
    fn last_whole(&self) -> Option<&SeenRun> {
        self.whole.iter().find(|run| run.has_users() && !run.is_of_changes())
    }

    /// Whether no later run brought some kind that this one did.
    fn is_newest_of_a_kind(&self, run: &SeenRun) -> bool {
        run.kinds.iter().any(|kind| self.newest_of(*kind).is_some_and(|newest| std::ptr::eq(newest, run)))
    }

    /// Of which kinds what is at the target is by this run: no later one brought them. Users that came as changes are by all runs
    /// down to that of the whole export: only users are exported by their changes.
    fn kinds_that_count(&self, run: &SeenRun) -> BTreeSet<Kind> {
        let last_whole = self.last_whole().map(|run| run.started);
        let counts = |kind: &Kind| match kind {
            Kind::User => Some(run.started) >= last_whole,
            kind => self.newest_of(*kind).is_some_and(|newest| std::ptr::eq(newest, run)),
        };
        run.kinds.iter().copied().filter(counts).collect()
    }

    /// How many rejects of a run are left of these kinds, after imports of mended ones. If it is known of all its kinds together
    /// only, all of its rejects are counted.
    fn left_of(&self, run: &SeenRun, kinds: &BTreeSet<Kind>) -> Option<u64> {
        if kinds.is_empty() {
            return Some(0);
        }
        let of_kinds = kinds.iter().map(|kind| self.left_of_kind(run, *kind)).sum();
        Option::or_else(of_kinds, || self.left_of_all(run))
    }

    /// The same of one kind, if that is known of the run.
    fn left_of_kind(&self, run: &SeenRun, kind: Kind) -> Option<u64> {
        let rejected = run.of_kind(kind)?.rejected;
        let newest =
            self.mends_of(run).filter(|mended| mended.kinds.contains(&kind)).max_by_key(|mended| mended.started);
        match newest.and_then(|mended| Some((mended.of_kind(kind)?.read, self.left_of_kind(mended, kind)?))) {
            Some((read, left)) if rejected > 0 => Some(rejected.saturating_sub(read) + left),
            _ => Some(rejected),
        }
    }

    /// The same of all kinds together.
    fn left_of_all(&self, run: &SeenRun) -> Option<u64> {
        let rejected = run.rejected?;
        let newest = self.mends_of(run).max_by_key(|mended| mended.started);
        // Who imports fewer than there were left the others out.
        let not_sent = |mended: &SeenRun| rejected.saturating_sub(mended.read.unwrap_or_default());
        match newest {
            Some(mended) if rejected > 0 => Some(not_sent(mended) + self.left_of_all(mended)?),
            _ => Some(rejected),
        }
    }

    /// The imports of what a run rejected.
    fn mends_of<'a>(&'a self, run: &'a SeenRun) -> impl Iterator<Item = &'a SeenRun> {
        self.mended.iter().filter(|other| {
            other.rejects_of.as_ref() == Some(&run.id)
                && other.standing == RunStanding::Finished
                && other.started > run.started
        })
    }
}
