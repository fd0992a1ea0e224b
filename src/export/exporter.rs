//! Goes through the kinds of a plan, page by page.

use std::cell::Cell;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use tokio::time::Instant;

use super::kind::{Listing, NEWEST_CHANGES_FIRST};
use super::manifest::InstanceName;
use super::reading::{Reading, Taken, Written};
use super::record_file::RecordFile;
use super::{Difference, ExportDirectory, ExportError, ExportState, Kind, Manifest, Missing, Plan, Tally};
use crate::clerk_api::{Answer, ClerkCalls, Endpoint, MAX_PAGE, Page, Request, object, total_count};

/// How often what was written is made durable: a kill costs no more than this.
const CHECKPOINT: Duration = Duration::from_secs(1);

/// How often a list is gone through once more that has more records than were found.
const MOST_ROUNDS: u32 = 3;

/// The fewest records that a page is asked for: one to know it by, and one that is new.
const LEAST_PAGE: usize = 2;

/// An export under way.
#[derive(Debug)]
pub struct Exporter<'a> {
    calls: &'a ClerkCalls,
    directory: &'a ExportDirectory,
    state: ExportState,
    tally: &'a Cell<Tally>,
}

/// How a list is read.
#[derive(Clone, Copy, Debug)]
struct HowListed {
    order: Option<&'static str>,
    paginated: bool,
    by_cursor: bool,
    /// Nothing that was changed before this is wanted; the list has the newest changes first then.
    first_millisecond: Option<i64>,
}

/// A list that is being read.
#[derive(Debug)]
struct OpenList {
    kind: Kind,
    how: HowListed,
    file: RecordFile,
    reading: Reading,
}

#[derive(Deserialize)]
struct InstanceAnswer {
    id: String,
    environment_type: String,
}

impl<'a> Exporter<'a> {
    /// Asks which instance it is, and begins an export of it, or goes on with the one in the directory.
    pub async fn begin(
        calls: &'a ClerkCalls,
        directory: &'a ExportDirectory,
        plan: Plan,
        tally: &'a Cell<Tally>,
    ) -> Result<Self, ExportError> {
        let (before, now) = (ExportState::read(directory)?, Timestamp::now());
        let instance = ask_instance(calls).await?;
        let (api, is_new) = (calls.address(), before.is_none());
        let state = match before {
            Some(state) => {
                state.check(&plan, &api, &instance, directory)?;
                state
            }
            None => ExportState::begin(plan, api, instance, now),
        };
        let exporter = Self { calls, directory, state, tally };
        if is_new {
            exporter.save()?;
        }
        let records = exporter.state.files.iter().map(|file| file.records).sum();
        let bytes = exporter.state.files.iter().map(|file| file.bytes).sum();
        tally.set(Tally { records_in_all: records, continued: records, bytes, ..Tally::default() });
        Ok(exporter)
    }

    /// Exports all that is left, and ends with the manifest.
    pub async fn run(mut self) -> Result<Manifest, ExportError> {
        for kind in self.state.plan.kinds.clone() {
            if !self.state.has(kind) {
                self.tally.set(Tally { kind: Some(kind), records: 0, total: None, ..self.tally.get() });
                Box::pin(self.export(kind)).await?;
            }
        }
        let manifest = self.state.into_manifest(Timestamp::now(), self.calls.requests());
        let path = self.directory.manifest();
        manifest.write(self.directory).map_err(|source| ExportError::File { path, source })?;
        self.directory.forget_state().map_err(|source| ExportError::File { path: self.directory.state(), source })?;
        Ok(manifest)
    }

    async fn export(&mut self, kind: Kind) -> Result<(), ExportError> {
        let since = self.state.plan.since.as_ref().filter(|_| kind == Kind::Users);
        let first_millisecond = since.map(super::Since::first_millisecond);
        let list = |order, paginated, by_cursor| HowListed { order, paginated, by_cursor, first_millisecond };
        match kind.listing() {
            Listing::Object => self.object(kind).await,
            Listing::Whole => self.whole(kind).await,
            _ if first_millisecond.is_some() => self.list(kind, list(Some(NEWEST_CHANGES_FIRST), false, false)).await,
            Listing::Cursor { order } => self.list(kind, list(Some(order), false, true)).await,
            Listing::Offset { order, paginated } => self.list(kind, list(order, paginated, false)).await,
        }
    }

    /// Exports what is one object.
    async fn object(&mut self, kind: Kind) -> Result<(), ExportError> {
        match self.calls.ask(&Request::whole(kind.endpoint()), object).await? {
            Answer::Read(object, _) => {
                let mut file = self.create(kind)?;
                file.push(&object);
                self.finish(file, None)
            }
            Answer::TooLarge => Err(ExportError::TooLarge { kind }),
            Answer::Refused(refusal) if kind.is_optional() && refusal.is_not_offered() => {
                self.missing(kind, refusal.describe())
            }
            Answer::Refused(refusal) => Err(self.calls.refused(&refusal).into()),
        }
    }

    /// Exports a list that comes as a whole.
    async fn whole(&mut self, kind: Kind) -> Result<(), ExportError> {
        match self.calls.ask(&Request::whole(kind.endpoint()), Page::read).await? {
            Answer::Read(page, body) => {
                let mut file = self.create(kind)?;
                page.records.iter().for_each(|record| file.push(record.text(&body)));
                let counted = page.total.or(Some(page.records.len() as u64));
                self.finish(file, counted)
            }
            Answer::TooLarge => Err(ExportError::TooLarge { kind }),
            Answer::Refused(refusal) if kind.is_optional() && refusal.is_not_offered() => {
                self.missing(kind, refusal.describe())
            }
            Answer::Refused(refusal) => Err(self.calls.refused(&refusal).into()),
        }
    }

    /// Exports a list that comes in pages.
    async fn list(&mut self, kind: Kind, how: HowListed) -> Result<(), ExportError> {
        let (file, written) = self.open(kind)?;
        let mut list = OpenList { kind, how, file, reading: Reading::go_on(written, how.by_cursor) };
        let (mut counted, mut rounds) = (None, 0);
        loop {
            let before = list.file.records();
            let Some(total) = self.read_to_the_end(&mut list).await? else {
                return list.file.discard();
            };
            let found = list.file.records();
            let is_whole = if how.first_millisecond.is_some() {
                // Whoever was changed meanwhile moved to where the list had been read already.
                found == before && rounds > 0
            } else {
                // What was counted before this round has been listed since. What came later may still come and come.
                if counted.is_none_or(|counted| counted > found) {
                    counted = if kind == Kind::Users { Some(self.count_users().await?) } else { total.or(counted) };
                }
                counted.is_none_or(|counted| counted <= found)
            };
            if is_whole || rounds == MOST_ROUNDS {
                break;
            }
            rounds += 1;
            list.reading.once_more();
        }
        let found = list.file.records();
        let difference = counted.filter(|counted| *counted > found);
        self.state.differences.extend(difference.map(|counted| Difference { kind, found, counted }));
        self.finish(list.file, counted)
    }

    /// Reads pages until the list is at its end. Returns how many records it has in all, if it says so; nothing if the
    /// instance has no such list.
    async fn read_to_the_end(&mut self, list: &mut OpenList) -> Result<Option<Option<u64>>, ExportError> {
        let (kind, HowListed { order, paginated, .. }) = (list.kind, list.how);
        let (mut limit, mut total, mut durable) = (MAX_PAGE, None, Instant::now());
        while let Some(start) = list.reading.next() {
            let request = Request { endpoint: kind.endpoint(), order, page: Some((start, limit)), paginated };
            match self.calls.ask(&request, Page::read).await? {
                Answer::Read(page, body) => {
                    total = page.total.or(total);
                    self.take(list, &page, &body, limit)?;
                }
                Answer::TooLarge if limit > LEAST_PAGE => limit = (limit / 2).max(LEAST_PAGE),
                Answer::TooLarge => return Err(ExportError::TooLarge { kind }),
                Answer::Refused(refusal) if refusal.is_of_cursor() && list.reading.cursor_is_gone() => {
                    tracing::debug!(kind = kind.name(), "the record that a page was to begin behind is gone");
                }
                Answer::Refused(refusal)
                    if kind.is_optional() && refusal.is_not_offered() && list.file.records() == 0 =>
                {
                    self.missing(kind, refusal.describe())?;
                    return Ok(None);
                }
                Answer::Refused(refusal) => return Err(self.calls.refused(&refusal).into()),
            }
            if durable.elapsed() >= CHECKPOINT {
                self.checkpoint(&mut list.file)?;
                durable = Instant::now();
            }
        }
        Ok(Some(total))
    }

    /// Takes what is new and wanted from a page for which so many records were asked for.
    fn take(&self, list: &mut OpenList, page: &Page, body: &[u8], asked: usize) -> Result<(), ExportError> {
        let is_wanted = |updated_at: Option<i64>| match (list.how.first_millisecond, updated_at) {
            (Some(first), Some(updated_at)) => updated_at >= first,
            _ => true,
        };
        let wanted = page.records.iter().take_while(|record| is_wanted(record.updated_at));
        let ids: Vec<&str> = wanted.map(|record| record.id.as_str()).collect();
        let is_enough = ids.len() < page.records.len();
        let new = match list.reading.take(asked, &ids, is_enough).map_err(ExportError::Temporary)? {
            Taken::New(new) => new,
            Taken::Nothing => return Ok(()),
            Taken::Endless => {
                let reason = format!("its list of {} comes to no end: pages repeat or do not join", list.kind);
                return Err(self.calls.broken(reason).into());
            }
        };
        let mut bytes = 0;
        for record in new.iter().filter_map(|place| page.records.get(*place)) {
            let text = record.text(body);
            list.file.push(text);
            bytes += text.len() as u64 + 1;
        }
        list.file.write()?;
        let (tally, count) = (self.tally.get(), new.len() as u64);
        self.tally.set(Tally {
            records: list.file.records(),
            total: page.total.or(tally.total),
            records_in_all: tally.records_in_all + count,
            bytes: tally.bytes + bytes,
            ..tally
        });
        Ok(())
    }

    async fn count_users(&self) -> Result<u64, ExportError> {
        match self.calls.ask(&Request::whole(Endpoint::UserCount), total_count).await? {
            Answer::Read(count, _) => Ok(count),
            Answer::TooLarge => Err(ExportError::TooLarge { kind: Kind::Users }),
            Answer::Refused(refusal) => Err(self.calls.refused(&refusal).into()),
        }
    }

    fn create(&self, kind: Kind) -> Result<RecordFile, ExportError> {
        RecordFile::create(self.directory, kind, self.state.plan.compression)
    }

    /// The file of a kind, and what was written of it before.
    fn open(&self, kind: Kind) -> Result<(RecordFile, Written), ExportError> {
        let Some(open) = self.state.open.filter(|open| open.kind == kind) else {
            return Ok((self.create(kind)?, Written::nothing()));
        };
        let (file, written) = RecordFile::reopen(self.directory, open, self.state.plan.compression)?;
        let tally = self.tally.get();
        self.tally.set(Tally {
            records: open.records,
            records_in_all: tally.records_in_all + open.records,
            continued: tally.continued + open.records,
            ..tally
        });
        Ok((file, written))
    }

    fn checkpoint(&mut self, file: &mut RecordFile) -> Result<(), ExportError> {
        self.state.open = Some(file.sync()?);
        self.save()
    }

    fn finish(&mut self, file: RecordFile, counted: Option<u64>) -> Result<(), ExportError> {
        let file = file.finish(counted)?;
        self.state.files.push(file);
        self.state.open = None;
        self.save()
    }

    fn missing(&mut self, kind: Kind, reason: String) -> Result<(), ExportError> {
        self.state.missing.push(Missing { kind, reason });
        self.state.open = None;
        self.save()
    }

    fn save(&self) -> Result<(), ExportError> {
        let failed = |source| ExportError::File { path: self.directory.state(), source };
        self.state.write(self.directory).map_err(failed)
    }
}

async fn ask_instance(calls: &ClerkCalls) -> Result<InstanceName, ExportError> {
    let read = |body: &[u8]| serde_json::from_slice::<InstanceAnswer>(body).ok();
    match calls.ask(&Request::whole(Endpoint::Instance), read).await? {
        Answer::Read(InstanceAnswer { id, environment_type }, _) => Ok(InstanceName { id, environment_type }),
        Answer::TooLarge => Err(ExportError::TooLarge { kind: Kind::Instance }),
        Answer::Refused(refusal) => Err(calls.refused(&refusal).into()),
    }
}
