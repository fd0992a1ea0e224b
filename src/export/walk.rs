//! Where the next page of a list begins, and whether a page that came joins what was read before.
//!
//! Lists change while they are read. Behind a cursor, which names a record, nothing moves: records come in an order that
//! never changes. An offset counts records, and each one that is deleted before it moves all others: so a page begins a few
//! records before the end of the last one, and one whose first record is not known lies behind a gap. It is not taken, and
//! read again from further back.

use std::collections::VecDeque;

use crate::clerk_api::Start;

/// Records that a page by offset has in common with the one before it, if nothing moves.
const OVERLAP: u64 = 10;

/// Ids of the last records, from which a walk can go on if the very last ones are deleted.
pub(super) const RECENT: usize = 512;

/// Pages that begin with the same record, one behind the other, before a list counts as one without an end. A list that grows at its
/// beginning by as much as a page goes on looks like that, too, but not for long.
pub(super) const SAME: u32 = 16;

/// Pages that do not join, one behind the other, before a list counts as one that cannot be read.
const MOST_BACK: u32 = 64;

/// A page that came.
#[derive(Clone, Copy, Debug)]
pub(super) struct PageSeen<'a> {
    /// How many records were asked for.
    pub asked: usize,
    /// Their ids, in the order of the list.
    pub ids: &'a [&'a str],
    /// Whether the first one was written already.
    pub first_is_known: bool,
    /// Whether nothing behind this page is wanted.
    pub is_enough: bool,
}

/// What a page is to what was read before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PageJoined {
    /// It goes on where the last one ended, or before.
    Yes,
    /// There may be records between: it is to be read again, from further back.
    No,
    /// The list comes to no end.
    Endless,
}

/// A way through a list.
#[derive(Debug)]
pub(super) struct ListWalk {
    way: Way,
    /// The first record of the last page, and how many full pages in a row began with it.
    first: (String, u32),
    has_ended: bool,
}

#[derive(Debug)]
enum Way {
    Cursor(CursorWay),
    Offset(OffsetWay),
}

#[derive(Debug, Default)]
struct CursorWay {
    /// The last records, and how far back from the last of them the next page begins.
    recent: VecDeque<String>,
    back: usize,
    /// Whether records may come again, because a cursor was gone.
    repeats: bool,
}

#[derive(Debug, Default)]
struct OffsetWay {
    offset: u64,
    /// How far the last page that did not join was moved back, and how many there were in a row.
    moved_back: u64,
    pages_back: u32,
}

impl ListWalk {
    /// Behind records, of which these are the last ones; at the beginning if there are none.
    pub(super) fn by_cursor(recent: VecDeque<String>) -> Self {
        Self::new(Way::Cursor(CursorWay { recent, ..CursorWay::default() }))
    }

    /// Behind this many records.
    pub(super) fn by_offset(records: u64) -> Self {
        Self::new(Way::Offset(OffsetWay { offset: records.saturating_sub(OVERLAP), ..OffsetWay::default() }))
    }

    fn new(way: Way) -> Self {
        Self { way, first: (String::new(), 0), has_ended: false }
    }

    /// The last records; nothing if it goes by offset.
    pub(super) fn recent(&self) -> Option<&VecDeque<String>> {
        match &self.way {
            Way::Cursor(way) => Some(&way.recent),
            Way::Offset(_) => None,
        }
    }

    /// Records may come again.
    pub(super) fn repeat(&mut self) {
        if let Way::Cursor(way) = &mut self.way {
            way.repeats = true;
        }
    }

    /// It was read to its end before.
    pub(super) fn end(&mut self) {
        self.has_ended = true;
    }

    /// Where the next page begins; nothing if the list was read to its end.
    pub(super) fn next(&self) -> Option<Start<'_>> {
        if self.has_ended {
            return None;
        }
        Some(match &self.way {
            Way::Offset(way) => Start::Offset(way.offset),
            Way::Cursor(way) => way.cursor().map_or(Start::Beginning, Start::After),
        })
    }

    /// Behind how many records the page begins that is this many pages behind the next one, if all of them join; nothing if the list
    /// was read to its end, or does not go by offset.
    pub(super) fn ahead(&self, pages: u64, asked: usize) -> Option<u64> {
        match &self.way {
            Way::Offset(way) if !self.has_ended => Some(way.offset + pages * OffsetWay::step(asked)),
            _ => None,
        }
    }

    /// Whether records of the next page may be known already.
    pub(super) fn may_repeat(&self) -> bool {
        match &self.way {
            Way::Offset(_) => true,
            Way::Cursor(way) => way.repeats,
        }
    }

    /// The record that the next page is to begin behind is not there any more. Whether there is another way to go on.
    pub(super) fn cursor_is_gone(&mut self) -> bool {
        let Way::Cursor(way) = &mut self.way else { return false };
        if way.recent.is_empty() {
            return false;
        }
        way.back = 2 * way.back + 1;
        if way.back >= way.recent.len() {
            // All of them: from the beginning, past what is known.
            way.recent.clear();
            way.back = 0;
        }
        way.repeats = true;
        true
    }

    /// Goes on at the end once more: there may be new records by now. By offset, all that moved is found from the beginning.
    pub(super) fn once_more(&mut self) {
        self.has_ended = false;
        self.first.1 = 0;
        if let Way::Offset(way) = &mut self.way {
            *way = OffsetWay::default();
        }
    }

    /// Looks at the page that was asked for.
    pub(super) fn took(&mut self, page: &PageSeen<'_>) -> PageJoined {
        let is_full = page.ids.len() >= page.asked;
        let joined = match &mut self.way {
            Way::Offset(way) => way.took(page),
            Way::Cursor(way) => way.took(page),
        };
        if joined != PageJoined::Yes {
            return joined;
        }
        let same = page.ids.first().is_some_and(|first| *first == self.first.0);
        self.first = match page.ids.first() {
            Some(_) if same => (std::mem::take(&mut self.first.0), self.first.1 + 1),
            first => (first.map_or_else(String::new, |first| (*first).to_owned()), 1),
        };
        if is_full && self.first.1 >= SAME {
            return PageJoined::Endless;
        }
        // A page that is longer than was asked for is all there is.
        self.has_ended = page.is_enough || page.ids.len() != page.asked;
        PageJoined::Yes
    }
}

impl CursorWay {
    fn cursor(&self) -> Option<&str> {
        self.recent.len().checked_sub(1 + self.back).map(|index| self.recent[index].as_str())
    }

    fn took(&mut self, page: &PageSeen<'_>) -> PageJoined {
        if page.first_is_known && !self.repeats {
            // The cursor was ignored.
            return PageJoined::Endless;
        }
        self.recent.truncate(self.recent.len() - self.back);
        self.back = 0;
        for id in page.ids {
            if self.recent.len() == RECENT {
                self.recent.pop_front();
            }
            self.recent.push_back((*id).to_owned());
        }
        PageJoined::Yes
    }
}

impl OffsetWay {
    fn took(&mut self, page: &PageSeen<'_>) -> PageJoined {
        // A page behind the end of a list that has become shorter is empty.
        if self.offset > 0 && !page.first_is_known {
            self.pages_back += 1;
            if self.pages_back > MOST_BACK {
                return PageJoined::Endless;
            }
            self.moved_back = (2 * self.moved_back).max(2 * OVERLAP);
            self.offset = self.offset.saturating_sub(self.moved_back);
            return PageJoined::No;
        }
        (self.moved_back, self.pages_back) = (0, 0);
        self.offset += Self::step(page.asked);
        PageJoined::Yes
    }

    /// How far one page of this many records begins behind another: at least one is in common, and at least one is new.
    fn step(asked: usize) -> u64 {
        let asked = asked as u64;
        asked - OVERLAP.min(asked / 2)
    }
}
