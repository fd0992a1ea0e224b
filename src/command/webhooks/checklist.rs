//! What a person does at the target's dashboard if the target has no methods for it.

use super::account::ReportLine;
use crate::webhooks::Registration;

/// A line for each endpoint that somebody has to register by hand.
pub(super) fn by_hand<'r>(registrations: impl IntoIterator<Item = &'r Registration>) -> Vec<ReportLine> {
    let line = |registration: &Registration| {
        let Registration { name, shown_url, events, .. } = registration;
        let events = events.join(", ");
        ReportLine::wrong(
            name,
            "by_hand",
            None,
            format!(
                "The target has no method for this. In its dashboard, add the endpoint {shown_url}, inactive, with the events \
                 {events}, and give its secret to those who run the handler."
            ),
        )
    };
    registrations.into_iter().map(line).collect()
}

/// The line of a target that has no list of its endpoints.
pub(super) fn no_list(name: &str, id: Option<&str>) -> ReportLine {
    ReportLine::wrong(
        name,
        "by_hand",
        id,
        "The target has no list of its endpoints: look in its dashboard whether this one is there.",
    )
}
