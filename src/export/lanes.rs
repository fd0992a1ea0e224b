//! Where a list is divided into lanes.

use std::collections::VecDeque;

use futures::StreamExt;
use futures::stream::FuturesOrdered;

use super::lane::Border;
use super::lists::OpenList;
use super::{ExportError, Exporter, Kind};
use crate::clerk_api::{ApiPage, PageRequest, Start};

/// The most requests under way at once, and so the most lanes: each waits for one answer at a time. With answers in 300 ms,
/// this many use the limit of a production key.
pub const MOST_AT_ONCE: usize = 32;

/// The fewest users of a lane. Finding out where one begins takes a request, as much as a page.
const LEAST_USERS: u64 = 2_000;

/// The records up to a border that are asked for: if the border is deleted, the lane begins at the one before.
const UP_TO_BORDER: usize = 10;

impl Exporter<'_> {
    /// Divides a list that goes by cursor, and of which nothing was read yet, into lanes of about equal length.
    pub(super) async fn divide(&self, list: &mut OpenList) -> Result<(), ExportError> {
        if !list.how.by_cursor || list.kind != Kind::Users || list.found > 0 {
            return Ok(());
        }
        let users = self.count_users().await?;
        let lanes = (users / LEAST_USERS).min(MOST_AT_ONCE as u64);
        let offsets = (1..lanes).map(|lane| (users / lanes * lane).saturating_sub(UP_TO_BORDER as u64));
        let mut asking: FuturesOrdered<_> = offsets.map(|offset| self.border(list, offset)).collect();
        let mut borders: Vec<(Border, VecDeque<String>)> = Vec::new();
        while let Some(found) = asking.next().await {
            let Some((border, recent)) = found else { continue };
            // Of those who were created in one millisecond, nobody is certain to come before another.
            if borders.last().is_none_or(|(last, _)| last.created_at < border.created_at) {
                borders.push((border, recent));
            }
        }
        drop(asking);
        list.reading.divide(borders);
        Ok(())
    }

    /// The record that lies about there in a list, and the ids up to it; nothing if that cannot be found out. Clerk's document
    /// says that an offset takes the longer the larger it is, up to no answer at all: then there is one lane less.
    async fn border(&self, list: &OpenList, offset: u64) -> Option<(Border, VecDeque<String>)> {
        let page = Some((Start::Offset(offset), UP_TO_BORDER));
        let request = PageRequest { endpoint: list.kind.endpoint(), order: list.how.order, page, paginated: false };
        let page = self.calls.ask_for_optional(&request, ApiPage::read).await?;
        let found = page.records.last()?;
        let border = Border { created_at: found.created_at?, id: found.id.clone() };
        Some((border, page.records.into_iter().map(|record| record.id).collect()))
    }
}
