//! Compares one page of records with the users at the target.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::destination::{Catalogue, Comparable, Destination, Field, Listed, TargetError};
use crate::pipeline::MappedIdentity;

/// The result for one identity.
#[derive(Debug)]
pub enum ComparisonResult {
    /// The user is not at the target.
    Missing,
    /// The user is at the target.
    Found {
        /// The fields that differ.
        different: Vec<Field>,
        /// The fields that the target does not show.
        hidden: Vec<Field>,
    },
}

/// The results for one page.
#[derive(Debug, Default)]
pub struct Compared {
    /// One result for each identity.
    pub results: Vec<ComparisonResult>,
    /// The target's own ids of the users that were found.
    pub found: Vec<String>,
    /// The runs that made them, by their marks.
    pub runs: BTreeSet<String>,
    /// For each identity, the user's id at Clerk.
    pub clerk_ids: Vec<Option<String>>,
}

/// Compares records with the users at the target.
pub struct Comparison<'a> {
    /// The target.
    pub target: &'a dyn Destination,
    /// All users at the target. If users are selected, it is too much to ask for.
    pub catalogue: Option<&'a Catalogue>,
}

/// A record whose external id led to no user.
struct Sought<'a> {
    index: usize,
    sent: Comparable<'a>,
    clerk_id: Cow<'a, str>,
}

impl Comparison<'_> {
    /// Compares one page.
    pub async fn compare(&self, page: &[MappedIdentity]) -> Result<Compared, TargetError> {
        let mut compared = Compared::default();
        while compared.results.len() < page.len() {
            let rest = &page[compared.results.len()..];
            let ids: Vec<&str> = rest.iter().map(|identity| identity.external_id.as_ref()).collect();
            let (count, body) = self.target.find(&ids).await?;
            // A target that ignores a filter may list other identities, so each is checked by its external id.
            let found = Comparable::by_external_id(self.target.read_found(&body));
            for identity in &rest[..count] {
                let sent = self.target.read_sent(&identity.encoded).unwrap_or_default();
                compared.clerk_ids.push(sent.clerk_id().map(Cow::into_owned));
                let found = found.get(&*identity.external_id);
                // An identity that was imported from another Clerk user belongs to that user.
                let found = found.filter(|found| sent.is_same_person(found) != Some(false));
                let index = compared.results.len();
                compared.results.push(ComparisonResult::Missing);
                if let Some(found) = found {
                    compared.found(index, &sent, found);
                }
            }
        }
        self.look_elsewhere(page, &mut compared).await?;
        Ok(compared)
    }

    /// Looks for users under other external ids: somebody may have set, changed or removed the external id at Clerk after
    /// the import.
    async fn look_elsewhere(&self, page: &[MappedIdentity], compared: &mut Compared) -> Result<(), TargetError> {
        let is_missing = |(index, result)| matches!(result, &ComparisonResult::Missing).then_some(index);
        let missing: Vec<usize> = compared.results.iter().enumerate().filter_map(is_missing).collect();
        let sought = missing.into_iter().filter_map(|index| {
            let sent = self.target.read_sent(&page[index].encoded)?;
            let clerk_id = sent.clerk_id()?;
            Some(Sought { index, sent, clerk_id })
        });
        let (mut by_external_id, mut by_own_id, mut not_found) = (Vec::new(), Vec::new(), Vec::new());
        for sought in sought {
            match self.earlier(&sought)? {
                Some(Listed { external_id: Some(external_id), .. }) => by_external_id.push((sought, external_id)),
                Some(Listed { id, .. }) => by_own_id.push((sought, id)),
                None => not_found.push(sought),
            }
        }
        let mut rest = by_external_id;
        while !rest.is_empty() {
            let ids: Vec<&str> = rest.iter().map(|(_, id)| id.as_str()).collect();
            let (count, body) = self.target.find(&ids).await?;
            let found = Comparable::by_external_id(self.target.read_found(&body));
            for (sought, id) in rest.drain(..count) {
                match found.get(id.as_str()).filter(|found| sought.sent.is_same_person(found) == Some(true)) {
                    Some(found) => compared.found(sought.index, &sought.sent, found),
                    None => not_found.push(sought),
                }
            }
        }
        for (Sought { index, sent, .. }, id) in by_own_id {
            let body = self.target.get(&id).await?;
            let found = body.as_ref().map(|body| self.target.read_found(body)).unwrap_or_default();
            if let Some(found) = found.iter().find(|found| sent.is_same_person(found) == Some(true)) {
                compared.found(index, &sent, found);
            }
        }
        // A user who is not in the whole list is not at the target.
        if self.catalogue.is_some() {
            return Ok(());
        }
        for Sought { index, sent, .. } in not_found {
            let body = self.target.find_person(&sent).await?;
            let listed = body.as_ref().map(|body| self.target.read_found(body)).unwrap_or_default();
            if let Some(found) = listed.iter().find(|found| sent.is_same_person(found) == Some(true)) {
                compared.found(index, &sent, found);
            }
        }
        Ok(())
    }

    /// The identity that may belong to a record. The catalogue knows it. Without the catalogue: a user without an external
    /// id was imported under the id at Clerk.
    fn earlier(&self, sought: &Sought<'_>) -> Result<Option<Listed>, TargetError> {
        let clerk_id = &*sought.clerk_id;
        if let Some(catalogue) = self.catalogue {
            return Ok(catalogue.person(clerk_id)?);
        }
        let is_another = sought.sent.external_id.as_deref() != Some(clerk_id);
        Ok(is_another.then(|| Listed { external_id: Some(clerk_id.to_owned()), ..Listed::default() }))
    }
}

impl Compared {
    fn found(&mut self, index: usize, sent: &Comparable<'_>, found: &Comparable<'_>) {
        self.results[index] =
            ComparisonResult::Found { different: sent.differences(found), hidden: sent.hidden(found) };
        self.found.extend(found.id.as_deref().map(str::to_owned));
        self.runs.extend(found.made_by().map(Cow::into_owned));
    }
}
