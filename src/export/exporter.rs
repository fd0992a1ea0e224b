//! Goes through the kinds of a plan, page by page.

use std::cell::Cell;

use jiff::Timestamp;
use serde::Deserialize;

use super::checkpoint::Checkpoint;
use super::earlier_users::{EarlierExport, check_since};
use super::kind::{HowListed, Listing, NEWEST_CHANGES_FIRST};
use super::lane::LaneState;
use super::manifest::InstanceName;
use super::reading::Written;
use super::record_file::RecordFile;
use super::{
    DeletedUsers, ExportDirectory, ExportError, ExportKind, ExportPlan, ExportState, Manifest, Missing, Tally,
};
use crate::clerk_api::{Answer, ApiEndpoint, ApiPage, ClerkCalls, PageRequest, object};

/// An export under way.
#[derive(Debug)]
pub struct Exporter<'a> {
    pub(super) calls: &'a ClerkCalls,
    pub(super) directory: &'a ExportDirectory,
    pub(super) state: ExportState,
    pub(super) tally: &'a Cell<Tally>,
    /// The requests that were sent before the file that is being written.
    requests_before: u64,
    /// The part that is being made durable.
    checkpoint: Option<Checkpoint>,
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
        plan: ExportPlan,
        tally: &'a Cell<Tally>,
    ) -> Result<Self, ExportError> {
        let (before, now) = (ExportState::read(directory)?, Timestamp::now());
        let (instance, at_clerk) = ask_instance(calls).await?;
        // Clerk dates changes by its clock. If the one here is ahead, what changes meanwhile would seem to be older than the export.
        let started = at_clerk.map_or(now, |at_clerk| at_clerk.min(now));
        // Known before anything is read.
        check_since(plan.since.as_ref(), &instance)?;
        let (api, is_new) = (calls.address(), before.is_none());
        let state = if let Some(state) = before {
            state.check(&plan, &api, &instance, directory)?;
            state.check_earlier(directory)?;
            state
        } else {
            let earlier = EarlierExport::all(&plan.deleted, &instance)?;
            ExportState::begin(plan, earlier, api, instance, started)
        };
        let mut exporter = Self { calls, directory, state, tally, requests_before: 0, checkpoint: None };
        if is_new {
            exporter.save()?;
        }
        let records = exporter.state.files.iter().map(|file| file.records).sum();
        let bytes = exporter.state.files.iter().map(|file| file.bytes).sum();
        tally.set(Tally { records_in_all: records, continued: records, bytes, ..Tally::default() });
        Ok(exporter)
    }

    /// Fails unless a finished export is of the instance that is asked.
    pub async fn check(
        calls: &ClerkCalls,
        directory: &ExportDirectory,
        finished: &Manifest,
    ) -> Result<(), ExportError> {
        let (instance, _) = ask_instance(calls).await?;
        if instance.id == finished.instance.id {
            return Ok(());
        }
        let how = format!("of another instance, {}", finished.instance.id);
        Err(ExportError::Otherwise { path: directory.path().to_path_buf(), how })
    }

    /// Exports all that is left, and ends with the manifest.
    pub async fn run(mut self) -> Result<Manifest, ExportError> {
        for kind in self.state.plan.kinds.clone() {
            if !self.state.has(kind) {
                self.now_reads(kind);
                Box::pin(self.export(kind)).await?;
            }
        }
        if !self.state.plan.deleted.is_empty() && self.state.deleted.is_none() {
            self.now_reads(ExportKind::Users);
            Box::pin(self.deleted_users()).await?;
        }
        let manifest = self.state.into_manifest(Timestamp::now(), self.calls.requests());
        let path = self.directory.manifest();
        manifest.write(self.directory).map_err(|source| ExportError::File { path, source })?;
        self.directory.forget_state().map_err(|source| ExportError::File { path: self.directory.state(), source })?;
        Ok(manifest)
    }

    fn now_reads(&mut self, kind: ExportKind) {
        self.requests_before = self.calls.requests().sent;
        self.tally.set(Tally { kind: Some(kind), records: 0, total: None, ..self.tally.get() });
    }

    async fn export(&mut self, kind: ExportKind) -> Result<(), ExportError> {
        let since = self.state.plan.since.as_ref().filter(|_| kind == ExportKind::Users);
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
    async fn object(&mut self, kind: ExportKind) -> Result<(), ExportError> {
        match self.calls.ask(&PageRequest::whole(kind.endpoint()), object).await? {
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
    async fn whole(&mut self, kind: ExportKind) -> Result<(), ExportError> {
        match self.calls.ask(&PageRequest::whole(kind.endpoint()), ApiPage::read).await? {
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

    fn create(&self, kind: ExportKind) -> Result<RecordFile, ExportError> {
        RecordFile::create(self.directory, kind, self.state.plan.compression)
    }

    /// The file of a kind, and what was written of it before.
    pub(super) async fn open(&self, kind: ExportKind) -> Result<(RecordFile, Written), ExportError> {
        let Some(open) = self.state.open.clone().filter(|open| open.kind == kind) else {
            return Ok((self.create(kind)?, Written::nothing()));
        };
        let (file, written) = RecordFile::reopen(self.directory, open, self.state.plan.compression).await?;
        let (tally, records) = (self.tally.get(), file.records());
        self.tally.set(Tally {
            records,
            records_in_all: tally.records_in_all + records,
            continued: tally.continued + records,
            ..tally
        });
        Ok((file, written))
    }

    /// Begins to make durable what was read of a list: its file, then the state that says how far it is. Nothing happens while
    /// the last such part is under way; returns whether it began.
    pub(super) fn checkpoint(&mut self, file: &mut RecordFile, lanes: Vec<LaneState>) -> Result<bool, ExportError> {
        if self.checkpoint.as_ref().is_some_and(|last| !last.is_done()) {
            return Ok(false);
        }
        self.settle()?;
        let (open, sync) = file.written(lanes)?;
        let (mut state, directory) = (self.state.clone(), self.directory.clone());
        state.open = Some(open);
        self.checkpoint = Some(Checkpoint::begin(move || {
            sync()?;
            state.write(&directory).map_err(|source| ExportError::File { path: directory.state(), source })
        }));
        Ok(true)
    }

    /// Waits until the last part is durable.
    fn settle(&mut self) -> Result<(), ExportError> {
        self.checkpoint.take().map_or(Ok(()), Checkpoint::end)
    }

    pub(super) fn finish(&mut self, file: RecordFile, counted: Option<u64>) -> Result<(), ExportError> {
        let file = file.finish(counted, self.requests_of_this())?;
        self.state.files.push(file);
        self.state.open = None;
        self.save()
    }

    pub(super) fn finish_deleted(&mut self, file: RecordFile) -> Result<(), ExportError> {
        let file = file.finish(None, self.requests_of_this())?;
        self.state.deleted = Some(DeletedUsers { compared_with: self.state.plan.deleted.clone(), file });
        self.save()
    }

    fn requests_of_this(&self) -> u64 {
        self.calls.requests().sent.saturating_sub(self.requests_before)
    }

    pub(super) fn missing(&mut self, kind: ExportKind, reason: String) -> Result<(), ExportError> {
        self.state.missing.push(Missing { kind, reason });
        self.state.open = None;
        self.save()
    }

    /// Makes the state durable. Of what writes it there is one at a time.
    fn save(&mut self) -> Result<(), ExportError> {
        self.settle()?;
        let failed = |source| ExportError::File { path: self.directory.state(), source };
        self.state.write(self.directory).map_err(failed)
    }
}

/// Which instance it is, and what time it is there, if that is said.
async fn ask_instance(calls: &ClerkCalls) -> Result<(InstanceName, Option<Timestamp>), ExportError> {
    let read = |body: &[u8]| serde_json::from_slice::<InstanceAnswer>(body).ok();
    let (answer, date) = calls.ask_with_date(&PageRequest::whole(ApiEndpoint::Instance), read).await?;
    match answer {
        Answer::Read(InstanceAnswer { id, environment_type }, _) => Ok((InstanceName { id, environment_type }, date)),
        Answer::TooLarge => Err(ExportError::TooLarge { kind: ExportKind::Instance }),
        Answer::Refused(refusal) => Err(calls.refused(&refusal).into()),
    }
}
