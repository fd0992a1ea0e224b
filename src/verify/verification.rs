//! The verification: from the export and the target to the findings.

use std::sync::Arc;

use futures::StreamExt;
use tokio::time::Instant;

use super::VerifyAccount;
use super::comparison::{Compared, Comparison};
use super::extra::FoundIdentities;
use super::ownership::Ownership;
use super::present::IdsInExport;
use crate::destination::{Catalogue, Destination, PAGE};
use crate::index::Duplicates;
use crate::outcomes::{Ledger, Reporter, StopReason};
use crate::pipeline::{Extras, Intake, MappedIdentity, map_inputs};
use crate::signal::Signals;

/// What is compared with what.
pub struct VerifyJob {
    /// The export, and how it is mapped.
    pub intake: Intake,
    /// The users who are in the export twice, unless it can be read only once.
    pub duplicates: Option<Arc<Duplicates>>,
    /// The target.
    pub target: Arc<dyn Destination>,
    /// All that is there. Not for selected users: nobody else can be called extra then, and the whole list would be too much to
    /// ask for.
    pub catalogue: Option<Arc<Catalogue>>,
    /// Whose they are.
    pub ownership: Ownership,
    /// How many pages are read back at once.
    pub concurrency: usize,
}

/// Verifies all records of one kind, or those that are selected.
pub async fn run(job: VerifyJob, reporter: &mut dyn Reporter, signals: &mut Signals) -> VerifyAccount {
    let started = Instant::now();
    let mut account = VerifyAccount::new(Ledger::of_looking(&job.intake.inputs));
    account.selection = job.intake.records.selected().map(|selected| selected.totals().clone());
    let ended = tokio::select! {
        biased;
        signal = signals.next() => Err(StopReason::Interrupted(signal)),
        ended = compare_all(job, &mut account, reporter) => ended,
    };
    account.ledger.stopped = ended.err();
    account.ledger.elapsed = started.elapsed();
    reporter.finish(&account.ledger);
    account
}

async fn compare_all(
    job: VerifyJob,
    account: &mut VerifyAccount,
    reporter: &mut dyn Reporter,
) -> Result<(), StopReason> {
    let VerifyJob { intake, duplicates, target, catalogue, mut ownership, concurrency } = job;
    let started = Instant::now();
    let mut groups = Box::pin(map_inputs(intake, duplicates, Extras::default()));
    let comparison = Comparison { target: target.as_ref(), catalogue: catalogue.as_deref() };
    let mut seen = Seen { found: FoundIdentities::new(), in_export: IdsInExport::new() };
    while let Some(group) = groups.next().await.transpose()? {
        for ids in group.rejected_ids().filter(|_| catalogue.is_some()) {
            let added = seen.in_export.add_rejected(ids.clerk_id.as_deref(), ids.external_id.as_deref());
            added.map_err(StopReason::Temporary)?;
        }
        let identities = account.ledger.mapped_group(group, 0);
        compare(&comparison, concurrency, &identities, &mut seen, account).await?;
        account.ledger.elapsed = started.elapsed();
        reporter.update(&account.ledger, false);
    }
    ownership.runs.extend(account.runs.iter().cloned());
    if let Some(catalogue) = &catalogue {
        let others = seen.found.find_others(catalogue, &seen.in_export, &ownership);
        account.others = Some(others.map_err(StopReason::Temporary)?);
    }
    Ok(())
}

/// The identities found at the target, and the ids in the export.
struct Seen {
    found: FoundIdentities,
    in_export: IdsInExport,
}

/// Reads identities back, a page at a time and several pages at once, and books the results.
async fn compare(
    comparison: &Comparison<'_>,
    concurrency: usize,
    identities: &[MappedIdentity],
    seen: &mut Seen,
    account: &mut VerifyAccount,
) -> Result<(), StopReason> {
    let mut pages = futures::stream::iter(identities.chunks(PAGE))
        .map(|page| async move { (page, comparison.compare(page).await) })
        .buffered(concurrency);
    while let Some((page, compared)) = pages.next().await {
        let Compared { results, found, runs, clerk_ids } = compared?;
        account.runs.extend(runs);
        account.book(page, results);
        seen.found.extend(&found).map_err(StopReason::Temporary)?;
        if comparison.catalogue.is_some() {
            for (identity, clerk_id) in page.iter().zip(&clerk_ids) {
                let added = seen.in_export.add_compared(clerk_id.as_deref(), &identity.external_id);
                added.map_err(StopReason::Temporary)?;
            }
        }
    }
    Ok(())
}
