//! Where a list is divided into lanes.

use std::collections::VecDeque;

use futures::StreamExt;
use futures::stream::FuturesOrdered;

use super::lane::Border;
use super::lists::OpenList;
use super::{ExportError, Exporter, Kind};
use crate::clerk_api::{Answer, ApiPage, PageRequest, Start};

/// The most lanes. Each waits for one answer at a time: with answers in 160 ms, so many use the limit of a production key.
pub const MOST_LANES: usize = 16;

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
        let lanes = (users / LEAST_USERS).min(MOST_LANES as u64);
        let offsets = (1..lanes).map(|lane| (users / lanes * lane).saturating_sub(UP_TO_BORDER as u64));
        let mut asking: FuturesOrdered<_> = offsets.map(|offset| self.border(list, offset)).collect();
        let mut borders: Vec<(Border, VecDeque<String>)> = Vec::new();
        while let Some(found) = asking.next().await {
            let Some((border, recent)) = found? else { continue };
            // Of those who were created in one millisecond, nobody is certain to come before another.
            if borders.last().is_none_or(|(last, _)| last.created_at < border.created_at) {
                borders.push((border, recent));
            }
        }
        drop(asking);
        list.reading.divide(borders);
        Ok(())
    }

    /// The record that lies about there in a list, and the ids up to it; nothing if that cannot be found out.
    async fn border(&self, list: &OpenList, offset: u64) -> Result<Option<(Border, VecDeque<String>)>, ExportError> {
        let page = Some((Start::Offset(offset), UP_TO_BORDER));
        let request = PageRequest { endpoint: list.kind.endpoint(), order: list.how.order, page, paginated: false };
        let Answer::Read(page, _) = self.calls.ask(&request, ApiPage::read).await? else { return Ok(None) };
        let Some((id, created_at)) = page.records.last().and_then(|last| Some((last.id.clone(), last.created_at?)))
        else {
            return Ok(None);
        };
        Ok(Some((Border { created_at, id }, page.records.into_iter().map(|record| record.id).collect())))
    }
}
