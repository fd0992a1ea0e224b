//! Which records of the pages of a list are to be written, while the list changes.

use std::collections::VecDeque;
use std::io;
use std::ops::Range;

use super::id_set::IdSet;
use super::lane::{Border, Lane, LaneState};
use super::walk::{ListWalk, PageJoined, PageSeen};
use crate::clerk_api::{ApiRecord, Start};

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
    /// Never none.
    lanes: Vec<Lane>,
    known: IdSet,
}

/// What is known of the records that were written before a kill.
#[derive(Debug)]
pub(super) struct Written {
    /// Their ids.
    pub known: IdSet,
    /// The last of them.
    pub recent: VecDeque<String>,
    /// How many there are.
    pub records: u64,
    /// How far each lane is, if the list is read in lanes.
    pub lanes: Vec<LaneState>,
}

impl Written {
    /// Nothing.
    pub(super) fn nothing() -> Self {
        Self { known: IdSet::new(), recent: VecDeque::new(), records: 0, lanes: Vec::new() }
    }
}

impl Reading {
    /// Goes on behind what was written, by cursor or by offset.
    pub(super) fn go_on(written: Written, by_cursor: bool) -> Self {
        let Written { known, recent, records, lanes } = written;
        let whole = || Lane::whole(if by_cursor { ListWalk::by_cursor(recent) } else { ListWalk::by_offset(records) });
        let lanes = if lanes.is_empty() { vec![whole()] } else { lanes.into_iter().map(Lane::go_on).collect() };
        Self { lanes, known }
    }

    /// Begins a lane behind a record, with the ids up to it, and ends the lane there in which it lies. Returns its number; nothing if
    /// that lane was read this far already.
    pub(super) fn divide(&mut self, border: Border, recent: VecDeque<String>) -> Option<usize> {
        let new = self.lanes.iter_mut().find(|lane| lane.has_ahead(&border))?.divide(border, recent);
        self.lanes.push(new);
        Some(self.lanes.len() - 1)
    }

    /// How far each lane is; nothing if they are not by cursor.
    pub(super) fn lanes(&self) -> Vec<LaneState> {
        self.lanes.iter().filter_map(Lane::state).collect()
    }

    /// The numbers of the lanes.
    pub(super) fn numbers(&self) -> Range<usize> {
        0..self.lanes.len()
    }

    /// The ids of all that was taken.
    pub(super) fn into_known(self) -> IdSet {
        self.known
    }

    /// Where the next page of a lane begins; nothing at its end.
    pub(super) fn next(&self, lane: usize) -> Option<Start<'_>> {
        self.lanes[lane].next()
    }

    /// Whether all lanes are at their ends.
    pub(super) fn has_ended(&self) -> bool {
        self.lanes.iter().all(|lane| lane.next().is_none())
    }

    /// See [`ListWalk::ahead`], of a list that goes by offset and has one lane.
    pub(super) fn ahead(&self, pages: u64, asked: usize) -> Option<u64> {
        self.lanes[0].ahead(pages, asked)
    }

    /// See [`ListWalk::cursor_is_gone`].
    pub(super) fn cursor_is_gone(&mut self, lane: usize) -> bool {
        self.lanes[lane].cursor_is_gone()
    }

    /// Goes on at the end of the list once more. See [`ListWalk::once_more`].
    pub(super) fn once_more(&mut self) {
        self.lanes.iter_mut().filter(|lane| lane.is_last()).for_each(Lane::once_more);
    }

    /// Takes a page of these records, of which this many were asked for; `is_enough` says that nothing behind them is wanted.
    pub(super) fn take(&mut self, lane: usize, asked: usize, page: &[ApiRecord], is_enough: bool) -> io::Result<Taken> {
        let Self { lanes, known } = self;
        let lane = &mut lanes[lane];
        let (records, is_at_its_end) = lane.cut(page);
        let page = &page[..records];
        let first_is_known = match page.first() {
            Some(first) if !lane.may_be_of_another(first) => known.contains(&first.id)?,
            _ => false,
        };
        let ids: Vec<&str> = page.iter().map(|record| record.id.as_str()).collect();
        let is_enough = is_enough || is_at_its_end;
        match lane.took(&PageSeen { asked, ids: &ids, first_is_known, is_enough }) {
            PageJoined::No => return Ok(Taken::Nothing),
            PageJoined::Endless => return Ok(Taken::Endless),
            PageJoined::Yes => {}
        }
        let mut new = Vec::with_capacity(page.len());
        for (place, record) in page.iter().enumerate() {
            if lane.is_before(record) || lane.may_repeat(record) && known.contains(&record.id)? {
                continue;
            }
            known.insert(&record.id)?;
            new.push(place);
        }
        lane.reached(page);
        Ok(Taken::New(new))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;
    use crate::export::walk::SAME;

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

    /// When a record was created: several in one millisecond.
    fn created_at(place: u64) -> i64 {
        i64::try_from(place / 3).expect("small")
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
                    self.grow();
                }
            }
        }

        fn grow(&mut self) {
            self.records.insert(self.next, format!("id_{}", self.next));
            self.next += 1;
        }

        fn page(&self, start: Start<'_>, most: usize) -> Option<Vec<ApiRecord>> {
            let record = |(place, id): (&u64, &String)| ApiRecord::of(id, created_at(*place));
            let ordered: Vec<ApiRecord> = if self.newest_first {
                self.records.iter().rev().map(record).collect()
            } else {
                self.records.iter().map(record).collect()
            };
            let from = match start {
                Start::Beginning => 0,
                Start::Offset(offset) => usize::try_from(offset).expect("small"),
                Start::After(id) => ordered.iter().position(|record| record.id == id)? + 1,
            };
            Some(ordered.into_iter().skip(from).take(most).collect())
        }

        /// Where a lane of so many may begin.
        fn border(&mut self, lane: u64, lanes: u64) -> Option<(Border, VecDeque<String>)> {
            let offset = self.records.len() as u64 / lanes * lane;
            let page = self.page(Start::Offset(offset), 3).expect("a page");
            self.change();
            let last = page.last()?;
            let border = Border { created_at: last.created_at.expect("it"), id: last.id.clone() };
            Some((border, page.into_iter().map(|record| record.id).collect()))
        }

        /// Reads the list to its end, lanes side by side, and is killed now and then.
        fn read(&mut self, by_cursor: bool, lanes: u64) -> Vec<String> {
            let mut written: Vec<String> = Vec::new();
            let mut reading = Reading::go_on(Written::nothing(), by_cursor);
            // Where further lanes begin is asked for, and answered, at any time.
            let mut wanted: VecDeque<u64> = (1..lanes).collect();
            let mut found: VecDeque<(Border, VecDeque<String>)> = VecDeque::new();
            // What is durable, and the answers that are under way.
            let mut durable = (0, reading.lanes());
            let mut under_way: BTreeMap<usize, Option<Vec<ApiRecord>>> = BTreeMap::new();
            if !by_cursor {
                return self.read_ahead(reading, lanes);
            }
            for step in 0..40_000 {
                assert!(step < 30_000, "it comes to no end");
                if self.dice.u32(..3) == 0
                    && let Some(lane) = wanted.pop_front()
                {
                    found.extend(self.border(lane, lanes));
                }
                if self.dice.u32(..3) == 0
                    && let Some((border, recent)) = found.pop_front()
                {
                    reading.divide(border, recent);
                }
                for lane in reading.numbers() {
                    if let (Some(start), false) = (reading.next(lane), under_way.contains_key(&lane)) {
                        under_way.insert(lane, self.page(start, ASKED));
                        self.change();
                    }
                }
                let which = self.dice.usize(..under_way.len().max(1));
                let Some(lane) = under_way.keys().copied().nth(which) else { break };
                if let Some(page) = under_way.remove(&lane).expect("it") {
                    match reading.take(lane, ASKED, &page, false).expect("a disk") {
                        Taken::New(new) => written.extend(new.into_iter().map(|place| page[place].id.clone())),
                        Taken::Nothing => {}
                        Taken::Endless => panic!("endless"),
                    }
                } else {
                    assert!(reading.cursor_is_gone(lane), "there is always a way to go on");
                }
                if self.dice.u32(..4) == 0 {
                    durable = (written.len(), reading.lanes());
                }
                if self.dice.u32(..30) == 0 {
                    // What was written since the last checkpoint is lost, and so are the answers.
                    written.truncate(durable.0);
                    under_way.clear();
                    reading = Self::killed(&written, by_cursor, &durable.1);
                    found.clear();
                    wanted = (reading.numbers().len() as u64..lanes).collect();
                }
            }
            written
        }

        /// Reads the list to its end by offset, with this many pages asked for at once, and is killed now and then.
        fn read_ahead(&mut self, mut reading: Reading, at_once: u64) -> Vec<String> {
            let (mut written, mut durable) = (Vec::new(), 0);
            let mut under_way: VecDeque<(u64, Option<Vec<ApiRecord>>)> = VecDeque::new();
            // What is killed again and again while a list grows fast at its beginning comes to no end: each time it reads what
            // was put in before all that it had written.
            let mut kills = 5;
            for step in 0..40_000 {
                assert!(step < 30_000, "it comes to no end");
                while let Some(offset) = reading.ahead(under_way.len() as u64, ASKED)
                    && (under_way.len() as u64) < at_once
                {
                    under_way.push_back((offset, None));
                }
                // One that is behind may be answered before: each is as the list is then.
                while under_way.front().is_some_and(|(_, page)| page.is_none()) {
                    let which = self.dice.usize(..under_way.len());
                    let (offset, page) = &mut under_way[which];
                    if page.is_none() {
                        *page = self.page(Start::Offset(*offset), ASKED);
                        self.change();
                    }
                }
                let Some(page) = under_way.pop_front().and_then(|(_, page)| page) else { break };
                match reading.take(0, ASKED, &page, false).expect("a disk") {
                    Taken::New(new) => written.extend(new.into_iter().map(|place| page[place].id.clone())),
                    Taken::Nothing => under_way.clear(),
                    Taken::Endless => panic!("endless"),
                }
                if reading.next(0).is_none() {
                    break;
                }
                if self.dice.u32(..4) == 0 {
                    durable = written.len();
                }
                if kills > 0 && self.dice.u32(..30) == 0 {
                    kills -= 1;
                    written.truncate(durable);
                    under_way.clear();
                    reading = Self::killed(&written, false, &[]);
                }
            }
            written
        }

        fn killed(written: &[String], by_cursor: bool, lanes: &[LaneState]) -> Reading {
            let mut known = IdSet::new();
            for id in written {
                known.insert(id).expect("a disk");
            }
            let recent = written.iter().rev().take(512).rev().cloned().collect();
            // As it is stored.
            let lanes = serde_json::from_str(&serde_json::to_string(lanes).expect("JSON")).expect("JSON");
            Reading::go_on(Written { known, recent, records: written.len() as u64, lanes }, by_cursor)
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

        #[test]
        fn who_is_there_the_whole_time_is_found_once(
            seed in any::<u64>(),
            records in 0u64..600,
            (by_cursor, newest_first, lanes) in prop_oneof![
                (1u64..7).prop_map(|lanes| (true, false, lanes)),
                (1u64..7).prop_map(|at_once| (false, false, at_once)),
                (1u64..7).prop_map(|at_once| (false, true, at_once)),
            ],
            changes in 0u32..850,
            deletions in 0u32..950,
        ) {
            let mut list = Changing::new(seed, records, newest_first, changes, deletions);
            let written = list.read(by_cursor, lanes);
            let distinct: BTreeSet<String> = written.iter().cloned().collect();
            prop_assert_eq!(distinct.len(), written.len(), "none twice");
            let missing: Vec<&String> = list.always.difference(&distinct).collect();
            prop_assert!(missing.is_empty(), "missing {:?}", missing);
        }
    }

    fn page(records: usize) -> Vec<ApiRecord> {
        (0..records).map(|number| ApiRecord::of(&format!("id_{number}"), number.try_into().expect("small"))).collect()
    }

    #[test]
    fn a_list_that_ignores_where_a_page_should_begin_comes_to_no_end_and_that_is_noticed() {
        let page = page(ASKED);
        for by_cursor in [true, false] {
            let mut reading = Reading::go_on(Written::nothing(), by_cursor);
            let taken: Vec<Taken> =
                (0..2 * SAME).map(|_| reading.take(0, ASKED, &page, false).expect("a disk")).collect();
            assert!(taken.contains(&Taken::Endless), "{taken:?}");
            let new = taken.iter().map(|taken| if let Taken::New(new) = taken { new.len() } else { 0 });
            assert_eq!(new.sum::<usize>(), ASKED, "none twice");
        }
    }

    #[test]
    fn a_list_that_grows_by_as_much_as_a_page_goes_on_comes_to_an_end() {
        let mut list = Changing::new(0, 200, true, 0, 0);
        let mut reading = Reading::go_on(Written::nothing(), false);
        let (mut found, mut pages, mut last_offset) = (BTreeSet::new(), 0, 0);
        while let Some(start) = reading.next(0) {
            let offset = if let Start::Offset(offset) = start { offset } else { 0 };
            if pages < 10 {
                (last_offset..offset).for_each(|_| list.grow());
            }
            (pages, last_offset) = (pages + 1, offset);
            let page = list.page(Start::Offset(offset), ASKED).unwrap();
            match reading.take(0, ASKED, &page, false).unwrap() {
                Taken::New(new) => found.extend(new.into_iter().map(|place| page[place].id.clone())),
                other => panic!("{other:?}"),
            }
        }
        assert!(list.always.is_subset(&found));
    }

    #[test]
    fn a_list_that_knows_no_pages_is_read_as_a_whole() {
        let mut reading = Reading::go_on(Written::nothing(), false);
        let all = page(2 * ASKED);
        assert_eq!(reading.take(0, ASKED, &all, false).expect("a disk"), Taken::New((0..2 * ASKED).collect()));
        assert_eq!(reading.next(0), None);
    }
}
