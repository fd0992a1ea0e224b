//! The senders against a destination of which the test says what it answers, on a clock that is paused.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::batch::{Batch, BatchPacker};
use super::item::BatchItem;
use super::{DeliveryTerms, OnExisting, PendingBatch, Ready, Senders};
use crate::destination::{
    Answer, Changed, Destination, Envelope, Failure, Field, ItemError, ItemErrorKind, ItemResult, RunMark, Scripted,
};
use crate::journal::{ContentHash, RecordOutcome};
use crate::kind::Kind;
use crate::mapping::Notices;
use crate::outcomes::event::{Event, SettledRecords};
use crate::pace::{ConcurrencyRules, PaceGate, PaceRules, RateRules, RetryBudget, Timer};
use crate::source::{RecordChunk, RecordSpan};

/// The run whose mark is put on what is sent.
pub(super) const RUN: &str = "20261123T091500Z-3f9a51c2";

pub(super) const BUDGET: RetryBudget = RetryBudget {
    attempts: 10,
    total: Duration::from_mins(3),
    base: Duration::from_millis(200),
    longest: Duration::from_secs(20),
};

fn pace() -> Arc<PaceGate> {
    PaceGate::new(&PaceRules {
        rate: RateRules::default(),
        concurrency: ConcurrencyRules::new(Some(2)),
        items: 500,
        bytes: 1024 * 1024,
        patience: BUDGET.total,
        timer: Timer::Tokio,
    })
}

/// A destination that creates everybody, but for what `rule` says.
fn scripted(rule: impl Fn(&[&str]) -> Answer + Send + Sync + 'static) -> Scripted {
    Scripted::new(pace(), BUDGET, rule)
}

fn obliging() -> Scripted {
    scripted(|_| Answer::Created)
}

/// An identity as it is sent.
fn encoded(number: u64) -> Vec<u8> {
    let mut encoded = unmarked(number);
    RunMark::of(RUN).put_on(&mut encoded, 0, number);
    encoded
}

/// One as runs of the first versions send it.
fn unmarked(number: u64) -> Vec<u8> {
    format!(
        r#"{{"identity":{{"external_id":"u{number}","email":"u{number}@example.com","first_name":"Ada","admin_metadata":{{"clerk":{{"id":"user_{number}"}}}}}}}}"#
    )
    .into_bytes()
}

/// A batch of the records with these numbers.
pub(super) fn batch(numbers: std::ops::RangeInclusive<u64>) -> Batch {
    batch_in(Scripted::ENVELOPE, numbers)
}

/// The same in another envelope.
pub(super) fn batch_in(envelope: Envelope, numbers: std::ops::RangeInclusive<u64>) -> Batch {
    batch_of(envelope, numbers, encoded)
}

fn batch_of(envelope: Envelope, numbers: std::ops::RangeInclusive<u64>, encode: fn(u64) -> Vec<u8>) -> Batch {
    let span = |number| RecordSpan { number, line: number, offset: 0, length: 1, fault: None };
    let chunk = Arc::new(RecordChunk {
        input: Arc::from("-"),
        bytes: b"x".to_vec().into(),
        base: 0,
        spans: numbers.clone().map(span).collect(),
        header: None,
        consumed: 0,
    });
    let mut packer = BatchPacker::new(envelope);
    for (span_index, number) in numbers.enumerate() {
        let encoded = encode(number);
        let ready = Ready {
            kind: Kind::default(),
            span_index,
            encoded: 0..encoded.len(),
            content: ContentHash::of(&encoded),
            external_id: format!("u{number}").into(),
            clerk_id: None,
            earlier: None,
            disabled: false,
            references: Vec::new(),
            notices: Notices::default(),
        };
        packer.push(&encoded, BatchItem::new(0, &chunk, ready));
    }
    packer.finish()
}

/// What became of each record by its number, and why the run stopped, if it did.
#[derive(Debug, Default, PartialEq, Eq)]
struct Account {
    records: BTreeMap<u64, String>,
    stopped: Option<String>,
}

impl Account {
    /// The numbers of the records of which this became.
    fn of(&self, outcome: &str) -> Vec<u64> {
        let named = self.records.iter().filter(|(_, became)| *became == outcome);
        named.map(|(number, _)| *number).collect()
    }
}

/// Sends batches to a destination, one as often as `every` says, and books what is reported. A record that is reported twice
/// fails the test.
async fn send(destination: Arc<Scripted>, rule: OnExisting, every: Duration, batches: Vec<Batch>) -> Account {
    send_as(Some(RunMark::of(RUN)), destination, rule, (every, batches)).await
}

/// The same for a run with this mark.
async fn send_as(
    mark: Option<RunMark>,
    destination: Arc<Scripted>,
    rule: OnExisting,
    (every, batches): (Duration, Vec<Batch>),
) -> Account {
    let (events, mut inbox) = mpsc::channel(16);
    let (stop, abort) = (CancellationToken::new(), CancellationToken::new());
    let delivery = DeliveryTerms { destination, memory: 1 << 24, on_existing: rule, run_id: RUN.to_owned(), mark };
    let senders = Senders::new(delivery, events, stop.clone(), abort);
    let (context, waiting) = mpsc::channel(1);
    let feeding = async move {
        for batch in batches {
            if context.send(PendingBatch::new(batch)).await.is_err() {
                return;
            }
            tokio::time::sleep(every).await;
        }
    };
    let mut account = Account::default();
    let booking = async {
        while let Some(event) = inbox.recv().await {
            match event {
                Event::Planned { durable, .. } => durable.send(()).expect("the sender waits for it"),
                Event::Settled { settled: SettledRecords { at_target, rejects, .. }, booked, memory: _ } => {
                    let settled = at_target.into_iter().map(|record| (record.key.number, outcome(&record.outcome)));
                    let rejected = rejects.iter().map(|reject| (reject.key.number, reject.code.as_str().to_owned()));
                    for (number, became) in settled.chain(rejected) {
                        let earlier = account.records.insert(number, became);
                        assert_eq!(earlier, None, "record {number} is settled twice");
                    }
                    drop(booked);
                }
                Event::Stopped(reason) => {
                    account.stopped = Some(reason.to_string());
                    stop.cancel();
                }
                _ => {}
            }
        }
    };
    futures::join!(feeding, senders.run(waiting), booking);
    account
}

fn outcome(outcome: &RecordOutcome) -> String {
    match outcome {
        RecordOutcome::Created { .. } => "created",
        RecordOutcome::Updated => "updated",
        RecordOutcome::Unchanged => "unchanged",
        RecordOutcome::Rejected { .. } => "rejected",
    }
    .to_owned()
}

async fn import(destination: &Arc<Scripted>, batches: Vec<Batch>) -> Account {
    send(Arc::clone(destination), OnExisting::Skip, Duration::ZERO, batches).await
}

#[tokio::test(start_paused = true)]
async fn each_batch_is_one_request_in_the_destinations_form_under_a_key_of_its_own() {
    let destination = Arc::new(obliging());
    let account = import(&destination, vec![batch(1..=3), batch(4..=5)]).await;
    assert_eq!(account.of("created"), [1, 2, 3, 4, 5]);
    let received = destination.received();
    assert_eq!(received.len(), 2);
    assert!(received[0].body.starts_with("<\n{\"identity\"") && received[0].body.ends_with("}\n>"));
    assert_eq!(received[1].external_ids, ["u4", "u5"]);
    assert_ne!(received[0].key, received[1].key);
}

#[tokio::test(start_paused = true)]
async fn what_a_lost_answer_was_about_is_sent_again_as_it_was_and_counts_as_created_by_its_mark() {
    let destination = Arc::new(obliging().answering([Answer::Lost(Failure::Gateway)]));
    let account = import(&destination, vec![batch(1..=3)]).await;
    assert_eq!(account.of("created"), [1, 2, 3]);
    let [first, second] = &destination.received()[..] else { panic!("two requests") };
    assert_eq!((&first.key, &first.body), (&second.key, &second.body));
    assert!(!first.sent_before && second.sent_before);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_is_refused_is_found_among_others_and_alone_rejected() {
    for failure in [Failure::Content, Failure::TooLarge, Failure::Breakdown, Failure::Gateway, Failure::Timeout] {
        let rule = move |ids: &[&str]| if ids.contains(&"u3") { Answer::Failed(failure) } else { Answer::Created };
        let destination = Arc::new(scripted(rule));
        // Others get through all the while.
        let others = (100..1_300).map(|number| batch(number..=number));
        let batches = std::iter::once(batch(1..=8)).chain(others).collect();
        let account = send(Arc::clone(&destination), OnExisting::Skip, Duration::from_secs(1), batches).await;
        assert_eq!(account.stopped, None, "{failure:?}");
        assert_eq!(account.of("created").len(), 1_207, "{failure:?}");
        assert!(account.records.contains_key(&3) && !account.of("created").contains(&3), "{failure:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_whose_answer_is_lost_each_time_counts_as_created_if_this_run_made_it() {
    for failure in [Failure::Breakdown, Failure::Gateway, Failure::Timeout] {
        let rule = move |ids: &[&str]| if ids.contains(&"u3") { Answer::Lost(failure) } else { Answer::Created };
        let of_somebody_else = r#"{"id":"id-3","external_id":"u3","email":"u3@example.com"}"#;
        for (there, became) in [(None, "created"), (Some(of_somebody_else), "target_error")] {
            let destination = scripted(rule);
            let destination = there.into_iter().fold(destination, |at, other| at.with("u3", other.to_owned()));
            // Others get through all the while.
            let others = (100..1_300).map(|number| batch(number..=number));
            let batches = std::iter::once(batch(1..=8)).chain(others).collect();
            let account = send(Arc::new(destination), OnExisting::Skip, Duration::from_secs(1), batches).await;
            assert_eq!(account.stopped, None, "{failure:?}");
            assert_eq!(account.records.get(&3).map(String::as_str), Some(became), "{failure:?}");
            assert_eq!(account.records.len(), 1_208, "{failure:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_without_marks_changes_nobody_else_whose_record_gets_no_answer() {
    let rule = |ids: &[&str]| if ids.contains(&"u3") { Answer::Lost(Failure::Gateway) } else { Answer::Created };
    let there = |clerk: &str| {
        let admin = format!(r#"{{"clerk":{{"id":"{clerk}"}}}}"#);
        format!(r#"{{"id":"id-3","external_id":"u3","email":"u3@example.com","admin_metadata":{admin}}}"#)
    };
    for (clerk, became, changes) in [("user_9", "target_error", 0), ("user_3", "updated", 1)] {
        let destination = Arc::new(scripted(rule).with("u3", there(clerk)));
        let others = (100..1_300).map(|number| batch_of(Scripted::ENVELOPE, number..=number, unmarked));
        let batches = std::iter::once(batch_of(Scripted::ENVELOPE, 3..=3, unmarked)).chain(others).collect();
        let sent = (Duration::from_secs(1), batches);
        let account = send_as(None, Arc::clone(&destination), OnExisting::Update, sent).await;
        assert_eq!(account.records.get(&3).map(String::as_str), Some(became), "{clerk}");
        assert_eq!(destination.changed().len(), changes, "{clerk}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_item_that_may_pass_is_sent_again_by_itself_under_another_key() {
    let transient = ItemResult::Error(ItemError::default());
    let destination = Arc::new(obliging().answering([Answer::Items(vec![("u2", transient)])]));
    let account = import(&destination, vec![batch(1..=3)]).await;
    assert_eq!(account.of("created"), [1, 2, 3]);
    let [first, second] = &destination.received()[..] else { panic!("two requests") };
    assert_eq!(second.external_ids, ["u2"]);
    assert_ne!(first.key, second.key);
}

#[tokio::test(start_paused = true)]
async fn a_destination_that_refuses_us_or_is_away_stops_the_run_and_rejects_nobody() {
    for (failure, reason) in [
        (Failure::NoAccess, "refused"),
        (Failure::Away, "unreachable"),
        (Failure::Breakdown, "unreachable"),
        (Failure::Timeout, "unreachable"),
        (Failure::Gateway, "unreachable"),
    ] {
        let destination = Arc::new(scripted(move |_| Answer::Failed(failure)).failing_probes());
        let account = import(&destination, vec![batch(1..=3), batch(4..=4)]).await;
        assert!(account.records.is_empty(), "{failure:?}: {account:?}");
        assert!(account.stopped.is_some_and(|stopped| stopped.contains(reason)), "{failure:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_item_that_is_refused_for_want_of_a_permission_stops_the_run() {
    let refused = ItemResult::Error(ItemError { kind: ItemErrorKind::NoAccess, ..ItemError::default() });
    let destination = Arc::new(obliging().answering([Answer::Items(vec![("u2", refused)])]));
    let account = import(&destination, vec![batch(1..=3)]).await;
    assert_eq!(account.of("created"), [1, 3], "what was created is booked");
    assert!(account.stopped.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_record_on_which_the_destination_fails_is_rejected_also_if_it_is_the_only_one() {
    let item = Answer::Items(vec![("u1", ItemResult::Error(ItemError::default()))]);
    let failures = [Failure::Breakdown, Failure::Gateway, Failure::Timeout];
    for answer in failures.map(Answer::Failed).into_iter().chain([item]) {
        let of_u1 = answer.clone();
        let destination = Arc::new(scripted(move |_| of_u1.clone()));
        let account = import(&destination, vec![batch(1..=1)]).await;
        assert_eq!((account.of("target_error"), &account.stopped), (vec![1], &None), "{answer:?}");
        // Not while the destination answers nothing else either.
        let destination = Arc::new(scripted(move |_| answer.clone()).failing_probes());
        let account = import(&destination, vec![batch(1..=1)]).await;
        assert!(account.records.is_empty() && account.stopped.is_some(), "{account:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_destination_that_only_answers_probes_costs_few_rejects_and_stops_the_run() {
    let failures = [Failure::Breakdown, Failure::Gateway, Failure::Timeout];
    for failure in failures {
        for batches in [vec![batch(1..=40)], (1..=40).map(|number| batch(number..=number)).collect()] {
            let destination = Arc::new(scripted(move |_| Answer::Failed(failure)));
            let account = import(&destination, batches).await;
            assert!(account.records.len() <= 2, "{failure:?}: {account:?}");
            assert!(account.stopped.is_some(), "{failure:?}: {account:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_that_fails_is_asked_for_again_and_rejected_only_if_others_are_made() {
    let there = |number: u64| {
        let admin = format!(r#"{{"clerk":{{"id":"user_{number}"}}}}"#);
        format!(
            r#"{{"id":"id-u{number}","external_id":"u{number}","email":"u{number}@example.com","first_name":"Grace","admin_metadata":{admin}}}"#
        )
    };
    let refused = |kind| Changed::Refused(ItemError { kind, ..ItemError::default() });
    let destination = |refused: Vec<(&'static str, u32, Changed)>| {
        let destination = (1..=5).fold(obliging(), |at, number| at.with(&format!("u{number}"), there(number)));
        Arc::new(refused.into_iter().fold(destination, |at, (id, times, with)| at.refusing(id, times, with)))
    };
    let all = || vec![batch(1..=3)];
    let update = |destination| send(destination, OnExisting::Update, Duration::ZERO, all());
    let transient = || refused(ItemErrorKind::Transient);
    let account = update(destination(vec![("id-u2", 4, transient())])).await;
    assert_eq!((account.of("updated"), account.stopped), (vec![1, 2, 3], None), "for a while");
    let account = update(destination(vec![("id-u2", u32::MAX, transient())])).await;
    assert_eq!((account.of("updated"), account.of("target_error")), (vec![1, 3], vec![2]), "one of several");
    assert_eq!(account.stopped, None);
    // However many they are: another one of their batch was changed.
    let bad = ["id-u2", "id-u3", "id-u4"].map(|id| (id, u32::MAX, transient()));
    let account = send(destination(bad.into()), OnExisting::Update, Duration::ZERO, vec![batch(1..=5)]).await;
    assert_eq!((account.of("updated"), account.of("target_error")), (vec![1, 5], vec![2, 3, 4]), "several in a row");
    assert_eq!(account.stopped, None);
    let account = update(destination(vec![("id-u2", u32::MAX, refused(ItemErrorKind::NoAccess))])).await;
    assert_eq!((account.of("updated"), account.records.len()), (vec![1], 1), "no access: what was changed is booked");
    assert!(account.stopped.is_some());
    // All of them: a few are rejected, and then the run stops.
    let there = |at: Scripted, number: u64| at.with(&format!("u{number}"), there(number));
    let always = (1..=20).fold(obliging(), there).refusing_all(&transient());
    let account = send(Arc::new(always), OnExisting::Update, Duration::ZERO, vec![batch(1..=20)]).await;
    assert!(account.records.len() <= 2 && account.stopped.is_some(), "all of them: {account:?}");
}

#[tokio::test(start_paused = true)]
async fn a_user_who_is_there_already_is_left_changed_or_rejected_as_was_asked() {
    let there = |name: &str| {
        format!(
            r#"{{"id":"id-1","external_id":"u1","email":"u1@example.com","first_name":"{name}","admin_metadata":{{"clerk":{{"id":"user_1"}}}}}}"#
        )
    };
    for (rule, name, became, changes) in [
        (OnExisting::Skip, "Grace", "unchanged", 0),
        (OnExisting::Update, "Grace", "updated", 1),
        (OnExisting::Update, "Ada", "unchanged", 0),
        (OnExisting::Fail, "Ada", "already_exists", 0),
    ] {
        let destination = Arc::new(obliging().with("u1", there(name)));
        let account = send(Arc::clone(&destination), rule, Duration::ZERO, vec![batch(1..=2)]).await;
        assert_eq!(account.of(became), [1], "{rule:?} {name}");
        assert_eq!(account.of("created"), [2], "{rule:?} {name}");
        assert_eq!(destination.changed().len(), changes, "{rule:?} {name}");
    }
}

#[tokio::test(start_paused = true)]
async fn another_person_is_in_the_way_and_the_same_person_under_another_external_id_is_not() {
    let conflict = || {
        let error = ItemError { kind: ItemErrorKind::Conflict, taken: Some(Field::Email), ..ItemError::default() };
        Answer::Items(vec![("u1", ItemResult::Error(error))])
    };
    let there = |clerk: &str| {
        format!(
            r#"{{"id":"id-9","external_id":"old","email":"u1@example.com","admin_metadata":{{"clerk":{{"id":"{clerk}"}}}}}}"#
        )
    };
    let stranger = Arc::new(obliging().answering([conflict()]).with("old", there("user_9")));
    assert_eq!(import(&stranger, vec![batch(1..=2)]).await.of("email_taken"), [1]);
    let same = Arc::new(obliging().answering([conflict()]).with("old", there("user_1")));
    assert_eq!(import(&same, vec![batch(1..=2)]).await.of("unchanged"), [1]);
    // What stands in the way may be what an earlier request of this run created whose answer never came; or what another record's did.
    let made_for = |record: &str| {
        let admin =
            format!(r#"{{"clerk":{{"id":"user_1"}},"avnology_migrate":{{"run":"{RUN}","record":"{record}"}}}}"#);
        format!(r#"{{"id":"id-1","external_id":"u1","email":"u1@example.com","admin_metadata":{admin}}}"#)
    };
    let own = Arc::new(obliging().answering([conflict()]).with("u1", made_for("0:1")));
    assert_eq!(import(&own, vec![batch(1..=2)]).await.of("created"), [1, 2]);
    let of_another_record = Arc::new(obliging().answering([conflict()]).with("u1", made_for("0:7")));
    assert_eq!(import(&of_another_record, vec![batch(1..=2)]).await.of("email_taken"), [1]);
}

fn answers() -> impl Strategy<Value = Vec<Answer>> {
    let failure = prop_oneof![
        Just(Failure::TooLarge),
        Just(Failure::Content),
        Just(Failure::Throttled),
        Just(Failure::Timeout),
        Just(Failure::Breakdown),
        Just(Failure::Gateway),
        Just(Failure::Away),
    ];
    let lost = prop_oneof![Just(Failure::Timeout), Just(Failure::Breakdown), Just(Failure::Gateway)];
    let transient = (1u64..=8).prop_map(|number| {
        let names = ["u1", "u2", "u3", "u4", "u5", "u6", "u7", "u8"];
        let name = names[usize::try_from(number).expect("small") - 1];
        Answer::Items(vec![(name, ItemResult::Error(ItemError::default()))])
    });
    let answer =
        prop_oneof![Just(Answer::Created), failure.prop_map(Answer::Failed), lost.prop_map(Answer::Lost), transient];
    proptest::collection::vec(answer, 0..24)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn each_record_is_settled_once_or_the_run_stops_by_any_script_of_answers(answers in answers()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
        let account = runtime.block_on(async {
            let destination = Arc::new(obliging().answering(answers));
            import(&destination, vec![batch(1..=5), batch(6..=8)]).await
        });
        // Twice is what `send` looks for.
        prop_assert!(account.stopped.is_some() || account.records.len() == 8, "{account:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_bounds_of_a_batch_are_those_of_the_destination_and_of_the_pace() {
    let destination = Arc::new(obliging());
    let envelope = destination.envelope();
    let delivery = DeliveryTerms {
        destination,
        memory: 1 << 20,
        on_existing: OnExisting::Skip,
        run_id: RUN.to_owned(),
        mark: None,
    };
    let (events, _inbox) = mpsc::channel(1);
    let senders = Senders::new(delivery, events, CancellationToken::new(), CancellationToken::new());
    let limits = senders.limits()();
    assert_eq!((limits.items, limits.bytes), (500.min(envelope.items), envelope.bytes));
}
