//! The errors of a walk outside the users.

use std::sync::Arc;

use struson::reader::ReaderError;

use super::{Walk, absolute};
use crate::source::diagnose::{SyntaxFault, fault};
use crate::source::page::NAME;
use crate::source::source_error::EXPORT_AGAIN;
use crate::source::unread::Stop;
use crate::source::{Place, SourceError};

impl Walk<'_, '_> {
    pub(super) fn explain(&self, error: &ReaderError, stop: Option<Stop>, origin: Place) -> SourceError {
        let SyntaxFault { place, problem, ends_early, .. } = fault(error);
        let place = absolute(place, origin);
        match stop {
            Some(stop) => self.failed(stop, place),
            None if ends_early => self.truncated_at(place),
            None => SourceError::Syntax {
                input: Arc::clone(self.input),
                place,
                problem: problem.to_owned(),
                records: self.records,
            },
        }
    }

    pub(super) fn failed(&self, stop: Stop, place: Place) -> SourceError {
        let input = Arc::clone(self.input);
        match stop {
            Stop::Failed(reason) => SourceError::read(&input, place, reason),
            Stop::LongName | Stop::RecordsFirst => {
                let problem = format!("the name of a member is longer than {NAME} bytes");
                SourceError::WrongShape { input, place, problem, records: self.records }
            }
        }
    }

    pub(super) fn syntax(&self, problem: &str) -> SourceError {
        SourceError::Syntax {
            input: Arc::clone(self.input),
            place: self.place,
            problem: problem.to_owned(),
            records: self.records,
        }
    }

    pub(super) fn divided(&self, problem: String) -> SourceError {
        SourceError::Divided { input: Arc::clone(self.input), place: self.place, problem, records: self.records }
    }

    pub(super) fn wrong_shape(&self, problem: String) -> SourceError {
        SourceError::WrongShape { input: Arc::clone(self.input), place: self.place, problem, records: self.records }
    }

    pub(super) fn truncated(&self) -> SourceError {
        self.truncated_at(self.place)
    }

    pub(super) fn truncated_at(&self, place: Place) -> SourceError {
        let inside = if self.records == 0 { "before the first record" } else { "behind the array of users" };
        let (input, records) = (Arc::clone(self.input), self.records);
        SourceError::Truncated { input, place, inside: inside.to_owned(), repair: EXPORT_AGAIN, records }
    }
}
