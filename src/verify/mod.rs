//! Reads the target back and compares it, field by field, with what mapping would send now.
//!
//! ```text
//! read → map (as in an import) → 100 identities at a time → :batchGet → compare → one account
//!                                        └─ seen external ids ──► temporary index on disk ──► extra identities
//! ```
//!
//! Memory is bounded as in an import. What a full comparison needs to find identities that are at the target and not in
//! the export is kept in a temporary index on disk.

mod account;
mod extra;

use std::borrow::Cow;
use std::collections::BTreeMap;

use futures::StreamExt;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::account::Reporter;
use crate::account::{Ledger, StopReason};
use crate::avnology::{Comparable, Field, MAX_PAGE, Paced, TargetError};
use crate::pipeline::{DuplicateCheck, MappedIdentity, mapped_groups};
use crate::settings::{ImportSettings, Sample};
use crate::signal::Signals;

pub use account::{Account, VerifyReport};
use extra::Seen;

/// What the comparison of one identity brought.
#[derive(Debug)]
enum Verdict {
    Missing,
    /// It is there.
    Found {
        /// The fields that are not as they were to be.
        different: Vec<Field>,
        /// What the target does not show.
        hidden: Vec<Field>,
    },
}

/// What the comparison of a page brought.
#[derive(Debug, Default)]
struct Compared {
    /// For each identity.
    verdicts: Vec<Verdict>,
    /// External ids at the target of those who are there under another one than they have now.
    earlier_ids: Vec<String>,
}

/// Verifies everything, or a sample.
pub async fn run(
    settings: &ImportSettings,
    duplicates: DuplicateCheck,
    target: Paced,
    reporter: &mut dyn Reporter,
    mut signals: Signals,
) -> Account {
    let started = Instant::now();
    let mut account = Account::new(Ledger::new(&settings.intake.inputs, false));
    let ended = tokio::select! {
        biased;
        signal = signals.next() => Err(StopReason::Interrupted(signal)),
        ended = compare_all(settings, duplicates, &target, &mut account, reporter) => ended,
    };
    account.ledger.stopped = ended.err();
    account.ledger.elapsed = started.elapsed();
    reporter.finish(&account.ledger);
    account
}

async fn compare_all(
    settings: &ImportSettings,
    duplicates: DuplicateCheck,
    target: &Paced,
    account: &mut Account,
    reporter: &mut dyn Reporter,
) -> Result<(), StopReason> {
    let started = Instant::now();
    let stop = CancellationToken::new();
    // However this ends, the reader is told.
    let _guard = stop.clone().drop_guard();
    let (stops, mut stopped) = mpsc::channel(4);
    let mut groups = Box::pin(mapped_groups(settings.intake.clone(), duplicates, stop, stops));
    let (mut sample, mut looked_at) = (BTreeMap::new(), 0);
    let mut seen = Seen::create()?;
    while let Some(group) = groups.next().await {
        let identities = account.ledger.mapped_group(group);
        match settings.sample {
            Sample::All => {
                seen.insert(identities.iter().map(|identity| identity.external_id.as_ref()))?;
                let earlier = compare(target, settings.pace.concurrency.start, &identities, account).await?;
                seen.insert(earlier.iter().map(String::as_str))?;
            }
            Sample::Of(count) => keep_some(&mut sample, count, &mut looked_at, identities),
        }
        account.ledger.elapsed = started.elapsed();
        reporter.update(&account.ledger, false);
    }
    drop(groups);
    if let Some(reason) = stopped.recv().await {
        return Err(reason);
    }
    match settings.sample {
        Sample::All => account.extra = Some(seen.find_extra(target).await?),
        Sample::Of(_) => {
            let identities: Vec<MappedIdentity> = sample.into_values().collect();
            compare(target, settings.pace.concurrency.start, &identities, account).await?;
        }
    }
    Ok(())
}

/// Keeps those whose numbers, scattered, are the smallest: a sample of the whole input without knowing its length.
fn keep_some(
    sample: &mut BTreeMap<u64, MappedIdentity>,
    count: usize,
    looked_at: &mut u64,
    identities: Vec<MappedIdentity>,
) {
    for identity in identities {
        *looked_at += 1;
        // Odd, so that no two numbers come to the same place.
        let place = looked_at.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        sample.insert(place, identity);
        if sample.len() > count {
            sample.pop_last();
        }
    }
}

/// Reads identities back, a page at a time and several pages at once, and books what they are like. Returns under which
/// external ids some are there that have another one now.
async fn compare(
    target: &Paced,
    concurrency: usize,
    identities: &[MappedIdentity],
    account: &mut Account,
) -> Result<Vec<String>, TargetError> {
    let mut earlier_ids = Vec::new();
    let mut pages = futures::stream::iter(identities.chunks(MAX_PAGE))
        .map(|page| async move { (page, compare_page(target, page).await) })
        .buffered(concurrency);
    while let Some((page, compared)) = pages.next().await {
        let Compared { verdicts, earlier_ids: earlier } = compared?;
        account.book(page, verdicts);
        earlier_ids.extend(earlier);
    }
    Ok(earlier_ids)
}

async fn compare_page(target: &Paced, page: &[MappedIdentity]) -> Result<Compared, TargetError> {
    let mut compared = Compared::default();
    while compared.verdicts.len() < page.len() {
        let rest = &page[compared.verdicts.len()..];
        let ids: Vec<&str> = rest.iter().map(|identity| identity.external_id.as_ref()).collect();
        let (count, body) = target.read_some(&ids).await?;
        // A target that ignores a filter lists other identities; they are found by their external id, or not at all.
        let found = Comparable::by_external_id(std::slice::from_ref(&body));
        let verdicts = rest[..count].iter().map(|identity| match found.get(&*identity.external_id) {
            Some(found) => verdict(&Comparable::sent(&identity.encoded).unwrap_or_default(), found),
            None => Verdict::Missing,
        });
        compared.verdicts.extend(verdicts);
    }
    look_under_earlier_ids(target, page, &mut compared).await?;
    Ok(compared)
}

/// Who has an external id at Clerk now may have been imported before, under the id that they have there.
async fn look_under_earlier_ids(
    target: &Paced,
    page: &[MappedIdentity],
    compared: &mut Compared,
) -> Result<(), TargetError> {
    let verdicts = compared.verdicts.iter().enumerate();
    let missing = verdicts.filter(|(_, verdict)| matches!(verdict, Verdict::Missing)).map(|(index, _)| index);
    let missing: Vec<_> = missing.filter_map(|index| Some((index, earlier_id(&page[index])?))).collect();
    let mut rest = missing.as_slice();
    while !rest.is_empty() {
        let ids: Vec<&str> = rest.iter().map(|(_, id)| id.as_ref()).collect();
        let (count, body) = target.read_some(&ids).await?;
        let found = Comparable::by_external_id(std::slice::from_ref(&body));
        let (looked_up, further) = rest.split_at(count);
        rest = further;
        for (index, id) in looked_up {
            let sent = Comparable::sent(&page[*index].encoded).unwrap_or_default();
            if let Some(found) = found.get(id).filter(|found| sent.is_same_person(found) == Some(true)) {
                compared.verdicts[*index] = verdict(&sent, found);
                compared.earlier_ids.push(id.as_ref().to_owned());
            }
        }
    }
    Ok(())
}

fn verdict(sent: &Comparable<'_>, found: &Comparable<'_>) -> Verdict {
    Verdict::Found { different: sent.differences(found), hidden: sent.hidden(found) }
}

/// The external id that a user was imported under before they had one at Clerk.
fn earlier_id(identity: &MappedIdentity) -> Option<Cow<'_, str>> {
    Comparable::sent(&identity.encoded)?.clerk_id().filter(|id| **id != *identity.external_id)
}
