//! An endpoint that `apply` registered, among those that are at the target.

use crate::avnology::RegisteredWebhook;
use crate::made_once::{MadeObject, MadeState};
use crate::webhooks::Registration;

/// Finds it: by its id, and if its answer was lost, by its mark.
pub(super) fn at_target<'t>(
    object: &MadeObject,
    mark: &str,
    there: &'t [RegisteredWebhook],
) -> Option<&'t RegisteredWebhook> {
    there.iter().find(|webhook| match (object.state, &object.target_id) {
        (MadeState::Made, Some(id)) => webhook.id == *id,
        _ => Registration::has_mark(&webhook.description, mark),
    })
}
