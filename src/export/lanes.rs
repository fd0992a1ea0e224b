//! Where a list is divided into lanes.

use std::collections::VecDeque;

use super::kind::HowListed;
use super::lane::Border;
use super::reading::Reading;
use super::{ExportError, ExportKind, Exporter};
use crate::clerk_api::{ApiPage, ClerkCalls, PageRequest, Start};

/// The most requests under way at once, and so the most lanes: each waits for one answer at a time. With answers in 300 ms,
/// this many use the limit of a production key.
pub const MOST_AT_ONCE: usize = 32;

/// The fewest users of a lane. Finding out where one begins takes a request, as much as a page.
const LEAST_USERS: u64 = 2_000;

/// The records up to a border that are asked for: if the border is deleted, the lane begins at the one before.
const UP_TO_BORDER: usize = 10;

impl Exporter<'_> {
    /// Behind how many records the lanes of a list of users are to begin that it does not have yet. An export that was killed early has
    /// few of them.
    pub(super) async fn borders(
        &self,
        (kind, how): (ExportKind, HowListed),
        reading: &Reading,
    ) -> Result<Vec<u64>, ExportError> {
        if !how.by_cursor || kind != ExportKind::Users {
            return Ok(Vec::new());
        }
        let users = self.count_users().await?;
        let (there, lanes) = (reading.numbers().len() as u64, (users / LEAST_USERS).min(MOST_AT_ONCE as u64));
        Ok((there..lanes).map(|lane| (users / lanes * lane).saturating_sub(UP_TO_BORDER as u64)).collect())
    }
}

/// The record that lies about there in a list, and the ids up to it; nothing if that cannot be found out. Clerk's document says
/// that an offset takes the longer the larger it is, up to no answer at all: then there is one lane less.
pub(super) async fn border(
    calls: &ClerkCalls,
    (kind, how): (ExportKind, HowListed),
    offset: u64,
) -> Option<(Border, VecDeque<String>)> {
    let page = Some((Start::Offset(offset), UP_TO_BORDER));
    let request = PageRequest { endpoint: kind.endpoint(), order: how.order, page, paginated: false };
    let page = calls.ask_for_optional(&request, ApiPage::read).await?;
    let found = page.records.last()?;
    let border = Border { created_at: found.created_at?, id: found.id.clone() };
    Some((border, page.records.into_iter().map(|record| record.id).collect()))
}
