//! How reading an input ends: completely, or with an error.

use std::sync::Arc;

use super::{RecordReader, Stage};
use crate::source::compressed::DataEnd;
use crate::source::frame::{AtEnd, Bounds};
use crate::source::page::shown;
use crate::source::record::to_index;
use crate::source::source_error::EXPORT_AGAIN;
use crate::source::{ExpectedRecords, InputWatch, Place, RecordSpan, SourceError, diagnose};

impl RecordReader {
    /// Warns about objects that are not read, unless an earlier pass did.
    pub(super) fn warn_of_objects_beside_users(&self) {
        if self.watched.is_held() {
            return;
        }
        for (name, objects) in &self.beside {
            let (input, name) = (&self.input, shown(name));
            tracing::warn!(
                "{input}: {objects} objects in {name} beside `data` do not look like users and are not read"
            );
        }
    }

    /// Why compressed data ended too early, if they did.
    fn data_end(&self) -> Option<DataEnd> {
        self.compressed.as_ref().and_then(|compressed| compressed.ending())
    }

    /// Whether compressed data ended in the middle.
    pub(super) fn is_cut_off(&self) -> bool {
        self.data_end() == Some(DataEnd::CutOff)
    }

    /// Whether the content may end here. `inside` says what was not finished, if anything, and what to do about it.
    pub(super) fn check_end(&self, inside: Option<(String, &'static str)>) -> Result<(), SourceError> {
        let (input, records) = (Arc::clone(&self.input), self.records);
        match (self.data_end(), inside) {
            (Some(DataEnd::Surplus(offset)), _) => Err(SourceError::Surplus { input, offset, records }),
            (Some(DataEnd::CutOff), _) => {
                let covered = if self.watched.is_held() { records } else { self.covered };
                let is_passed_on = self.watched.has_no_second_look() && records > covered;
                Err(SourceError::CutOff { input, place: self.place(), covered, is_passed_on })
            }
            (None, Some((inside, repair))) => {
                Err(SourceError::Truncated { input, place: self.place(), inside, repair, records })
            }
            (None, None) => Ok(()),
        }
    }

    /// Completes an error: what caused it, and how much of what was read before it may be used.
    pub(super) fn explain(&mut self, error: SourceError) -> SourceError {
        let error = self.watched.explain(error, self.reader.as_mut(), &self.input);
        if let SourceError::Changed { input, .. } = error {
            return SourceError::Changed { input, is_passed_on: self.watched.is_only_look && self.records > 0 };
        }
        let Some(compressed) = &self.compressed else { return error };
        if let InputWatch::Record(recorder, index) = &self.watched.watch
            && compressed.ending() == Some(DataEnd::CutOff)
        {
            recorder.rely_on(*index, compressed.verified());
        }
        match error {
            SourceError::Damaged { input, place, problem, .. } => {
                let is_passed_on = self.watched.has_no_second_look() && place.offset > compressed.verified();
                SourceError::Damaged { input, place, problem, is_passed_on }
            }
            other => other,
        }
    }

    /// Handles the end of the input.
    pub(super) fn end_of_input(
        &mut self,
        spans: &mut Vec<RecordSpan>,
        expected: &mut dyn ExpectedRecords,
    ) -> Result<(), SourceError> {
        let end = self.framer.finish();
        self.stage = Stage::Done;
        let (last, inside) = match end {
            AtEnd::Complete => (None, None),
            AtEnd::Record(_) if self.is_cut_off() => (None, None),
            AtEnd::Record(bounds) => match self.cut_off_line(bounds) {
                // A last line that is cut off is not a reject: the file is damaged, not the record.
                Some(inside) => (None, Some((inside, EXPORT_AGAIN))),
                None => (Some(bounds), None),
            },
            AtEnd::Truncated { whole, inside, repair } => (whole, Some((inside, repair))),
        };
        if let Some(bounds) = last {
            self.framed(bounds, spans, expected);
        }
        self.check_end(inside)
    }

    /// Where a last line without a line break ends, if that is in the middle of its value.
    fn cut_off_line(&self, bounds: Bounds) -> Option<String> {
        let start = to_index(bounds.start.saturating_sub(self.base));
        let end = to_index(bounds.end.saturating_sub(self.base));
        let text = self.buffer.get(start..end).filter(|_| bounds.start >= self.base)?;
        let is_open = !text.ends_with(b"}");
        diagnose(text).filter(|fault| fault.ends_early || is_open).map(|_| {
            format!("inside record {} (starts at line {}, byte offset {})", self.records + 1, bounds.line, bounds.start)
        })
    }

    /// The error of a record whose brackets never close.
    pub(super) fn lost(&self, bounds: Bounds) -> SourceError {
        SourceError::StructureLost {
            input: Arc::clone(&self.input),
            record: self.records + 1,
            start: Place { line: bounds.line, offset: bounds.start },
        }
    }
}
