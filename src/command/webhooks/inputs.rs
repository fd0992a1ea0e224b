//! Reads the endpoints file and the plan.

use std::path::Path;

use crate::command::webhooks::webhooks_command_error::WebhooksCommandError;
use crate::files::{read_named, read_named_text};
use crate::settings::PlannedWebhooks;
use crate::webhooks::{Endpoint, Registration, WebhooksPlan, read_endpoints};

/// The endpoints of a file.
pub(super) fn endpoints(path: &Path) -> Result<Vec<Endpoint>, WebhooksCommandError> {
    let text = read_named_text(path).map_err(|error| WebhooksCommandError::unreadable_file(path, &error))?;
    read_endpoints(&text).map_err(|faults| WebhooksCommandError::Endpoints { path: path.to_path_buf(), faults })
}

/// What the endpoints of a plan need that can move.
pub(super) fn registrations(planned: &PlannedWebhooks) -> Result<Vec<Registration>, WebhooksCommandError> {
    let PlannedWebhooks { plan: path, endpoints: file } = planned;
    let text = read_named(path).map_err(|error| WebhooksCommandError::unreadable_file(path, &error))?;
    let wrong = |problem| WebhooksCommandError::File { path: path.clone(), problem };
    let plan = WebhooksPlan::read(&text).map_err(wrong)?;
    Ok(Registration::all(&plan, &endpoints(file)?)?)
}
