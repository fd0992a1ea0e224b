//! The plan of the webhooks: the file that a person reads, completes and keeps.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::endpoints_file::is_event;
use super::totals::{VerdictCount, WebhooksTotals};
use super::{ClerkEvent, CodeReport, Endpoint, HandlerInCode, PlannedEndpoint};

/// The version of the form.
const FORMAT: u32 = 1;

/// The plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhooksPlan {
    /// The version of this form.
    pub format: u32,
    /// The sums.
    pub totals: WebhooksTotals,
    /// The endpoints, by name.
    pub endpoints: Vec<PlannedEndpoint>,
    /// The handlers that the report of `codemod` names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handlers: Vec<HandlerInCode>,
    /// Clerk's events that the code handles and no endpoint gets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events_without_endpoint: Vec<String>,
}

impl WebhooksPlan {
    /// The plan of these endpoints, and of what the code says.
    pub fn new(endpoints: &[Endpoint], code: CodeReport) -> Self {
        let CodeReport { handlers } = code;
        let asked: BTreeSet<&str> =
            endpoints.iter().flat_map(|endpoint| &endpoint.events).map(|event| ClerkEvent::plain(event)).collect();
        // A family such as `role.*` that an endpoint gets has all that the code names of it.
        let is_asked = |event: &str| {
            asked.contains(event) || ClerkEvent::find(event).is_some_and(|found| asked.contains(found.name))
        };
        let handled: BTreeSet<&str> = handlers.iter().flat_map(|handler| &handler.events).map(String::as_str).collect();
        let missing = handled.into_iter().filter(|event| !is_asked(event)).map(str::to_owned).collect();
        let mut plan = Self {
            format: FORMAT,
            totals: WebhooksTotals::default(),
            endpoints: endpoints.iter().map(PlannedEndpoint::of).collect(),
            handlers,
            events_without_endpoint: missing,
        };
        let events = plan.endpoints.iter().flat_map(|endpoint| &endpoint.events);
        plan.totals = WebhooksTotals {
            events: VerdictCount::of(events.map(|event| event.verdict)),
            endpoints: VerdictCount::of(plan.endpoints.iter().map(|endpoint| endpoint.verdict)),
        };
        plan
    }

    /// Reads a plan. Decisions that cannot be are errors.
    pub fn read(text: &[u8]) -> Result<Self, String> {
        let wrong = |error: serde_json::Error| {
            format!("it is no plan of webhooks (line {}, column {})", error.line(), error.column())
        };
        let plan: Self = serde_json::from_slice(text).map_err(wrong)?;
        if plan.format > FORMAT {
            return Err("a newer version of this program made it".to_owned());
        }
        for endpoint in &plan.endpoints {
            let decided = endpoint.decided_events.iter().flatten();
            if decided.clone().any(|event| !is_event(event))
                || endpoint.decided_events.as_ref().is_some_and(Vec::is_empty)
            {
                let name = &endpoint.name;
                return Err(format!(
                    "`decided_events` of {name} is a list of the target's events, such as user.created"
                ));
            }
        }
        Ok(plan)
    }

    /// Takes over what a person decided and wrote in an earlier plan, for endpoints that are still there.
    pub fn keep_decisions_of(&mut self, earlier: &Self) {
        for endpoint in &mut self.endpoints {
            let before = earlier.endpoints.iter().find(|before| before.name == endpoint.name);
            let Some(before) = before.filter(|before| before.url == endpoint.url) else { continue };
            endpoint.decided_events.clone_from(&before.decided_events);
            endpoint.note.clone_from(&before.note);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenant_plan::Verdict;
    use crate::webhooks::read_endpoints;

    fn plan(text: &str) -> WebhooksPlan {
        WebhooksPlan::new(&read_endpoints(text).unwrap(), CodeReport::default())
    }

    const FILE: &str = r#"
        [[endpoint]]
        name = "moved"
        url = "https://a.example/in?token=c4n4ry"
        events = ["user.created"]
        headers = { "X-Key" = "c4n4ry" }
        [[endpoint]]
        name = "check"
        url = "https://b.example"
        events = ["user.created", "user.deleted", "role.created"]
        [[endpoint]]
        name = "nothing"
        url = "https://c.example"
        events = ["sms.created"]
        [[endpoint]]
        name = "plain"
        url = "http://d.example"
        events = ["user.created"]
    "#;

    #[test]
    fn totals_add_up_and_no_secret_is_in_it() {
        let found = plan(FILE);
        let of = |name: &str| found.endpoints.iter().find(|endpoint| endpoint.name == name).unwrap();
        for (name, verdict) in [
            ("moved", Verdict::Moved),
            ("check", Verdict::Check),
            ("nothing", Verdict::CannotMove),
            ("plain", Verdict::CannotMove),
        ] {
            assert_eq!(of(name).verdict, verdict, "{name}");
        }
        assert_eq!(found.totals.endpoints, VerdictCount { all: 4, moved: 1, check: 1, cannot_move: 2 });
        assert_eq!(found.totals.events, VerdictCount { all: 6, moved: 3, check: 1, cannot_move: 2 });
        let text = serde_json::to_string(&found).unwrap();
        assert!(!text.contains("c4n4ry"), "{text}");
        assert_eq!(text, serde_json::to_string(&plan(FILE)).unwrap());
        assert_eq!(WebhooksPlan::read(text.as_bytes()).unwrap(), found);
    }

    #[test]
    fn what_a_person_decided_stays() {
        let mut earlier = plan(FILE);
        earlier.endpoints[0].decided_events = Some(vec!["user.created".to_owned(), "user.updated".to_owned()]);
        earlier.endpoints[0].note = Some("ask Ada".to_owned());
        let mut later = plan(FILE);
        later.keep_decisions_of(&earlier);
        assert_eq!(later, earlier);
        let mut moved = plan(&FILE.replace("https://b.example", "https://other.example"));
        moved.keep_decisions_of(&earlier);
        assert_eq!(moved.endpoints[0].decided_events, None, "another address is another endpoint");
        for wrong in [vec![], vec!["everything".to_owned()]] {
            earlier.endpoints[0].decided_events = Some(wrong);
            let text = serde_json::to_vec(&earlier).unwrap();
            assert!(WebhooksPlan::read(&text).unwrap_err().contains("`decided_events` of check"));
        }
    }

    #[test]
    fn what_the_code_handles_and_nothing_brings_is_named() {
        let report = br#"{"entries": [
            {"path": "app/hook.ts", "kind": "webhook", "lines": [3], "details": [
                "headers: svix-id", "event user.created: user.created", "event session.ended: none", "event <b>: none",
                "event role.created: none"]},
            {"path": "app/x.ts", "kind": "server", "lines": [1], "details": ["event user.deleted: none"]}]}"#;
        let code = CodeReport::read(report).unwrap();
        let events = ["role.created", "session.ended", "user.created"].map(str::to_owned).to_vec();
        assert_eq!(code.handlers, [HandlerInCode { file: "app/hook.ts".to_owned(), lines: vec![3], events }]);
        let plan = WebhooksPlan::new(&read_endpoints(FILE).unwrap(), code.clone());
        assert_eq!(plan.events_without_endpoint, ["session.ended"]);
        let all = read_endpoints("[[endpoint]]\nurl = \"https://a.example\"").unwrap();
        assert_eq!(WebhooksPlan::new(&all, code).events_without_endpoint, [""; 0]);
        assert!(CodeReport::read(b"{}").unwrap_err().contains("no JSON report"));
    }
}
