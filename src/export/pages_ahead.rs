//! Reads a list by offset: the pages behind the next one are asked for before that one is there.

use futures::StreamExt;
use futures::stream::FuturesOrdered;

use super::lanes::MOST_AT_ONCE;
use super::lists::{OpenList, Pages, Went};
use super::{ExportError, Exporter};
use crate::clerk_api::{ClerkCalls, Start};

impl Exporter<'_> {
    /// Reads a list by offset to its end. Once it said how many records it has, pages up to there are asked for side by side, and
    /// looked at in their order: no more than find room in memory side by side. False if the instance has no such list.
    pub(super) async fn read_ahead(&mut self, list: &mut OpenList, pages: &mut Pages) -> Result<bool, ExportError> {
        let calls = self.calls;
        let mut asking = FuturesOrdered::new();
        loop {
            while asking.len() < MOST_AT_ONCE.min(ClerkCalls::answers_side_by_side(pages.longest))
                && let Some(offset) = list.reading.ahead(asking.len() as u64, pages.limit)
                && (asking.is_empty() || pages.total.is_some_and(|total| offset < total))
            {
                asking.push_back(list.ask(calls, 0, Start::Offset(offset), pages.limit));
            }
            let Some(answered) = asking.next().await else { return Ok(true) };
            match self.answered(list, answered, pages)? {
                Went::On if list.reading.next(0).is_none() => return Ok(true),
                Went::On => {}
                // The others begin where no page is wanted now.
                Went::Back => asking = FuturesOrdered::new(),
                Went::Nowhere => return Ok(false),
            }
            self.make_durable(list, pages)?;
        }
    }
}
