//! The rehearsal: from the inputs and the target to the account.

use std::sync::Arc;

use futures::StreamExt;
use tokio::time::Instant;

use super::check::{CheckRules, TargetCheck};
use super::findings::FindingsFile;
use super::home::Home;
use super::people::TargetPeople;
use crate::destination::Destination;
use crate::index::Duplicates;
use crate::outcomes::{AtTarget, Ledger, Reporter, StopReason};
use crate::pipeline::{Extras, Intake, map_inputs};
use crate::signal::Signals;

/// What is rehearsed.
pub struct RehearsalJob {
    /// The inputs, and how they are mapped.
    pub intake: Intake,
    /// The users who are in the inputs twice.
    pub duplicates: Option<Arc<Duplicates>>,
    /// The target.
    pub target: Arc<dyn Destination>,
    /// Who is there.
    pub people: TargetPeople,
    /// Which organization they would go into.
    pub home: Home,
    /// How users are asked about.
    pub rules: CheckRules,
    /// What is known of the target before.
    pub known: AtTarget,
    /// How many of the first identities to keep for display.
    pub preview: usize,
    /// Stop once more than this many records were rejected.
    pub max_errors: Option<u64>,
    /// Where findings are written, one by one.
    pub findings: Option<FindingsFile>,
}

/// Rehearses an import. The account is that of a dry run.
pub async fn run(job: RehearsalJob, reporter: &mut dyn Reporter, signals: &mut Signals) -> Ledger {
    let started = Instant::now();
    let mut ledger = Ledger::of_looking(&job.intake.inputs).of_shard(job.intake.records.shard());
    let target = Arc::clone(&job.target);
    let ended = tokio::select! {
        biased;
        signal = signals.next() => Err(StopReason::Interrupted(signal)),
        ended = rehearse(job, &mut ledger, reporter) => ended,
    };
    ledger.stopped = ended.err();
    observe(&mut ledger, target.as_ref(), started);
    reporter.finish(&ledger);
    ledger
}

async fn rehearse(job: RehearsalJob, ledger: &mut Ledger, reporter: &mut dyn Reporter) -> Result<(), StopReason> {
    let RehearsalJob { intake, duplicates, target, people, home, rules, known, preview, max_errors, findings } = job;
    let started = Instant::now();
    let extras = Extras { preview, forecast: true, only_ids: false };
    let mut groups = Box::pin(map_inputs(intake, duplicates, extras));
    let mut check = TargetCheck::new(target.as_ref(), (&people, &home), rules, (known, findings));
    while let Some(group) = groups.next().await.transpose()? {
        for identity in ledger.mapped_group(group, preview) {
            check.take(identity, ledger)?;
        }
        check.ask(false, ledger).await?;
        ledger.at_target = Some(check.found.clone());
        if let Some(limit) = max_errors.filter(|limit| ledger.rejected() > *limit) {
            return Err(StopReason::TooManyErrors { limit });
        }
        observe(ledger, target.as_ref(), started);
        reporter.update(ledger, false);
    }
    // Those whom the comparison did not find any more are asked about last.
    check.ask(true, ledger).await?;
    if let Some(findings) = &mut check.findings {
        findings.finish()?;
    }
    ledger.at_target = Some(check.found);
    match max_errors.filter(|limit| ledger.rejected() > *limit) {
        Some(limit) => Err(StopReason::TooManyErrors { limit }),
        None => Ok(()),
    }
}

fn observe(ledger: &mut Ledger, target: &dyn Destination, started: Instant) {
    ledger.elapsed = started.elapsed();
    ledger.requests = target.pace().departed();
    ledger.pace = Some(target.pace().figures());
}
