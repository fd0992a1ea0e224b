//! Organizations: finding, changing and deleting them.

use super::found::read_found;
use super::record_calls::RecordCalls;
use crate::avnology::item_error::{gone, refused_content};
use crate::avnology::{MAX_PAGE, Meaning, meaning_of};
use crate::destination::{Change, Changed, Comparable, TargetError};
use crate::http::{Body, Reply};

const ORGANIZATIONS: &str = "v1/organizations";

impl RecordCalls {
    /// Finds organizations by their external ids: how many it was asked about, and a list.
    pub(super) async fn find_organizations(&self, external_ids: &[&str]) -> Result<(usize, Body), TargetError> {
        if !self.has_batch_method {
            let Some(id) = external_ids.first() else { return Ok((0, Body::default())) };
            return Ok((1, self.filtered("external_id", id).await?.unwrap_or_default()));
        }
        let count = external_ids.len().min(MAX_PAGE);
        let parameters: Vec<(&str, &str)> = external_ids[..count].iter().map(|id| ("external_ids", *id)).collect();
        let reply = self.read("v1/organizations:batchGet", &parameters).await?;
        Ok((count, reply.map(|reply| reply.body).unwrap_or_default()))
    }

    /// Those of the list that a filter finds; nothing if the target does not take it.
    async fn filtered(&self, field: &str, value: &str) -> Result<Option<Body>, TargetError> {
        let filter = format!("{field} = \"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
        let parameters = [("filter", filter.as_str()), ("page_size", "2")];
        let is_list = |reply: &Reply| read_found(&reply.body).is_some();
        let reply = self.calls.retried(|| self.calls.client.get_at(ORGANIZATIONS, &parameters), is_list).await?;
        match meaning_of(reply.outcome) {
            Meaning::Done => Ok(Some(reply.body)),
            Meaning::OfContent => Ok(None),
            _ => Err(self.refused(&reply)),
        }
    }

    /// The organization that has the name of `sent`, if it is the same one by its id at Clerk: a name alone proves nothing.
    pub(super) async fn find_by_name(&self, sent: &Comparable<'_>) -> Result<Option<Body>, TargetError> {
        let Some(name) = &sent.name else { return Ok(None) };
        for field in ["name", "slug"] {
            let body = self.filtered(field, name).await?;
            let found = body.as_deref().and_then(read_found).unwrap_or_default().0;
            if found.iter().any(|found| sent.is_same_person(found) == Some(true)) {
                return Ok(body);
            }
        }
        Ok(None)
    }

    /// The organization with this id of the target's own, as a list.
    pub(super) async fn get_organization(&self, id: &str) -> Result<Option<Body>, TargetError> {
        let reply = self.read(&format!("{ORGANIZATIONS}/{id}"), &[]).await?;
        Ok(reply.map(|reply| reply.body.between(b"{\"found\":[", b"]}")))
    }

    /// Changes some fields of an organization. Its name and its slug are never changed.
    pub(super) async fn change_organization(&self, change: &Change<'_>) -> Result<Changed, TargetError> {
        let fields = change.fields.iter().filter(|field| field.is_changeable());
        let mask: Vec<&str> = fields.map(|field| field.name()).collect();
        let head = serde_json::json!({ "update_mask": mask.join(",") }).to_string();
        // Both are objects: the head without its `}`, the item without its `{`.
        let body = [&head.as_bytes()[..head.len() - 1], b",", change.encoded.get(1..).unwrap_or_default()].concat();
        let (path, body) = (format!("{ORGANIZATIONS}/{}", change.id), bytes::Bytes::from(body));
        self.changed(&self.calls.retried(|| self.calls.client.patch_at(&path, body.clone()), |_| true).await?)
    }

    /// What came of a change.
    pub(super) fn changed(&self, reply: &Reply) -> Result<Changed, TargetError> {
        match meaning_of(reply.outcome) {
            Meaning::Done => Ok(Changed::Updated),
            Meaning::OfContent => Ok(Changed::Refused(refused_content(reply))),
            _ => gone(reply).map(Changed::Refused).ok_or_else(|| self.refused(reply)),
        }
    }

    /// Deletes an organization, unless it has members or roles are granted in it.
    pub(super) async fn delete_organization(&self, id: &str) -> Result<bool, TargetError> {
        if self.has_tuples(id).await? {
            return Ok(false);
        }
        self.delete_one(&format!("{ORGANIZATIONS}/{id}"), &[]).await
    }

    /// Deletes an organization, the roles that are granted in it, and its members, also those of others. The users stay. If a role
    /// stays, so does the organization.
    pub(super) async fn delete_organization_with_contents(&self, id: &str) -> Result<bool, TargetError> {
        if !self.delete_tuples_in(id).await? {
            return Ok(false);
        }
        self.delete_one(&format!("{ORGANIZATIONS}/{id}"), &[("force", "true")]).await
    }
}
