//! A part of a list: lanes are read side by side, each from behind one record up to another one.
//!
//! Where lanes meet is found by offset, and only the record that is found there counts: its id, and when it was created, which
//! never changes. So it does not matter whether records moved meanwhile. If that record is deleted, the lane before it ends
//! at the first record that was created later.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::walk::{ListWalk, PageJoined, PageSeen};
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
    /// When the latest record was created that was read.
    #[serde(default)]
    reached: Option<i64>,
}

/// A part of a list that is being read.
#[derive(Debug)]
pub(super) struct Lane {
    walk: ListWalk,
    from: Option<Border>,
    until: Option<Border>,
    /// When the latest record was created that was read; nothing if none was. Far in the future if that is not known.
    reached: Option<i64>,
}

impl Lane {
    /// The whole list.
    pub(super) fn whole(walk: ListWalk) -> Self {
        let reached = reached_by(&walk, None);
        Self { walk, from: None, until: None, reached }
    }

    /// Whether a record lies in it, later than all that was read of it. Of those who were created in one millisecond, nobody is
    /// certain to come before another.
    pub(super) fn has_ahead(&self, border: &Border) -> bool {
        self.next().is_some()
            && self.reached.is_none_or(|reached| reached < border.created_at)
            && self.until.as_ref().is_none_or(|until| border.created_at < until.created_at)
    }

    /// Ends at a record that it has ahead. Returns the lane behind that, which goes as far as this one did. `recent` are the ids up
    /// to the record, in case it is deleted.
    pub(super) fn divide(&mut self, at: Border, recent: VecDeque<String>) -> Self {
        let until = self.until.replace(at.clone());
        Self { walk: ListWalk::by_cursor(recent), reached: Some(at.created_at), from: Some(at), until }
    }

    /// Whether it goes up to the end of the list.
    pub(super) fn is_last(&self) -> bool {
        self.until.is_none()
    }

    /// These records were read.
    pub(super) fn reached(&mut self, page: &[ApiRecord]) {
        let latest = page.iter().map(|record| record.created_at.unwrap_or(i64::MAX)).max();
        self.reached = self.reached.max(latest);
    }

    /// How far it is; nothing if it is not one by cursor.
    pub(super) fn state(&self) -> Option<LaneState> {
        let recent = self.walk.recent()?;
        let recent = recent.iter().skip(recent.len().saturating_sub(KEPT)).cloned().collect();
        let (from, until) = (self.from.clone(), self.until.clone());
        let (may_repeat, has_ended) = (self.walk.may_repeat(), self.next().is_none());
        Some(LaneState { from, until, recent, may_repeat, has_ended, reached: self.reached })
    }

    /// Goes on from there.
    pub(super) fn go_on(state: LaneState) -> Self {
        let LaneState { from, until, recent, may_repeat, has_ended, reached } = state;
        let mut walk = ListWalk::by_cursor(recent);
        let reached = reached_by(&walk, reached);
        if may_repeat {
            walk.repeat();
        }
        if has_ended {
            walk.end();
        }
        Self { walk, from, until, reached }
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
    pub(super) fn took(&mut self, page: &PageSeen<'_>) -> PageJoined {
        self.walk.took(page)
    }
}

/// How far a way went, if it was noted. One that began somewhere, and nobody noted where it is, may be anywhere.
fn reached_by(walk: &ListWalk, noted: Option<i64>) -> Option<i64> {
    let has_begun = walk.recent().is_none_or(|recent| !recent.is_empty());
    noted.or_else(|| has_begun.then_some(i64::MAX))
}
