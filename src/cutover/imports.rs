//! The imports into one target, and what follows from them.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::shards::put_together;
use super::target_name::is_same_target;
use super::{Finding, RunStanding, SeenRun, Verification};
use crate::human::{count, plural};

/// The imports into one target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imports {
    target: String,
    /// Those of a whole export or of its changes, the newest first; shards are one.
    whole: Vec<SeenRun>,
    /// Those of mended rejects.
    mended: Vec<SeenRun>,
}

impl Imports {
    /// Those of these runs that are about the users of a target. A pilot of selected users is none.
    pub fn into_target(target: &str, runs: &[SeenRun]) -> Self {
        let mut imports = Self { target: target.to_owned(), ..Self::default() };
        let mut shards: BTreeMap<&str, Vec<&SeenRun>> = BTreeMap::new();
        for run in runs.iter().filter(|run| run.target == target && run.has_users && !run.is_selection) {
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

    /// When the last one began.
    pub fn last_started(&self) -> Option<Timestamp> {
        self.whole.first().map(|run| run.started)
    }

    /// Whether the last one is finished.
    pub fn last_is_finished(&self) -> Finding {
        let Some(last) = self.whole.first() else {
            let sentence = format!("there is no import into {} in the directory of runs (--runs-dir)", self.target);
            return Finding::failed(sentence).then("avnology migrate clerk --import EXPORT");
        };
        let (id, when) = (&last.id, last.started.strftime("%F %T UTC"));
        match last.standing {
            RunStanding::Finished => {
                let read = last.read.map_or_else(|| "its records".to_owned(), |read| plural(read, "record"));
                Finding::ok(format!("run {id} of {when} is finished: {read}"))
            }
            RunStanding::Unfinished => Finding::failed(format!("run {id} of {when} is not finished"))
                .then(format!("avnology migrate clerk resume {id}")),
            RunStanding::Undone => {
                Finding::failed(format!("run {id} of {when} was undone")).then("avnology migrate clerk --import EXPORT")
            }
            RunStanding::Damaged => Finding::failed(format!("the journal of run {id} cannot be read"))
                .then(format!("avnology migrate clerk runs show {id}")),
        }
    }

    /// Whether it left rejects that nobody mended. `accepted` is when a person last said that these stay behind.
    pub fn no_rejects_are_left(&self, accepted: Option<Timestamp>) -> Finding {
        let Some(last) = self.whole.first() else {
            return Finding::failed(format!("there is no import into {}", self.target));
        };
        let mut left = 0;
        for run in self.since_the_last_whole_one() {
            match self.left_of(run) {
                Some(of_run) => left += of_run,
                None => return Finding::failed(format!("what run {} rejected is not known", run.id)),
            }
        }
        if left == 0 {
            return Finding::ok("no rejects are left");
        }
        let rejects = plural(left, "reject");
        // What an import brought after that, nobody accepted.
        if accepted.is_some_and(|accepted| accepted > last.started) {
            return Finding::ok(format!("{rejects} left behind, as a person accepted (rejects-accepted)"));
        }
        Finding::failed(format!(
            "{rejects} did not move; mend and import them, or record `rejects-accepted` if they stay behind"
        ))
        .then(format!("avnology migrate clerk runs show {}", last.id))
    }

    /// Whether a comparison found the same at the target; `other` is one whose report was named.
    pub fn are_verified(&self, other: Option<&Verification>) -> Finding {
        let verify = "avnology migrate clerk verify --import EXPORT";
        let Some(last) = self.whole.first() else {
            return Finding::failed(format!("there is no import into {}", self.target));
        };
        let later = self.of_this_target(other).filter(|other| other.at > last.started);
        let newest = [last.verification.as_ref(), later].into_iter().flatten().max_by_key(|found| found.at);
        let Some(newest) = newest else {
            return Finding::failed(format!("nobody compared the target with an export since run {}", last.id))
                .then(verify);
        };
        // A comparison with all that is there is enough; what was imported before does not matter.
        let is_of_changes = last.is_of_changes() && newest.extra > 0;
        if let Some(problem) = newest.problem(is_of_changes) {
            return Finding::failed(format!("the comparison of {} found: {problem}", newest.at.strftime("%F %T UTC")))
                .then(verify);
        }
        if is_of_changes {
            let whole = self.last_whole().and_then(|whole| Some((whole, whole.verification.as_ref()?)));
            let Some((_, of_whole)) = whole else {
                return Finding::failed(
                    "the last import is one of changes, and nobody compared the whole export before it with the target",
                )
                .then(verify);
            };
            if let Some(problem) = of_whole.problem(false) {
                return Finding::failed(format!("the comparison with the whole export found: {problem}")).then(verify);
            }
        }
        let (checked, when) = (count(newest.checked), newest.at.strftime("%F %T UTC"));
        Finding::ok(format!("{checked} compared at {when}, and all as in the export"))
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

    /// The newest comparison of the target, of those that runs have and another one, whose report was named.
    pub fn newest_verification<'a>(&'a self, other: Option<&'a Verification>) -> Option<&'a Verification> {
        let of_runs = self.whole.iter().filter_map(|run| run.verification.as_ref());
        of_runs.chain(self.of_this_target(other)).max_by_key(|found| found.at)
    }

    /// A comparison, if it is one of this target.
    fn of_this_target<'a>(&self, other: Option<&'a Verification>) -> Option<&'a Verification> {
        other.filter(|other| other.target.as_ref().is_none_or(|target| is_same_target(&self.target, target)))
    }

    fn last_whole(&self) -> Option<&SeenRun> {
        self.whole.iter().find(|run| !run.is_of_changes())
    }

    fn since_the_last_whole_one(&self) -> impl Iterator<Item = &SeenRun> {
        let last = self.whole.iter().position(|run| !run.is_of_changes());
        self.whole.iter().take(last.map_or(usize::MAX, |last| last + 1))
    }

    /// How many rejects of a run are left, after imports of mended ones.
    fn left_of(&self, run: &SeenRun) -> Option<u64> {
        let rejected = run.rejected?;
        let is_mend = |other: &&SeenRun| {
            other.rejects_of.as_ref() == Some(&run.id)
                && other.standing == RunStanding::Finished
                && other.started > run.started
        };
        let newest = self.mended.iter().filter(is_mend).max_by_key(|other| other.started);
        // Who imports fewer than there were left the others out.
        let not_sent = |mended: &SeenRun| rejected.saturating_sub(mended.read.unwrap_or_default());
        match newest {
            Some(mended) if rejected > 0 => Some(not_sent(mended) + self.left_of(mended)?),
            _ => Some(rejected),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cutover::{ExportSeen, Outcome};

    fn moment(minute: u32) -> Timestamp {
        format!("2026-11-26T03:{minute:02}:00Z").parse().expect("a moment")
    }

    fn run(id: &str, minute: u32) -> SeenRun {
        SeenRun {
            id: id.to_owned(),
            target: "T".to_owned(),
            started: moment(minute),
            standing: RunStanding::Finished,
            read: Some(10),
            rejected: Some(0),
            rejects_of: None,
            is_selection: false,
            shard: None,
            whole: String::new(),
            has_users: true,
            export: None,
            verification: None,
        }
    }

    fn found(minute: u32, extra: u64) -> Verification {
        let (missing, different, wrong) = (0, 0, 0);
        let (is_finished, is_selection, checked) = (true, false, 10);
        Verification {
            at: moment(minute),
            target: None,
            is_finished,
            is_selection,
            checked,
            missing,
            different,
            extra,
            wrong,
        }
    }

    fn imports(runs: &[SeenRun]) -> Imports {
        Imports::into_target("T", runs)
    }

    #[test]
    fn only_the_last_whole_import_into_this_target_counts() {
        let outcome = |runs: &[SeenRun]| imports(runs).last_is_finished().outcome;
        assert_eq!(outcome(&[]), Outcome::Failed);
        assert_eq!(outcome(&[SeenRun { target: "U".to_owned(), ..run("a", 1) }]), Outcome::Failed);
        assert_eq!(outcome(&[SeenRun { is_selection: true, ..run("a", 1) }]), Outcome::Failed, "a pilot");
        assert_eq!(outcome(&[SeenRun { has_users: false, ..run("a", 1) }]), Outcome::Failed);
        assert_eq!(outcome(&[run("a", 1)]), Outcome::Ok);
        for standing in [RunStanding::Unfinished, RunStanding::Undone, RunStanding::Damaged] {
            assert_eq!(outcome(&[run("a", 1), SeenRun { standing, ..run("b", 2) }]), Outcome::Failed);
            assert_eq!(outcome(&[SeenRun { standing, ..run("a", 1) }, run("b", 2)]), Outcome::Ok);
        }
        let shard = |number, minute| SeenRun { shard: Some((number, 2)), whole: "w".to_owned(), ..run("s", minute) };
        assert_eq!(outcome(&[shard(1, 1)]), Outcome::Failed, "one of two");
        assert_eq!(outcome(&[shard(1, 1), shard(2, 2)]), Outcome::Ok);
        let half = SeenRun { standing: RunStanding::Unfinished, ..shard(2, 3) };
        assert_eq!(outcome(&[shard(1, 1), shard(2, 2), half]), Outcome::Failed, "the newest of each");
    }

    #[test]
    fn rejects_are_left_until_they_are_mended_or_accepted() {
        let outcome = |runs: &[SeenRun], accepted| imports(runs).no_rejects_are_left(accepted).outcome;
        let first = SeenRun { rejected: Some(3), ..run("a", 1) };
        let mends = |read, rejected| SeenRun {
            rejects_of: Some("a".to_owned()),
            read: Some(read),
            rejected: Some(rejected),
            ..run("m", 2)
        };
        assert_eq!(outcome(&[run("a", 1)], None), Outcome::Ok);
        assert_eq!(outcome(std::slice::from_ref(&first), None), Outcome::Failed);
        assert_eq!(outcome(std::slice::from_ref(&first), Some(moment(0))), Outcome::Failed, "accepted before");
        assert_eq!(outcome(std::slice::from_ref(&first), Some(moment(2))), Outcome::Ok);
        assert_eq!(outcome(&[first.clone(), mends(3, 0)], None), Outcome::Ok);
        assert_eq!(outcome(&[first.clone(), mends(2, 0)], None), Outcome::Failed, "one was left out");
        assert_eq!(outcome(&[first.clone(), mends(3, 1)], None), Outcome::Failed);
        let changes = ExportSeen { started: moment(3), since: Some(moment(1)) };
        let of_changes = SeenRun { export: Some(changes), ..run("b", 4) };
        assert_eq!(
            outcome(&[first.clone(), of_changes], None),
            Outcome::Failed,
            "those of the whole one are still there"
        );
        assert_eq!(outcome(&[first, run("b", 4)], None), Outcome::Ok, "a whole one anew");
    }

    #[test]
    fn a_comparison_counts_if_it_is_later_clean_and_of_all() {
        let outcome =
            |runs: &[SeenRun], other: Option<Verification>| imports(runs).are_verified(other.as_ref()).outcome;
        let whole = SeenRun { verification: Some(found(2, 0)), ..run("a", 1) };
        assert_eq!(outcome(&[run("a", 1)], None), Outcome::Failed);
        assert_eq!(outcome(std::slice::from_ref(&whole), None), Outcome::Ok);
        assert_eq!(outcome(&[whole.clone(), run("b", 3)], None), Outcome::Failed, "of the import before");
        assert_eq!(outcome(&[run("a", 3)], Some(found(2, 0))), Outcome::Failed, "before the import");
        assert_eq!(outcome(&[run("a", 3)], Some(found(4, 0))), Outcome::Ok);
        assert_eq!(outcome(&[run("a", 3)], Some(found(4, 1))), Outcome::Failed);
        let elsewhere = Verification { target: Some("U".to_owned()), ..found(4, 0) };
        assert_eq!(outcome(&[run("a", 3)], Some(elsewhere)), Outcome::Failed);
        let changes = ExportSeen { started: moment(4), since: Some(moment(1)) };
        let of_changes = SeenRun { export: Some(changes), verification: Some(found(6, 9)), ..run("b", 5) };
        assert_eq!(outcome(&[whole, of_changes.clone()], None), Outcome::Ok, "the others are of the import before");
        assert_eq!(outcome(&[run("a", 1), of_changes], None), Outcome::Failed, "which nobody compared");
    }

    #[test]
    fn changes_are_covered_as_long_as_exports_join() {
        let export =
            |minute, since: Option<u32>| Some(ExportSeen { started: moment(minute), since: since.map(moment) });
        let of = |id: &str, minute, export| SeenRun { export, ..run(id, minute) };
        let until = |runs: &[SeenRun]| imports(runs).covered_until();
        assert_eq!(until(&[run("a", 1)]), None, "nobody knows when that file was made");
        let whole = of("a", 2, export(1, None));
        assert_eq!(until(std::slice::from_ref(&whole)), Some(moment(1)));
        assert_eq!(until(&[whole.clone(), of("b", 9, export(8, Some(1)))]), Some(moment(8)));
        assert_eq!(
            until(&[whole.clone(), of("b", 9, export(8, Some(5)))]),
            Some(moment(1)),
            "between 1 and 5 is a gap"
        );
        assert_eq!(until(&[of("b", 9, export(8, Some(1)))]), None);
        let unfinished = SeenRun { standing: RunStanding::Unfinished, ..of("b", 9, export(8, Some(1))) };
        assert_eq!(until(&[whole, unfinished]), Some(moment(1)));
    }

    #[test]
    fn a_report_is_about_the_target_that_runs_name() {
        assert!(is_same_target("https://id.example.com", "https://id.example.com/"));
        assert!(is_same_target("kratos+http://127.0.0.1:4434", "http://127.0.0.1:4434"));
        assert!(!is_same_target("https://id.example.com", "https://example.com"));
    }
}
