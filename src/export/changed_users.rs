//! How many users have changed at Clerk since a moment: the list that an export of changes reads, without keeping it.

use jiff::Timestamp;

use super::ExportError;
use super::kind::NEWEST_CHANGES_FIRST;
use crate::clerk_api::{
    Answer, ApiEndpoint, ApiPage, ApiRecord, ClerkCalls, MAX_PAGE, PageRequest, Start, total_count,
};

/// How many users have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangedUsers {
    /// How many there are in all.
    pub total: u64,
    /// How many of them are new or changed; at least this many, if `is_all` is false.
    pub changed: u64,
    /// Whether all of those were counted.
    pub is_all: bool,
}

impl ChangedUsers {
    /// Asks Clerk. Who is changed meanwhile moves to the front of the list: such a user may be counted twice, and nobody is
    /// left out. It stops once more than `enough` were found.
    ///
    /// # Errors
    /// If Clerk does not answer, or refuses.
    pub async fn since(calls: &ClerkCalls, moment: Timestamp, enough: u64) -> Result<Self, ExportError> {
        let total = match calls.ask(&PageRequest::whole(ApiEndpoint::UserCount), total_count).await? {
            Answer::Read(total, _) => total,
            Answer::Refused(refusal) => return Err(calls.refused(&refusal).into()),
            Answer::TooLarge => {
                return Err(calls.broken("the number of users is too long an answer".to_owned()).into());
            }
        };
        let first = moment.as_millisecond();
        // What has no time may well have changed.
        let is_new =
            |record: &ApiRecord| record.updated_at.or(record.created_at).is_none_or(|changed| changed >= first);
        let (mut offset, mut limit, mut changed) = (0, MAX_PAGE, 0);
        loop {
            let page = Some((Start::Offset(offset), limit));
            let (order, paginated) = (Some(NEWEST_CHANGES_FIRST), false);
            let request = PageRequest { endpoint: ApiEndpoint::Users, order, page, paginated };
            let records = match calls.ask(&request, ApiPage::read).await? {
                Answer::Read(page, _) => page.records,
                Answer::Refused(refusal) => return Err(calls.refused(&refusal).into()),
                Answer::TooLarge if limit > 1 => {
                    limit /= 2;
                    continue;
                }
                Answer::TooLarge => return Err(calls.broken("one user is too long an answer".to_owned()).into()),
            };
            let new = records.iter().take_while(|record| is_new(record)).count();
            changed += new as u64;
            if new < limit {
                return Ok(Self { total, changed, is_all: true });
            }
            if changed > enough {
                return Ok(Self { total, changed, is_all: false });
            }
            offset += new as u64;
        }
    }
}
