//! Which records of the pages of a list are to be written, while the list changes.

use std::collections::VecDeque;
use std::io;

use super::known_ids::KnownIds;
use super::walk::{Joined, PageSeen, Walk};
use crate::clerk_api::Start;

/// What is to be done with a page.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// These records of it are new, by their places on the page.
    New(Vec<usize>),
    /// Nothing: it is read again from further back.
    Nothing,
    /// The list comes to no end.
    Endless,
}

/// A list that is being read, and what of it was written.
#[derive(Debug)]
pub(super) struct Reading {
    walk: Walk,
    known: KnownIds,
}

/// What is known of the records that were written before a kill.
#[derive(Debug)]
pub(super) struct Written {
    /// Their ids.
    pub known: KnownIds,
    /// The last of them.
    pub recent: VecDeque<String>,
    /// How many there are.
    pub records: u64,
}

impl Written {
    /// Nothing.
    pub(super) fn nothing() -> Self {
        Self { known: KnownIds::new(), recent: VecDeque::new(), records: 0 }
    }
}

impl Reading {
    /// Goes on behind what was written, by cursor or by offset.
    pub(super) fn go_on(written: Written, by_cursor: bool) -> Self {
        let Written { known, recent, records } = written;
        let walk = if by_cursor { Walk::by_cursor(recent) } else { Walk::by_offset(records) };
        Self { walk, known }
    }

    /// The ids of all that was taken.
    pub(super) fn into_known(self) -> KnownIds {
        self.known
    }

    /// Where the next page begins; nothing at the end.
    pub(super) fn next(&self) -> Option<Start<'_>> {
        self.walk.next()
    }

    /// See [`Walk::cursor_is_gone`].
    pub(super) fn cursor_is_gone(&mut self) -> bool {
        self.walk.cursor_is_gone()
    }

    /// See [`Walk::once_more`].
    pub(super) fn once_more(&mut self) {
        self.walk.once_more();
    }

    /// Takes a page of these records, of which so many were asked for; `is_enough` says that nothing behind them is wanted.
    pub(super) fn take(&mut self, asked: usize, ids: &[&str], is_enough: bool) -> io::Result<Taken> {
        let first_is_known = ids.first().map_or(Ok(false), |first| self.known.contains(first))?;
        let may_repeat = self.walk.may_repeat();
        match self.walk.took(&PageSeen { asked, ids, first_is_known, is_enough }) {
            Joined::No => return Ok(Taken::Nothing),
            Joined::Endless => return Ok(Taken::Endless),
            Joined::Yes => {}
        }
        let mut new = Vec::with_capacity(ids.len());
        for (place, id) in ids.iter().enumerate() {
            if may_repeat && self.known.contains(id)? {
                continue;
            }
            self.known.insert(id)?;
            new.push(place);
        }
        Ok(Taken::New(new))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    const ASKED: usize = 25;

    /// A list that changes between any two pages, and how it is read.
    struct Changing {
        dice: fastrand::Rng,
        /// The records by their place in the order.
        records: BTreeMap<u64, String>,
        next: u64,
        always: BTreeSet<String>,
        newest_first: bool,
        /// Of a thousand: how likely a change is, and that it is a deletion.
        changes: u32,
        deletions: u32,
    }

    impl Changing {
        fn new(seed: u64, records: u64, newest_first: bool, changes: u32, deletions: u32) -> Self {
            let all: BTreeMap<u64, String> = (0..records).map(|number| (number, format!("id_{number}"))).collect();
            let always = all.values().cloned().collect();
            let dice = fastrand::Rng::with_seed(seed);
            Self { dice, records: all, next: records, always, newest_first, changes, deletions }
        }

        fn change(&mut self) {
            while self.dice.u32(..1000) < self.changes {
                if self.dice.u32(..1000) < self.deletions {
                    let which = self.dice.usize(..self.records.len().max(1));
                    let Some(place) = self.records.keys().copied().nth(which) else { continue };
                    let gone = self.records.remove(&place).expect("a record");
                    self.always.remove(&gone);
                } else {
                    self.records.insert(self.next, format!("id_{}", self.next));
                    self.next += 1;
                }
            }
        }

        fn page(&self, start: Start<'_>) -> Option<Vec<String>> {
            let ordered: Vec<&String> =
                if self.newest_first { self.records.values().rev().collect() } else { self.records.values().collect() };
            let from = match start {
                Start::Beginning => 0,
                Start::Offset(offset) => usize::try_from(offset).expect("small"),
                Start::After(id) => ordered.iter().position(|record| *record == id)? + 1,
            };
            Some(ordered.into_iter().skip(from).take(ASKED).cloned().collect())
        }

        /// Reads the list to its end, and is killed now and then.
        fn read(&mut self, by_cursor: bool) -> Vec<String> {
            let mut written: Vec<String> = Vec::new();
            let mut reading = Reading::go_on(Written::nothing(), by_cursor);
            for step in 0..20_000 {
                assert!(step < 10_000, "it comes to no end");
                let Some(start) = reading.next() else { break };
                if let Some(page) = self.page(start) {
                    let ids: Vec<&str> = page.iter().map(String::as_str).collect();
                    match reading.take(ASKED, &ids, false).expect("a disk") {
                        Taken::New(new) => written.extend(new.into_iter().map(|place| page[place].clone())),
                        Taken::Nothing => {}
                        Taken::Endless => panic!("endless"),
                    }
                } else {
                    assert!(reading.cursor_is_gone(), "there is always a way to go on");
                }
                self.change();
                if self.dice.u32(..30) == 0 {
                    reading = Self::killed(&mut written, by_cursor, &mut self.dice);
                }
            }
            written
        }

        /// What was written since the last checkpoint is lost.
        fn killed(written: &mut Vec<String>, by_cursor: bool, dice: &mut fastrand::Rng) -> Reading {
            written.truncate(written.len().saturating_sub(dice.usize(..60)));
            let mut known = KnownIds::new();
            for id in written.iter() {
                known.insert(id).expect("a disk");
            }
            let recent = written.iter().rev().take(512).rev().cloned().collect();
            Reading::go_on(Written { known, recent, records: written.len() as u64 }, by_cursor)
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

        #[test]
        fn who_is_there_the_whole_time_is_found_once(
            seed in any::<u64>(),
            records in 0u64..600,
            (by_cursor, newest_first) in prop_oneof![Just((true, false)), Just((false, false)), Just((false, true))],
            changes in 0u32..850,
            deletions in 0u32..900,
        ) {
            let mut list = Changing::new(seed, records, newest_first, changes, deletions);
            let written = list.read(by_cursor);
            let distinct: BTreeSet<String> = written.iter().cloned().collect();
            prop_assert_eq!(distinct.len(), written.len(), "none twice");
            let missing: Vec<&String> = list.always.difference(&distinct).collect();
            prop_assert!(missing.is_empty(), "missing {:?}", missing);
        }
    }

    #[test]
    fn a_list_that_ignores_where_a_page_should_begin_comes_to_no_end_and_that_is_noticed() {
        let page: Vec<String> = (0..ASKED).map(|number| format!("id_{number}")).collect();
        let ids: Vec<&str> = page.iter().map(String::as_str).collect();
        for by_cursor in [true, false] {
            let mut reading = Reading::go_on(Written::nothing(), by_cursor);
            let taken: Vec<Taken> = (0..6).map(|_| reading.take(ASKED, &ids, false).expect("a disk")).collect();
            assert!(taken.contains(&Taken::Endless), "{taken:?}");
            let new = taken.iter().map(|taken| if let Taken::New(new) = taken { new.len() } else { 0 });
            assert_eq!(new.sum::<usize>(), ASKED, "none twice");
        }
    }

    #[test]
    fn a_list_that_knows_no_pages_is_read_as_a_whole() {
        let all: Vec<String> = (0..2 * ASKED).map(|number| format!("id_{number}")).collect();
        let ids: Vec<&str> = all.iter().map(String::as_str).collect();
        let mut reading = Reading::go_on(Written::nothing(), false);
        assert_eq!(reading.take(ASKED, &ids, false).expect("a disk"), Taken::New((0..2 * ASKED).collect()));
        assert_eq!(reading.next(), None);
    }
}
