//! Finds identities by what Clerk calls them: many at once, or through the list's filters, or in all of the list.

use std::io;

use super::errors::{endless_list, refused};
use super::{AdminCalls, Meaning, meaning_of, read_list, read_one};
use crate::destination::{Catalogue, Comparable, Key, Listed, TargetError};
use crate::http::{Body, RepeatingList};

/// Bytes of external ids in one URL. Servers and proxies refuse a request line of more than about 8 KB.
const MAX_QUERY: usize = 7_000;

/// How many of these external ids fit one URL; one does in any case.
fn fitting(ids: &[&str]) -> usize {
    let length = |id: &str| {
        let plain = id.bytes().filter(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte)).count();
        "&external_ids=".len() + plain + 3 * (id.len() - plain)
    };
    let mut bytes = 0;
    let fits = ids.iter().take_while(|id| {
        bytes += length(id);
        bytes <= MAX_QUERY
    });
    fits.count().max(1)
}

/// One identity as a list of it, or of nobody.
pub(super) fn as_list(identity: Body) -> Body {
    identity.between(b"{\"identities\":[", b"]}")
}

impl AdminCalls {
    /// Finds the first of these identities by their external ids, as many as one answer can hold: how many, and a list for
    /// [`read_list`]. Nobody may ask for another one who has not let go of the last.
    pub(super) async fn read_some(&self, external_ids: &[&str]) -> Result<(usize, Body), TargetError> {
        // In a list of ids, a comma may be part of one or stand between two. A filter has the id in quotes.
        let plain = external_ids.iter().take_while(|id| !id.contains(',')).count();
        if !self.batch || plain == 0 {
            let Some(id) = external_ids.first() else { return Ok((0, Body::default())) };
            return Ok((1, self.find_one(id).await?));
        }
        let most = fitting(&external_ids[..plain]).min(plain);
        self.list(most, |count| self.client.batch_get(&external_ids[..count])).await
    }

    /// A list of the identity with this external id, or of others.
    async fn find_one(&self, external_id: &str) -> Result<Body, TargetError> {
        if self.catalogue.lock().await.is_none() {
            let body = self.filtered("external_id", external_id).await?;
            let is_asked_for = |found: &Comparable<'_>| found.external_id.as_deref() == Some(external_id);
            if let Some(body) = body
                && read_list(&body).is_some_and(|(found, _)| found.iter().all(is_asked_for))
            {
                return Ok(body);
            }
            tracing::info!("the target's list ignores the filter by external id; all of it is gone through");
        }
        Ok(as_list(self.find_in_list(Key::ExternalId(external_id)).await?.unwrap_or_default()))
    }

    /// A list with the identity of the same person as `sent`, wherever it is by its external id: by what else is unique, for
    /// the target can filter by that; if it cannot, its whole list is gone through. If users go into an organization and the
    /// person is not there, a list with another one who has something of it.
    pub(super) async fn read_person(&self, sent: &Comparable<'_>) -> Result<Option<Body>, TargetError> {
        let Some(clerk_id) = sent.clerk_id() else { return Ok(None) };
        let mut of_another = None;
        for (field, value) in sent.addresses() {
            let body = self.filtered(field, value).await?;
            let listed = body.as_deref().and_then(read_list).map(|(listed, _)| listed);
            if listed.iter().flatten().any(|found| sent.is_same_person(found) == Some(true)) {
                return Ok(body);
            }
            let is_filtered =
                listed.as_ref().is_some_and(|listed| listed.iter().all(|found| found.has_address(field, value)));
            if !is_filtered {
                drop(body);
                tracing::info!(field, "the target's list cannot be filtered by this; all of it is gone through");
                return Ok(self.find_in_list(Key::ClerkId(&clerk_id)).await?.map(as_list));
            }
            let is_taken = listed.is_some_and(|listed| !listed.is_empty());
            of_another = of_another.or(is_taken.then_some((field, value)));
        }
        match of_another.filter(|_| sent.organization_id.is_some()) {
            // Somebody else has it, and whose user that is matters. Two answers at once would have no bounded room.
            Some((field, value)) => self.filtered(field, value).await,
            None => Ok(None),
        }
    }

    /// What a filter finds; nothing if the target does not take such a filter.
    async fn filtered(&self, field: &str, value: &str) -> Result<Option<Body>, TargetError> {
        // One would do. A second one shows that the filter is ignored.
        let (_, reply) = self.asked_in_parts(2, |count| self.client.find(field, value, count)).await?;
        match meaning_of(reply.outcome) {
            Meaning::Done => Ok(Some(reply.body)),
            Meaning::OfContent => Ok(None),
            _ => Err(refused(self.client.base_url(), &reply)),
        }
    }

    /// The identity that is sought, as the target has it now. Its whole list is read once, and read on when that is not enough.
    async fn find_in_list(&self, key: Key<'_>) -> Result<Option<Body>, TargetError> {
        let mut catalogue = self.catalogue.lock().await;
        let catalogue = match &mut *catalogue {
            Some(catalogue) => catalogue,
            none => none.insert(Catalogue::create()?),
        };
        for is_fresh in [false, true] {
            if is_fresh {
                self.read_on(catalogue).await?;
            }
            let Some(Listed { id, .. }) = catalogue.find(key)? else { continue };
            let body = self.read_by_id(&id).await?;
            let is_still = |body: &Body| read_one(body).is_some_and(|found| key.is_of(&found));
            if let Some(body) = body.filter(is_still) {
                return Ok(Some(body));
            }
        }
        Ok(None)
    }

    /// Reads the list on from the last page to its end.
    async fn read_on(&self, catalogue: &mut Catalogue) -> Result<(), TargetError> {
        let (from, mut is_oldest_first) = (catalogue.place.take(), true);
        let last = self.walk_list(from, |identities| {
            is_oldest_first &= identities.is_sorted_by_key(|identity| identity.create_time.clone());
            identities.iter().try_for_each(|identity| catalogue.note(identity))
        });
        let last = last.await?;
        // What is new may be anywhere in a list that comes in another order.
        catalogue.place = last.filter(|_| is_oldest_first);
        Ok(())
    }

    /// Shows every page of the list to `look`, from the one that `token` names. Returns the token of the last page.
    pub(super) async fn walk_list(
        &self,
        mut token: Option<String>,
        mut look: impl FnMut(&[Comparable<'_>]) -> io::Result<()>,
    ) -> Result<Option<String>, TargetError> {
        let mut cycle = RepeatingList::default();
        loop {
            let body = self.page(token.as_deref()).await?;
            let (identities, next) = read_list(&body).unwrap_or_default();
            look(&identities)?;
            let Some(next) = next else { return Ok(token) };
            // A target that gives the same pages again and again must not keep us for ever.
            if cycle.closes_with(&next) {
                return Err(endless_list(self.client.base_url(), "users"));
            }
            token = Some(next);
        }
    }
}
