//! Nights, one behind the other: by the bytes of the records, against mapping all of them.

use std::collections::HashSet;
use std::sync::Arc;

use proptest::prelude::*;

use super::tests::{chunks, recognize};
use super::*;
use crate::index::{DuplicateFinder, DuplicateMeaning, Duplicates, HashedKey, Keys, RecordPlace};
use crate::journal::{ConfirmedRecord, ConfirmedUsers, ContentHash, RecordKey, RecordOutcome, Settled};
use crate::source::{RecordChunk, RecordSpan};

/// A user of the model: an id, a key that may be claimed by others, and content.
type User = (u8, u8, u8);

/// What a night finds: who is unchanged, and who has a key in common with whom.
#[derive(Debug, PartialEq, Eq)]
struct Night {
    unchanged: Vec<u64>,
    found: Vec<(u64, u8, u64)>,
}

fn text((id, key, content): User) -> String {
    format!("{id} {key} {content}{}", " ".repeat(usize::from(content)))
}

/// The place, and the hashed keys of a user: the id and the key are claimed, that of odd content unverified; the content is beside.
fn keys_of(finder: &DuplicateFinder, span: &RecordSpan, (id, key, content): User, into: &mut Keys) -> Vec<HashedKey> {
    let RecordSpan { number, line, offset, length, .. } = *span;
    let place = RecordPlace { input: 0, number, line, offset, length, notes: 0 };
    let before = into.count();
    into.record(&place);
    finder.claim(into, 0, &[id]);
    if content % 2 == 0 {
        finder.claim(into, 1, &[key]);
    } else {
        finder.claim_unverified(into, 1, &[key]);
    }
    finder.beside(into, 1, &[content / 8 + 200]);
    into.hashed(before).collect()
}

/// A night, by the records' bytes where that is possible; and how many were mapped. The target confirms all who are not duplicates.
fn night(users: &[User], confirmed: &mut ConfirmedUsers, basis: &Basis) -> (Night, u64) {
    let lookup = confirmed.lookup().unwrap().map(Arc::new);
    let of = basis.with(&confirmed.state().unwrap());
    let known = lookup.as_ref().and_then(|_| KnownFile::open(&confirmed.records_path(), &of).unwrap());
    let pass = UnchangedRecords::create(1, known.map(Arc::new)).unwrap().unwrap();
    let finder = DuplicateFinder::with_secret(std::env::temp_dir(), pass.secret_of_keys());
    let texts: Vec<String> = users.iter().map(|user| text(*user)).collect();
    let chunks = chunks(&texts, 5);
    first_pass(&pass, &finder, &chunks, &|user| {
        lookup.as_ref().is_some_and(|lookup| lookup.is_confirmed(&user.0.to_string(), content(user)))
    });
    pass.collect_shared_keys(&finder).unwrap();
    let found = finder.finish().unwrap();
    let list = found.iter().map(|found| found.map(|found| (found.place.number, found.kind, found.first.number)));
    let list: Vec<_> = list.collect::<Result<_, _>>().unwrap();
    let written = found.write(tempfile::tempfile().unwrap()).unwrap();
    let unchanged = second_pass(&pass, &chunks, &written);
    for chunk in &chunks {
        let user = |span: &RecordSpan| users[usize::try_from(span.number).unwrap() - 1];
        let sent = chunk.spans.iter().enumerate().filter(|(_, span)| !unchanged.contains(&span.number));
        let sent: Vec<_> = sent
            .filter(
                |(_, span)| !matches!(written.find(0, span.number), Ok(Some(found)) if found.meaning == DuplicateMeaning::Taken),
            )
            .map(|(index, span)| (index, user(span)))
            .collect();
        // The answers come in any order.
        let confirmed_records =
            sent.iter().rev().map(|(index, _)| RecordKey { input: 0, number: chunk.spans[*index].number });
        pass.confirm(confirmed_records.collect());
        let users = sent.iter().map(|(_, user)| ConfirmedRecord::new(&user.0.to_string(), "id", content(*user)));
        confirmed.add(users).unwrap();
    }
    // Nobody is believed without a sample, and not every user may be part of it.
    let others = (0..100).map(|number| ConfirmedRecord::new(&format!("other {number}"), "id", ContentHash::NOTHING));
    confirmed.add(others).unwrap();
    let of = basis.with(&confirmed.state().unwrap());
    pass.write_known(&confirmed.records_path(), &of, &written).unwrap();
    (Night { unchanged, found: list }, pass.counts().mapped)
}

fn content(user: User) -> ContentHash {
    ContentHash::of(text(user).as_bytes())
}

/// Goes through all records, and maps those that are not known.
fn first_pass(
    pass: &UnchangedRecords,
    finder: &DuplicateFinder,
    chunks: &[RecordChunk],
    is_confirmed: &dyn Fn(User) -> bool,
) {
    let mut recognizer = pass.recognizer();
    for chunk in chunks {
        let known = recognizer.as_mut().map(|recognizer| recognize(recognizer, chunk)).unwrap_or_default();
        let (mut keys, mut mapped, mut unchanged) = (Keys::default(), Vec::new(), Vec::new());
        let notices = pass.recognize(0, chunk, &known);
        for (index, span) in chunk.spans.iter().enumerate() {
            let user = user_of(chunk, span);
            let is_known = notices.get(index).copied().flatten().is_some();
            if !is_known {
                let keys = keys_of(finder, span, user, &mut keys);
                mapped.push(MappedRecord { span_index: index, notices: 0, keys });
            }
            if is_known || is_confirmed(user) {
                let key = RecordKey { input: 0, number: span.number };
                unchanged.push(Settled { key, outcome: RecordOutcome::Unchanged, notices: 0 });
            }
        }
        finder.collect(keys).unwrap();
        pass.keep((0, chunk), &known, &unchanged, &mapped);
    }
}

/// The user in a record.
fn user_of(chunk: &RecordChunk, span: &RecordSpan) -> User {
    let text = String::from_utf8_lossy(chunk.record(span)).into_owned();
    let mut numbers = text.split_whitespace().map(|number| number.parse().unwrap());
    std::array::from_fn(|_| numbers.next().unwrap()).into()
}

/// Who is unchanged, in stretches or chunk by chunk, and without those who are duplicates.
fn second_pass(pass: &UnchangedRecords, chunks: &[RecordChunk], found: &Duplicates) -> Vec<u64> {
    let mut unchanged = Vec::new();
    for chunk in chunks {
        for (span, known) in chunk.spans.iter().zip(pass.notices_of_unchanged(0, &chunk.spans)) {
            if known.is_some() && found.find(0, span.number).unwrap().is_none() {
                unchanged.push(span.number);
            }
            let stretch = pass.unchanged_from(0, span.number, 3);
            let is_last = std::ptr::eq(span, chunks.last().unwrap().spans.last().unwrap());
            assert_eq!(stretch.is_some(), known.is_some() && !is_last, "{span:?}");
            let offset = |number: u64| {
                chunks.iter().flat_map(|chunk| &chunk.spans).find(|span| span.number == number).unwrap().offset
            };
            if let Some(UnchangedStretch { first, notices, behind }) = stretch {
                assert_eq!((first.number, first.offset), (span.number, span.offset));
                assert_eq!(
                    (behind.number, behind.offset),
                    (first.number + notices.len() as u64, offset(behind.number))
                );
            }
        }
    }
    unchanged
}

fn users() -> impl Strategy<Value = Vec<User>> {
    // Ids mostly differ; keys are now and then those of others.
    proptest::collection::vec((any::<u8>(), 0u8..250, 0u8..40), 0..40)
}

/// What becomes of a list over night.
#[derive(Clone, Debug)]
enum Change {
    Nothing,
    Remove(prop::sample::Index),
    Copy(prop::sample::Index, prop::sample::Index),
    Edit(prop::sample::Index, User),
    Add(prop::sample::Index, User),
    Reverse,
    OtherRules,
}

fn changes() -> impl Strategy<Value = Vec<Vec<Change>>> {
    let index = any::<prop::sample::Index>;
    let user = || (any::<u8>(), 0u8..250, 0u8..40);
    let change = prop_oneof![
        2 => Just(Change::Nothing),
        3 => index().prop_map(Change::Remove),
        3 => (index(), index()).prop_map(|(from, to)| Change::Copy(from, to)),
        4 => (index(), user()).prop_map(|(at, user)| Change::Edit(at, user)),
        4 => (index(), user()).prop_map(|(at, user)| Change::Add(at, user)),
        1 => Just(Change::Reverse),
        1 => Just(Change::OtherRules),
    ];
    proptest::collection::vec(proptest::collection::vec(change, 0..4), 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    /// Whatever changes from night to night, the short way finds what the long way finds.
    #[test]
    fn the_short_way_finds_what_the_long_way_finds(first in users(), nights in changes()) {
        let directory = tempfile::tempdir().unwrap();
        let [mut short, mut long] =
            ["short", "long"].map(|name| ConfirmedUsers::open(directory.path(), name).unwrap());
        let (mut users, mut rules) = (first, 0);
        for changes in std::iter::once(Vec::new()).chain(nights) {
            for change in changes {
                let at = |index: prop::sample::Index, users: &[User]| index.index(users.len().max(1));
                match change {
                    Change::Remove(index) if !users.is_empty() => {
                        let at = at(index, &users);
                        users.remove(at);
                    }
                    Change::Copy(from, to) if !users.is_empty() => {
                        let user = users[at(from, &users)];
                        users.insert(at(to, &users), user);
                    }
                    Change::Edit(index, user) if !users.is_empty() => {
                        let at = at(index, &users);
                        users[at] = user;
                    }
                    Change::Add(index, user) => users.insert(at(index, &users), user),
                    Change::Reverse => users.reverse(),
                    Change::OtherRules => rules += 1,
                    Change::Nothing | Change::Remove(_) | Change::Copy(..) | Change::Edit(..) => {}
                }
            }
            let basis = Basis::of(&[&rules.to_string()]);
            let (by_bytes, _) = night(&users, &mut short, &basis);
            drop(std::fs::remove_file(long.records_path()));
            let (by_mapping, mapped) = night(&users, &mut long, &basis);
            prop_assert_eq!(mapped, users.len() as u64);
            prop_assert_eq!(by_bytes, by_mapping);
        }
    }
}

#[test]
fn the_next_night_maps_nobody_but_those_who_changed_or_share_something() {
    let directory = tempfile::tempdir().unwrap();
    let mut confirmed = ConfirmedUsers::open(directory.path(), "target").unwrap();
    let basis = Basis::of(&["rules"]);
    let mut users: Vec<User> = (0..100).map(|number| (number, number, 8 * (number % 5))).collect();
    let beside: HashSet<u8> = users.iter().map(|user| user.2).collect();
    // The content of each is beside, and five contents are shared by all.
    assert_eq!(beside.len(), 5);
    night(&users, &mut confirmed, &basis);
    assert_eq!(night(&users, &mut confirmed, &basis).1, 100, "all share something");
    for (number, user) in (0..).zip(&mut users) {
        user.2 = number;
    }
    users.truncate(20);
    for user in &mut users {
        user.2 *= 8;
    }
    night(&users, &mut confirmed, &basis);
    assert_eq!(night(&users, &mut confirmed, &basis).1, 0);
    users[7].1 = 150;
    let (found, mapped) = night(&users, &mut confirmed, &basis);
    assert_eq!((found.unchanged.len(), found.found.len(), mapped), (19, 0, 1));
    // The new user claims what a known one has.
    users.insert(3, (200, 15, 248));
    let (found, mapped) = night(&users, &mut confirmed, &basis);
    assert_eq!((found.unchanged.len(), found.found, mapped), (19, vec![(17, 1, 4)], 1));
    assert_eq!(night(&users, &mut confirmed, &Basis::of(&["other"])).1, 21, "by other rules nobody is known");
}
