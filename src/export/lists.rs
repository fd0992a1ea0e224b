//! Goes through a list, page by page, until it has what Clerk counts.

use std::collections::VecDeque;
use std::time::Duration;

use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use tokio::time::Instant;

use super::id_set::IdSet;
use super::kind::{HowListed, OLDEST_FIRST};
use super::lane::Border;
use super::lanes::border;
use super::reading::{Reading, Taken, Written};
use super::record_file::RecordFile;
use super::{Difference, ExportError, ExportKind, Exporter, Tally};
use crate::clerk_api::{
    Answer, ApiEndpoint, ApiPage, ClerkCalls, ClerkError, MAX_PAGE, PageRequest, Start, total_count,
};

/// How often what was written is made durable: a kill costs no more than this, and what the disk takes for it.
const CHECKPOINT: Duration = Duration::from_secs(1);

/// How often a list is gone through once more that has more records than were found.
const MOST_ROUNDS: u32 = 3;

/// The fewest records that a page is asked for: one to know it by, and one that is new.
const LEAST_PAGE: usize = 2;

/// A list that is being read.
#[derive(Debug)]
pub(super) struct OpenList {
    pub kind: ExportKind,
    pub how: HowListed,
    /// Where its records go; nothing if only their ids are wanted.
    file: Option<RecordFile>,
    /// The records that were found.
    pub found: u64,
    pub reading: Reading,
    /// Behind how many records further lanes are to begin.
    borders: Vec<u64>,
}

/// What came of a question while a list is read in lanes.
enum Came {
    /// The page of a lane.
    Page(AnsweredPage),
    /// Where a lane may begin, with the ids up to there; nothing if that cannot be found out.
    Border(Option<(Border, VecDeque<String>)>),
}

/// An answer to a lane's question.
pub(super) struct AnsweredPage {
    lane: usize,
    /// The most records that were asked for.
    asked: usize,
    answer: Result<Answer<ApiPage>, ClerkError>,
}

/// The pages of one reading of a list.
pub(super) struct Pages {
    /// The most records that are asked for.
    pub limit: usize,
    /// How many records the list has, if a page said so.
    pub total: Option<u64>,
    /// Bytes of the longest page of late: each page that follows forgets an eighth of it.
    pub longest: usize,
    /// When the last part of what was read began to be made durable.
    durable: Instant,
}

/// What an answer means for the next page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Went {
    /// Its page was taken.
    On,
    /// It was not: the next page begins elsewhere, or is shorter.
    Back,
    /// The instance has no such list.
    Nowhere,
}

impl Exporter<'_> {
    /// Exports a list that comes in pages.
    pub(super) async fn list(&mut self, kind: ExportKind, how: HowListed) -> Result<(), ExportError> {
        let (file, written) = self.open(kind).await?;
        let (found, reading) = (file.records(), Reading::go_on(written, how.by_cursor));
        let borders = self.borders((kind, how), &reading).await?;
        let mut list = OpenList { kind, how, file: Some(file), found, reading, borders };
        let counted = self.go_through(&mut list).await?;
        match (list.file, counted) {
            (Some(file), Some(counted)) => self.finish(file, counted),
            (Some(file), None) => file.discard(),
            (None, _) => Ok(()),
        }
    }

    /// The ids of all users who are at Clerk; nothing if Clerk counts more of them than it lists.
    pub(super) async fn listed_users(&mut self) -> Result<Option<IdSet>, ExportError> {
        let how = HowListed { order: Some(OLDEST_FIRST), paginated: false, by_cursor: true, first_millisecond: None };
        let reading = Reading::go_on(Written::nothing(), true);
        let borders = self.borders((ExportKind::Users, how), &reading).await?;
        let mut list = OpenList { kind: ExportKind::Users, how, file: None, found: 0, reading, borders };
        let counted = self.go_through(&mut list).await?.flatten();
        let is_whole = counted.is_some_and(|counted| counted <= list.found);
        Ok(is_whole.then(|| list.reading.into_known()))
    }

    /// Reads a list until it has what Clerk counts. Returns how many that are, if Clerk says so; nothing if the instance has
    /// no such list. A difference that stays is noted.
    async fn go_through(&mut self, list: &mut OpenList) -> Result<Option<Option<u64>>, ExportError> {
        let (kind, mut counted, mut rounds) = (list.kind, None, 0);
        loop {
            let before = list.found;
            let Some(total) = self.read_to_the_end(list).await? else { return Ok(None) };
            let found = list.found;
            let is_whole = if list.how.first_millisecond.is_some() {
                // Users who were changed meanwhile moved to where the list had been read already.
                found == before && rounds > 0
            } else {
                // What was counted before this round has been listed since. What came later may still come and come.
                if counted.is_none_or(|counted| counted > found) {
                    counted =
                        if kind == ExportKind::Users { Some(self.count_users().await?) } else { total.or(counted) };
                }
                counted.is_none_or(|counted| counted <= found)
            };
            if is_whole || rounds == MOST_ROUNDS {
                break;
            }
            rounds += 1;
            list.reading.once_more();
        }
        let found = list.found;
        let difference = counted.filter(|counted| *counted > found);
        self.state.differences.extend(difference.map(|counted| Difference { kind, found, counted }));
        Ok(Some(counted))
    }

    /// Reads pages until the list is at its end. Returns how many records it has in all, if it says so; nothing if the instance
    /// has no such list.
    async fn read_to_the_end(&mut self, list: &mut OpenList) -> Result<Option<Option<u64>>, ExportError> {
        let mut pages = Pages { limit: MAX_PAGE, total: None, longest: 0, durable: Instant::now() };
        let is_there = if list.how.by_cursor {
            self.read_lanes(list, &mut pages).await?
        } else {
            self.read_ahead(list, &mut pages).await?
        };
        Ok(is_there.then_some(pages.total))
    }

    /// Reads one page of each lane at a time, and begins further lanes as soon as it is known where. False if the instance has no
    /// such list.
    async fn read_lanes(&mut self, list: &mut OpenList, pages: &mut Pages) -> Result<bool, ExportError> {
        let calls = self.calls;
        let next = |list: &OpenList, lane, limit| Some(list.ask(calls, lane, list.reading.next(lane)?, limit));
        let page = |page: Option<_>| page.map(|page| FutureExt::map(page, Came::Page).left_future());
        let mut asking: FuturesUnordered<_> =
            list.reading.numbers().filter_map(|lane| page(next(list, lane, pages.limit))).collect();
        let which = (list.kind, list.how);
        let borders = std::mem::take(&mut list.borders).into_iter();
        asking.extend(borders.map(|offset| border(calls, which, offset).map(Came::Border).right_future()));
        while let Some(came) = asking.next().await {
            let lane = match came {
                Came::Page(answered) => {
                    let lane = answered.lane;
                    if self.answered(list, answered, pages)? == Went::Nowhere {
                        return Ok(false);
                    }
                    Some(lane)
                }
                Came::Border(found) => found.and_then(|(border, recent)| list.reading.divide(border, recent)),
            };
            // The next page is on its way while this one is written.
            asking.extend(lane.and_then(|lane| page(next(list, lane, pages.limit))));
            self.make_durable(list, pages)?;
            if list.reading.has_ended() {
                // Where a lane could have begun does not matter any more.
                break;
            }
        }
        Ok(true)
    }

    /// Looks at an answer, and takes what is new on its page.
    pub(super) fn answered(
        &mut self,
        list: &mut OpenList,
        answered: AnsweredPage,
        pages: &mut Pages,
    ) -> Result<Went, ExportError> {
        let AnsweredPage { lane, asked, answer } = answered;
        let kind = list.kind;
        match answer? {
            Answer::Read(page, body) => {
                pages.total = page.total.or(pages.total);
                pages.longest = body.len().max(pages.longest - pages.longest / 8);
                self.take(list, lane, (&page, &body), asked)
            }
            Answer::TooLarge if asked > LEAST_PAGE => {
                pages.limit = pages.limit.min((asked / 2).max(LEAST_PAGE));
                Ok(Went::Back)
            }
            Answer::TooLarge => Err(ExportError::TooLarge { kind }),
            Answer::Refused(refusal) if refusal.is_of_cursor() && list.reading.cursor_is_gone(lane) => {
                tracing::debug!(kind = kind.name(), "the record that a page was to begin behind is gone");
                Ok(Went::Back)
            }
            Answer::Refused(refusal) if kind.is_optional() && refusal.is_not_offered() && list.found == 0 => {
                self.missing(kind, refusal.describe())?;
                Ok(Went::Nowhere)
            }
            Answer::Refused(refusal) => Err(self.calls.refused(&refusal).into()),
        }
    }

    /// Begins to make durable what was read, if it is time.
    pub(super) fn make_durable(&mut self, list: &mut OpenList, pages: &mut Pages) -> Result<(), ExportError> {
        if let Some(file) = &mut list.file
            && pages.durable.elapsed() >= CHECKPOINT
            && self.checkpoint(file, list.reading.lanes())?
        {
            pages.durable = Instant::now();
        }
        Ok(())
    }

    /// Takes what is new and wanted from a page for which this many records were asked for.
    fn take(
        &self,
        list: &mut OpenList,
        lane: usize,
        (page, body): (&ApiPage, &[u8]),
        asked: usize,
    ) -> Result<Went, ExportError> {
        let is_wanted = |updated_at: Option<i64>| match (list.how.first_millisecond, updated_at) {
            (Some(first), Some(updated_at)) => updated_at >= first,
            _ => true,
        };
        let wanted = page.records.iter().take_while(|record| is_wanted(record.updated_at)).count();
        let is_enough = wanted < page.records.len();
        let taken = list.reading.take(lane, asked, &page.records[..wanted], is_enough);
        let new = match taken.map_err(ExportError::Temporary)? {
            Taken::New(new) => new,
            Taken::Nothing => return Ok(Went::Back),
            Taken::Endless => {
                let reason = format!("its list of {} comes to no end: pages repeat or do not join", list.kind);
                return Err(self.calls.broken(reason).into());
            }
        };
        list.found += new.len() as u64;
        let (mut bytes, mut exported) = (0, 0);
        if let Some(file) = &mut list.file {
            for record in new.iter().filter_map(|place| page.records.get(*place)) {
                let text = record.text(body);
                file.push(text);
                bytes += text.len() as u64 + 1;
            }
            file.write()?;
            exported = new.len() as u64;
        }
        let tally = self.tally.get();
        self.tally.set(Tally {
            records: list.found,
            total: page.total.or(tally.total),
            records_in_all: tally.records_in_all + exported,
            bytes: tally.bytes + bytes,
            ..tally
        });
        Ok(Went::On)
    }

    pub(super) async fn count_users(&self) -> Result<u64, ExportError> {
        match self.calls.ask(&PageRequest::whole(ApiEndpoint::UserCount), total_count).await? {
            Answer::Read(count, _) => Ok(count),
            Answer::TooLarge => Err(ExportError::TooLarge { kind: ExportKind::Users }),
            Answer::Refused(refusal) => Err(self.calls.refused(&refusal).into()),
        }
    }
}

impl OpenList {
    /// Asks for the page of a lane that begins there, of at most this many records.
    pub(super) fn ask<'a>(
        &self,
        calls: &'a ClerkCalls,
        lane: usize,
        start: Start<'_>,
        limit: usize,
    ) -> impl Future<Output = AnsweredPage> + use<'a> {
        let (kind, HowListed { order, paginated, .. }) = (self.kind, self.how);
        // The list goes on being read while the question is under way.
        let (offset, after) = match start {
            Start::Beginning => (None, None),
            Start::Offset(offset) => (Some(offset), None),
            Start::After(id) => (None, Some(id.to_owned())),
        };
        async move {
            let start = match (&after, offset) {
                (Some(id), _) => Start::After(id),
                (None, Some(offset)) => Start::Offset(offset),
                (None, None) => Start::Beginning,
            };
            let request = PageRequest { endpoint: kind.endpoint(), order, page: Some((start, limit)), paginated };
            AnsweredPage { lane, asked: limit, answer: calls.ask(&request, ApiPage::read).await }
        }
    }
}
