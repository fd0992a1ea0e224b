//! A part of a list: lanes are read side by side, each from behind one record up to another one.
//!
//! Where lanes meet is found by offset, and only the record that is found there counts: its id, and when it was created, which
//! never changes. So it does not matter whether records moved meanwhile. If that record is deleted, the lane before it ends
//! at the first record that was created later.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::walk::{Joined, ListWalk, PageSeen};
use crate::clerk_api::{ApiRecord, Start};

/// Ids that are kept of a lane for when it is gone on with.
const KEPT: usize = 64;

/// A record at which lanes meet: the last one of the lane before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Border {
    /// When it was created, in milliseconds since 1970.
    pub created_at: i64,
    pub id: String,
}

/// How far a lane is: what a killed export goes on from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LaneState {
    from: Option<Border>,
    until: Option<Border>,
    /// The last records that were read; none if it is at its beginning.
    recent: VecDeque<String>,
    /// Whether records may come again, because one that a page was to begin behind was deleted.
    may_repeat: bool,
    has_ended: bool,
}

/// A part of a list that is being read.
#[derive(Debug)]
pub(super) struct Lane {
    walk: ListWalk,
    from: Option<Border>,
    until: Option<Border>,
}

impl Lane {
    /// The whole list.
    pub(super) fn whole(walk: ListWalk) -> Self {
        Self { walk, from: None, until: None }
    }

    /// Behind a record up to another one. `recent` are the ids up to the first of them, in case it is deleted.
    pub(super) fn between(from: Border, recent: VecDeque<String>, until: Option<Border>) -> Self {
        Self { walk: ListWalk::by_cursor(recent), from: Some(from), until }
    }

    /// This lane up to this record.
    pub(super) fn until(self, until: Border) -> Self {
        Self { until: Some(until), ..self }
    }

    /// How far it is; nothing if it is not one by cursor.
    pub(super) fn state(&self) -> Option<LaneState> {
        let recent = self.walk.recent()?;
        let recent = recent.iter().skip(recent.len().saturating_sub(KEPT)).cloned().collect();
        let (from, until) = (self.from.clone(), self.until.clone());
        let (may_repeat, has_ended) = (self.walk.may_repeat(), self.next().is_none());
        Some(LaneState { from, until, recent, may_repeat, has_ended })
    }

    /// Goes on from there.
    pub(super) fn go_on(state: LaneState) -> Self {
        let LaneState { from, until, recent, may_repeat, has_ended } = state;
        let mut walk = ListWalk::by_cursor(recent);
        if may_repeat {
            walk.repeat();
        }
        if has_ended {
            walk.end();
        }
        Self { walk, from, until }
    }

    /// Where the next page begins; nothing at the end.
    pub(super) fn next(&self) -> Option<Start<'_>> {
        self.walk.next()
    }

    /// See [`ListWalk::ahead`].
    pub(super) fn ahead(&self, pages: u64, asked: usize) -> Option<u64> {
        self.walk.ahead(pages, asked)
    }

    /// See [`ListWalk::cursor_is_gone`].
    pub(super) fn cursor_is_gone(&mut self) -> bool {
        self.walk.cursor_is_gone()
    }

    /// See [`ListWalk::once_more`].
    pub(super) fn once_more(&mut self) {
        self.walk.once_more();
    }

    /// Whether a record is of a lane before, which this one meets again if it has to go back.
    pub(super) fn is_before(&self, record: &ApiRecord) -> bool {
        let from = self.from.as_ref().zip(record.created_at);
        from.is_some_and(|(from, created_at)| created_at < from.created_at)
    }

    /// How many records of a page come before the end of this lane; whether it ends there.
    pub(super) fn cut(&self, page: &[ApiRecord]) -> (usize, bool) {
        let Some(until) = &self.until else { return (page.len(), false) };
        let is_behind = |record: &ApiRecord| record.created_at.is_some_and(|created_at| created_at > until.created_at);
        let last = page.iter().position(|record| record.id == until.id).map(|place| place + 1);
        let behind = page.iter().position(is_behind);
        let end = [last, behind].into_iter().flatten().min();
        (end.unwrap_or(page.len()), end.is_some())
    }

    /// Whether a record may have been read before, by another lane or by this one.
    pub(super) fn may_repeat(&self, record: &ApiRecord) -> bool {
        self.walk.may_repeat() || self.may_be_of_another(record)
    }

    /// Whether a record was created in the same millisecond as one at which lanes meet.
    pub(super) fn may_be_of_another(&self, record: &ApiRecord) -> bool {
        let borders = || self.from.iter().chain(&self.until);
        record.created_at.map_or(borders().count() > 0, |at| borders().any(|border| border.created_at == at))
    }

    /// See [`ListWalk::took`].
    pub(super) fn took(&mut self, page: &PageSeen<'_>) -> Joined {
        self.walk.took(page)
    }
}
