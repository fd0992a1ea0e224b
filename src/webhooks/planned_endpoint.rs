//! An endpoint of a plan.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Endpoint, EndpointUrl, PlannedEvent};
use crate::tenant_plan::{Verdict, Warning};

/// An endpoint and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedEndpoint {
    /// What it is called in the endpoints file.
    pub name: String,
    /// Its address, without the query.
    pub url: String,
    /// What becomes of it.
    pub verdict: Verdict,
    /// Why, in one sentence.
    pub why: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The names of the headers that deliveries carry; their values are in the endpoints file only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<String>,
    /// The target's events in place of Clerk's, sorted.
    pub events_at_target: Vec<String>,
    /// What it gets at Clerk, one by one.
    pub events: Vec<PlannedEvent>,
    /// What else is to be known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    /// The target's events that a person decided on, in place of `events_at_target`. It stays when the plan is made again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_events: Option<Vec<String>>,
    /// What a person wrote to it. It stays, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl PlannedEndpoint {
    /// What becomes of an endpoint.
    pub(super) fn of(endpoint: &Endpoint) -> Self {
        let events: Vec<PlannedEvent> = endpoint.events.iter().map(|event| PlannedEvent::of(event)).collect();
        let at_target: BTreeSet<&String> = events.iter().flat_map(|event| &event.at_target).collect();
        let events_at_target: Vec<String> = at_target.into_iter().cloned().collect();
        let (verdict, why) = match &endpoint.url {
            Err(fault) => (Verdict::CannotMove, format!("The target cannot have its address: {fault}.")),
            Ok(_) if events_at_target.is_empty() => (
                Verdict::CannotMove,
                "It would get nothing any more: the target has none of its events. Decide what its handler does instead."
                    .to_owned(),
            ),
            Ok(_) if events.iter().all(|event| event.verdict == Verdict::Moved) => {
                (Verdict::Moved, "`apply` registers it, inactive.".to_owned())
            }
            Ok(_) => (
                Verdict::Check,
                "`apply` registers it, inactive; look at its events before somebody activates it.".to_owned(),
            ),
        };
        let mut warnings = Vec::new();
        let mut warn = |code: &str, sentence: &str| {
            warnings.push(Warning { code: code.to_owned(), sentence: sentence.to_owned() });
        };
        if verdict != Verdict::CannotMove {
            warn(
                "new_secret",
                "The target makes a new signing secret: its handler needs it before somebody activates the endpoint.",
            );
            warn(
                "other_signature",
                "The target signs in another way (X-Avnology-Signature, X-Avnology-Timestamp), and the body has other members.",
            );
        }
        if endpoint.url.as_ref().is_ok_and(EndpointUrl::has_query) {
            warn("query_not_shown", "Its address has a query, which is left out here: it may be a secret.");
        }
        Self {
            name: endpoint.name.clone(),
            url: endpoint.shown_url.clone(),
            verdict,
            why,
            description: endpoint.description.clone(),
            headers: endpoint.headers.keys().cloned().collect(),
            events_at_target,
            events,
            warnings,
            decided_events: None,
            note: None,
        }
    }

    /// The target's events that it is registered for.
    pub fn registered_events(&self) -> &[String] {
        self.decided_events.as_deref().unwrap_or(&self.events_at_target)
    }
}
