//! The pages of a list of records, one after the other.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::record_calls::RecordCalls;
use crate::avnology::errors::endless_list;
use crate::destination::TargetError;
use crate::http::{Body, RepeatingList};

/// The pages of a list.
pub(super) struct RecordPages<'a> {
    path: String,
    parameters: &'a [(&'a str, &'a str)],
    token: Option<String>,
    cycle: RepeatingList,
    is_over: bool,
}

impl<'a> RecordPages<'a> {
    pub(super) fn of(path: String, parameters: &'a [(&'a str, &'a str)]) -> Self {
        Self { path, parameters, token: None, cycle: RepeatingList::default(), is_over: false }
    }

    /// The next page; nothing behind the last one, or if what is listed is gone.
    pub(super) async fn next(&mut self, calls: &RecordCalls) -> Result<Option<Body>, TargetError> {
        #[derive(Deserialize)]
        struct Page {
            #[serde(default)]
            next_page_token: Option<String>,
            #[serde(flatten)]
            _others: IgnoredAny,
        }
        if self.is_over {
            return Ok(None);
        }
        let page = self.token.as_deref().map(|token| ("page_token", token));
        let parameters: Vec<_> =
            [("page_size", "100")].into_iter().chain(self.parameters.iter().copied()).chain(page).collect();
        let Some(reply) = calls.read(&self.path, &parameters).await? else { return Ok(None) };
        let token = serde_json::from_slice::<Page>(&reply.body).ok().and_then(|page| page.next_page_token);
        self.token = token.filter(|token| !token.is_empty());
        match &self.token {
            None => self.is_over = true,
            Some(next) if self.cycle.closes_with(next) => {
                return Err(endless_list(calls.calls.client.base_url(), "records"));
            }
            Some(_) => {}
        }
        Ok(Some(reply.body))
    }
}
