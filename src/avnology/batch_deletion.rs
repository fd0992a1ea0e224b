//! Deletes many at once, by a batch method.

use bytes::Bytes;
use tokio::time::sleep;

use super::errors::no_access_error;
use super::item_error::NO_ORGANIZATION;
use super::{AdminCalls, deleted};
use crate::destination::{ItemErrorKind, TargetError};
use crate::pace::Backoff;

/// How often a batch is asked for, as long as errors of its items may pass. What is not deleted then, the caller counts.
const ATTEMPTS: usize = 5;

impl AdminCalls {
    /// Deletes these by the batch method at this path, which takes them as a list of this name. For each whether it is gone now.
    pub(super) async fn delete_batch(
        &self,
        path: &str,
        name: &str,
        items: &[serde_json::Value],
    ) -> Result<Vec<bool>, TargetError> {
        let (mut gone, mut open): (_, Vec<usize>) = (vec![false; items.len()], (0..items.len()).collect());
        let mut waits = Backoff::new(&self.requests.budget(), fastrand::Rng::new()).take(ATTEMPTS - 1);
        loop {
            let some: Vec<_> = open.iter().map(|index| &items[*index]).collect();
            let body = Bytes::from(serde_json::json!({ name: some }).to_string());
            // What an item was answered is kept under the key, so each attempt has its own.
            let key = format!("delete-{}", uuid::Uuid::new_v4());
            let request = || self.client.post(path, body.clone(), &key);
            let reply = self.ask(request, |reply| deleted(&reply.body, open.len()).is_some()).await?;
            let results = deleted(&reply.body, open.len()).unwrap_or_default();
            let mut left = Vec::new();
            for (index, result) in open.into_iter().zip(results) {
                match result {
                    Ok(()) => gone[index] = true,
                    Err(error) if error.kind == ItemErrorKind::Transient => left.push(index),
                    // That the organization of one of them is gone says nothing of our access.
                    Err(error)
                        if error.kind == ItemErrorKind::NoAccess && error.code.as_deref() != Some(NO_ORGANIZATION) =>
                    {
                        return Err(no_access_error(self.client.base_url(), &error));
                    }
                    Err(_) => {}
                }
            }
            open = left;
            match waits.next().filter(|_| !open.is_empty()) {
                Some(wait) => sleep(wait).await,
                None => return Ok(gone),
            }
        }
    }
}
