//! How a switch stands, by what is known of it at one moment.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::state::FORMAT;
use super::{
    About, Account, Check, CheckedInput, CutoverState, Evidence, Fact, Outcome, PointAccount, Standing, StepAccount,
    SwitchStep,
};

/// A moment at which an import changed something at a target: it began, went on for the last time, or was undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunMoment {
    /// What the run calls its target.
    pub target: String,
    /// When it was.
    pub at: Timestamp,
}

/// What is known at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Assessment<'a> {
    /// What was checked and recorded.
    pub state: &'a CutoverState,
    /// The imports.
    pub runs: &'a [RunMoment],
    /// The moment.
    pub now: Timestamp,
    /// What was checked longer ago is old.
    pub max_age: SignedDuration,
}

impl Assessment<'_> {
    /// How these steps stand; all of them if none is named.
    pub fn account(&self, asked: &[SwitchStep]) -> Account {
        let is_asked = |step: &SwitchStep| asked.is_empty() || asked.contains(step);
        let steps: Vec<StepAccount> =
            SwitchStep::ALL.iter().filter(|step| is_asked(step)).map(|step| self.step(*step)).collect();
        let is_done = steps.iter().all(|step| matches!(step.standing, Standing::Ok | Standing::Skipped));
        let inputs = inputs(self.state, asked);
        Account {
            format: FORMAT,
            tool: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            at: self.now,
            status: if is_done { "ok" } else { "open" },
            staging_target: self.state.staging_target.clone(),
            target: self.state.target.clone(),
            steps,
            inputs,
        }
    }

    fn step(&self, step: SwitchStep) -> StepAccount {
        let checks = Check::ALL.into_iter().filter(|check| check.step() == step).map(|check| self.check(check));
        let facts = Fact::ALL.into_iter().filter(|fact| fact.step() == step).map(|fact| self.fact(fact));
        let points: Vec<PointAccount> = checks.chain(facts).collect();
        let is_done = |step: &SwitchStep| matches!(self.step(*step).standing, Standing::Ok | Standing::Skipped);
        let waits_for: Vec<SwitchStep> = step.needs().iter().filter(|before| !is_done(before)).copied().collect();
        let standing = if self.state.skip(step).is_some() {
            Standing::Skipped
        } else if points.iter().any(|point| point.needed && point.standing != Standing::Ok) {
            Standing::Open
        } else if waits_for.is_empty() {
            Standing::Ok
        } else {
            Standing::Waits
        };
        let skipped = self.state.skipped.iter().filter(|record| record.step == step).cloned().collect();
        StepAccount { step, title: step.title(), of_guide: step.of_guide(), standing, waits_for, skipped, points }
    }

    fn check(&self, check: Check) -> PointAccount {
        let point = PointAccount::new(check.name(), "check", check.title(), Standing::NotChecked, true);
        let Some(record) = self.state.checks.get(&check) else { return point };
        let mut point = PointAccount {
            sentence: Some(record.finding.sentence.clone()),
            command: record.finding.command.clone(),
            at: Some(record.at),
            ..point
        };
        point.standing = match record.finding.outcome {
            Outcome::Ok => Standing::Ok,
            Outcome::Failed => Standing::Failed,
            Outcome::NeedsYou => Standing::NeedsYou,
        };
        // What failed does not become better by being old.
        if point.standing != Standing::Ok {
            return point;
        }
        let target = if check.step() == SwitchStep::Staging { &self.state.staging_target } else { &self.state.target };
        let is_elsewhere = check.is_about_the_target() && record.target != *target;
        let import = target.as_deref().and_then(|target| self.import_after(target, record.at, None));
        if is_elsewhere {
            let was = record.target.as_deref().unwrap_or("no target");
            (point.standing, point.sentence) = (Standing::Stale, Some(format!("it was checked at {was}")));
        } else if let Some(import) = import.filter(|_| check.is_about_imports()) {
            let why = format!("an import ran or was undone after it, at {}", import.strftime("%F %T UTC"));
            (point.standing, point.sentence) = (Standing::Stale, Some(why));
        } else if self.now.duration_since(record.at) > self.max_age {
            point.standing = Standing::Old;
        }
        point
    }

    fn fact(&self, fact: Fact) -> PointAccount {
        let mut point = PointAccount::new(fact.name(), "fact", fact.title(), Standing::NotRecorded, fact.is_needed());
        let all = self.state.facts.iter().filter(|record| record.fact == fact);
        point.withdrawn = all.filter_map(|record| record.withdrawn.clone()).collect();
        let Some(record) = self.state.fact(fact) else { return point };
        let import = match fact.is_about() {
            About::Else => None,
            About::StagingTarget => self.import_into(self.state.staging_target.as_ref(), record.at, None),
            About::Target => self.import_into(self.state.target.as_ref(), record.at, None),
            About::TargetBeforeTheFlip => self.import_into(self.state.target.as_ref(), record.at, self.state.flip()),
        };
        let (standing, sentence) = match import {
            None => (Standing::Ok, None),
            Some(import) => {
                let when = import.strftime("%F %T UTC");
                let why = format!("an import ran or was undone after it, at {when}; record it again");
                (Standing::Stale, Some(why))
            }
        };
        PointAccount {
            standing,
            sentence,
            at: Some(record.at),
            by: Some(record.by.clone()),
            note: Some(record.note.clone()),
            evidence: record.evidence.clone(),
            ..point
        }
    }

    fn import_into(&self, target: Option<&String>, after: Timestamp, before: Option<Timestamp>) -> Option<Timestamp> {
        self.import_after(target?, after, before)
    }

    /// When an import into a target last changed something after one moment, and before another one.
    fn import_after(&self, target: &str, after: Timestamp, before: Option<Timestamp>) -> Option<Timestamp> {
        let runs = self.runs.iter().filter(|run| run.target == target).map(|run| run.at);
        runs.filter(|at| *at > after && before.is_none_or(|before| *at < before)).max()
    }
}

/// The files by which steps were checked, each once, with the points that are about it.
fn inputs(state: &CutoverState, asked: &[SwitchStep]) -> Vec<CheckedInput> {
    let is_asked = |step: SwitchStep| asked.is_empty() || asked.contains(&step);
    let mut found: BTreeMap<&Evidence, Vec<&'static str>> = BTreeMap::new();
    for (check, record) in state.checks.iter().filter(|(check, _)| is_asked(check.step())) {
        record.inputs.iter().for_each(|file| found.entry(file).or_default().push(check.name()));
    }
    let holds = state.facts.iter().filter(|record| record.withdrawn.is_none() && is_asked(record.fact.step()));
    for record in holds {
        record.evidence.iter().for_each(|file| found.entry(file).or_default().push(record.fact.name()));
    }
    found.into_iter().map(|(file, points)| CheckedInput { points, file: file.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cutover::{CheckRecord, FactRecord, Finding, RemovedWord, SkipRecord};

    fn moment(minute: u32) -> Timestamp {
        format!("2026-11-26T03:{minute:02}:00Z").parse().expect("a moment")
    }

    fn words() -> super::super::Words {
        "Ana".parse().expect("words")
    }

    fn word(minute: u32) -> RemovedWord {
        RemovedWord { by: words(), note: words(), at: moment(minute) }
    }

    fn said(fact: Fact, minute: u32) -> FactRecord {
        let (at, recorded) = (moment(minute), moment(minute));
        FactRecord { fact, by: words(), note: words(), at, recorded, evidence: None, withdrawn: None }
    }

    /// All checks ok and all facts recorded, in the minute 10.
    fn done() -> CutoverState {
        let mut state = CutoverState {
            staging_target: Some("S".to_owned()),
            target: Some("T".to_owned()),
            facts: Fact::ALL.into_iter().map(|fact| said(fact, 10)).collect(),
            ..CutoverState::default()
        };
        for check in Check::ALL {
            let target = if check.step() == SwitchStep::Staging { "S" } else { "T" };
            let target = check.is_about_the_target().then(|| target.to_owned());
            let record = CheckRecord { at: moment(10), finding: Finding::ok("."), target, inputs: Vec::new() };
            state.checks.insert(check, record);
        }
        state
    }

    fn account(state: &CutoverState, runs: &[(&str, u32)], minute: u32) -> Account {
        let moments = runs.iter().map(|(target, minute)| (target.to_string(), moment(*minute)));
        let runs: Vec<RunMoment> = moments.map(|(target, at)| RunMoment { target, at }).collect();
        let max_age = SignedDuration::from_mins(20);
        Assessment { state, runs: &runs, now: moment(minute), max_age }.account(&[])
    }

    fn standing(account: &Account, name: &str) -> Standing {
        let mut points = account.steps.iter().flat_map(|step| &step.points);
        points.find(|point| point.name == name).expect("a point").standing
    }

    #[test]
    fn each_point_by_itself_keeps_its_step_open() {
        let all = done();
        assert_eq!(account(&all, &[("S", 5), ("T", 5)], 11).status, "ok");
        for check in Check::ALL {
            for (finding, expected) in
                [(Finding::failed("."), Standing::Failed), (Finding::needs_you("."), Standing::NeedsYou)]
            {
                let mut state = all.clone();
                state.checks.get_mut(&check).expect("it").finding = finding;
                let account = account(&state, &[], 11);
                assert_eq!((account.status, standing(&account, check.name())), ("open", expected), "{}", check.name());
            }
            let mut state = all.clone();
            state.checks.remove(&check);
            assert_eq!(account(&state, &[], 11).status, "open", "{}", check.name());
        }
        for fact in Fact::ALL {
            let mut state = all.clone();
            assert!(state.withdraw_fact(fact, &word(11)) && !state.withdraw_fact(fact, &word(11)));
            let account = account(&state, &[], 12);
            assert_eq!(standing(&account, fact.name()), Standing::NotRecorded);
            assert_eq!(account.status == "open", fact.is_needed(), "{}", fact.name());
        }
    }

    #[test]
    fn a_word_that_was_said_twice_is_taken_back_as_a_whole_and_not_forgotten() {
        let mut state = CutoverState { facts: vec![said(Fact::Flip, 10), said(Fact::Flip, 11)], ..Default::default() };
        assert!(state.withdraw_fact(Fact::Flip, &word(12)) && !state.withdraw_fact(Fact::Flip, &word(13)));
        assert_eq!((state.flip(), state.facts.len()), (None, 2));
        assert!(state.facts.iter().all(|record| record.withdrawn == Some(word(12))));
        let skip = |minute| {
            let (step, at) = (SwitchStep::Tokens, moment(minute));
            SkipRecord { step, by: words(), note: words(), at, withdrawn: None }
        };
        state.skipped = vec![skip(10), skip(11)];
        assert!(state.withdraw_skip(SwitchStep::Tokens, &word(12)));
        assert_eq!(state.skip(SwitchStep::Tokens), None);
    }

    #[test]
    fn what_was_checked_too_long_ago_is_old_and_a_failure_stays_one() {
        let mut state = done();
        assert_eq!(standing(&account(&state, &[], 30), "target"), Standing::Ok);
        assert_eq!(standing(&account(&state, &[], 31), "target"), Standing::Old);
        state.checks.get_mut(&Check::Target).expect("it").finding = Finding::failed(".");
        assert_eq!(standing(&account(&state, &[], 31), "target"), Standing::Failed);
    }

    #[test]
    fn a_later_import_makes_stale_what_it_is_about() {
        let state = done();
        let of_staging = account(&state, &[("S", 12)], 13);
        for (name, expected) in [
            ("staging-tried", Standing::Stale),
            ("staging-verified", Standing::Stale),
            ("staging-target", Standing::Ok),
            ("go", Standing::Ok),
            ("verified", Standing::Ok),
        ] {
            assert_eq!(standing(&of_staging, name), expected, "{name}");
        }
        let mut state = done();
        let of_target = account(&state, &[("T", 12)], 13);
        assert_eq!(standing(&of_target, "verified"), Standing::Stale);
        assert_eq!(standing(&of_target, "rejects-accepted"), Standing::Stale);
        assert_eq!(standing(&of_target, "staging-tried"), Standing::Ok);
        assert_eq!(standing(&of_target, "go"), Standing::Ok, "it was switched before that");
        state.facts.retain(|record| record.fact != Fact::Flip);
        assert_eq!(standing(&account(&state, &[("T", 12)], 13), "go"), Standing::Stale);
    }

    #[test]
    fn a_check_at_another_target_is_stale() {
        let mut state = done();
        state.target = Some("U".to_owned());
        let account = account(&state, &[], 11);
        assert_eq!(standing(&account, "verified"), Standing::Stale);
        assert_eq!((standing(&account, "code"), standing(&account, "staging-keys")), (Standing::Ok, Standing::Ok));
    }

    #[test]
    fn a_step_waits_for_what_it_would_mislead_without_and_skipping_is_never_forgotten() {
        let of =
            |account: &Account, step: SwitchStep| account.steps.iter().find(|of| of.step == step).expect("it").clone();
        let mut state = done();
        state.withdraw_fact(Fact::StagingTried, &word(11));
        let open = account(&state, &[], 12);
        assert_eq!(of(&open, SwitchStep::Staging).standing, Standing::Open);
        assert_eq!(of(&open, SwitchStep::Swap).standing, Standing::Waits);
        assert_eq!(of(&open, SwitchStep::Decommission).waits_for, [SwitchStep::Swap]);
        assert_eq!(of(&open, SwitchStep::Code).standing, Standing::Ok, "nothing else waits");
        let skip =
            SkipRecord { step: SwitchStep::Staging, by: words(), note: words(), at: moment(12), withdrawn: None };
        state.skipped.push(skip);
        let skipped = account(&state, &[], 12);
        assert_eq!((of(&skipped, SwitchStep::Swap).standing, skipped.status), (Standing::Ok, "ok"));
        assert!(state.withdraw_skip(SwitchStep::Staging, &word(13)));
        let again = account(&state, &[], 13);
        assert_eq!(
            (of(&again, SwitchStep::Staging).standing, of(&again, SwitchStep::Staging).skipped.len()),
            (Standing::Open, 1)
        );
    }
}
