//! What is asked of the target for one endpoint.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Endpoint, PlannedEndpoint, WebhooksPlan};
use crate::hexadecimal::hexadecimal;
use crate::tenant_plan::Verdict;

/// What a mark begins with.
const MARK: &str = "avnology-migrate ";

/// An endpoint that is to be registered. It holds what may be secret.
#[derive(Clone, Debug)]
pub struct Registration {
    /// What it is called.
    pub name: String,
    /// Its address without what may be a secret.
    pub shown_url: String,
    url: SecretString,
    /// The target's events, sorted, each once.
    pub events: Vec<String>,
    description: Option<String>,
    headers: BTreeMap<String, SecretString>,
}

/// The plan and the endpoints file do not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {problem}; make the plan again with `avnology migrate clerk webhooks plan`")]
pub struct PlanMismatch {
    name: String,
    problem: &'static str,
}

/// The body of a request.
#[derive(Serialize)]
struct Body<'a> {
    url: &'a str,
    events: &'a [String],
    description: String,
    /// An import must not send a million deliveries.
    active: bool,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    custom_headers: BTreeMap<&'a str, &'a str>,
}

impl Registration {
    /// What the endpoints of a plan need that can move, by name. The file must be the one that the plan was made of.
    pub fn all(plan: &WebhooksPlan, endpoints: &[Endpoint]) -> Result<Vec<Self>, PlanMismatch> {
        let mismatch = |name: &str, problem| Err(PlanMismatch { name: name.to_owned(), problem });
        for endpoint in endpoints {
            if !plan.endpoints.iter().any(|planned| planned.name == endpoint.name) {
                return mismatch(&endpoint.name, "it is in the endpoints file and not in the plan");
            }
        }
        let mut all = Vec::new();
        for planned in &plan.endpoints {
            let Some(endpoint) = endpoints.iter().find(|endpoint| endpoint.name == planned.name) else {
                return mismatch(&planned.name, "it is in the plan and not in the endpoints file");
            };
            let now = PlannedEndpoint::of(endpoint);
            let (decided_events, note) = (planned.decided_events.clone(), planned.note.clone());
            if (PlannedEndpoint { decided_events, note, ..now.clone() }) != *planned {
                return mismatch(&planned.name, "the endpoints file or the plan was changed since the plan was made");
            }
            let is_without_events = now.events_at_target.is_empty() && planned.decided_events.is_none();
            let Ok(url) = endpoint.url.as_ref() else { continue };
            if now.verdict == Verdict::CannotMove && is_without_events {
                continue;
            }
            let mut events = planned.registered_events().to_vec();
            events.sort_unstable();
            events.dedup();
            all.push(Self {
                name: endpoint.name.clone(),
                shown_url: endpoint.shown_url.clone(),
                url: SecretString::from(url.as_str()),
                events,
                description: endpoint.description.clone(),
                headers: endpoint.headers.clone(),
            });
        }
        Ok(all)
    }

    /// The address.
    pub fn url(&self) -> &SecretString {
        &self.url
    }

    /// A digest of all that is asked for: of what can be read back, and behind a colon of the headers.
    pub fn digest(&self) -> String {
        let headers = self.headers.iter().map(|(name, value)| format!("{name}: {}\n", value.expose_secret()));
        let readable = readable_digest(self.url.expose_secret(), &self.events, self.description.as_deref());
        format!("{readable}:{}", digest(headers.collect::<String>().as_bytes()))
    }

    /// Whether an endpoint at the target is still what this digest is of. Of headers the target does not say what they hold.
    pub fn is_unchanged(digest: &str, url: &SecretString, events: &[String], description: &str, mark: &str) -> bool {
        let end = format!("({mark})");
        let Some(written) = description.strip_suffix(end.as_str()) else { return false };
        // What the file says may end with blanks of its own.
        let written = written.strip_suffix(' ');
        let readable = readable_digest(url.expose_secret(), events, written);
        digest.split_once(':').is_some_and(|(before, _)| before == readable)
    }

    /// What the description of an endpoint says that was made under this mark.
    pub fn description(&self, mark: &str) -> String {
        let written = self.description.as_deref().map(|text| format!("{text} ")).unwrap_or_default();
        format!("{written}({mark})")
    }

    /// The JSON that registers it, inactive.
    pub fn body(&self, mark: &str) -> Vec<u8> {
        let headers = self.headers.iter().map(|(name, value)| (name.as_str(), value.expose_secret()));
        let body = Body {
            url: self.url.expose_secret(),
            events: &self.events,
            description: self.description(mark),
            active: false,
            custom_headers: headers.collect(),
        };
        // Texts and lists always have a form in JSON.
        serde_json::to_vec(&body).unwrap_or_default()
    }

    /// The mark of the endpoint of this name that is made by the holder of `maker`; no other endpoint has it.
    pub fn mark(maker: &str, name: &str) -> String {
        let digest = Sha256::digest(format!("{maker} {name}"));
        format!("{MARK}{}", hexadecimal(&digest[..10]))
    }

    /// Whether the description of an endpoint has this mark.
    pub fn has_mark(description: &str, mark: &str) -> bool {
        description.ends_with(&format!("({mark})"))
    }
}

fn readable_digest(url: &str, events: &[String], description: Option<&str>) -> String {
    digest(format!("{url}\n{}\n{}", events.join(","), description.unwrap_or_default()).as_bytes())
}

fn digest(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhooks::{CodeReport, read_endpoints};

    const FILE: &str = "[[endpoint]]\nname = \"a\"\nurl = \"https://a.example/?token=c4n4ry\"\nevents = [\"user.created\"]\n\
                        headers = { \"X-Key\" = \"c4n4ry\" }\n\
                        [[endpoint]]\nname = \"b\"\nurl = \"https://b.example\"\nevents = [\"sms.created\"]\n";

    #[test]
    fn what_is_sent_is_what_the_file_says_and_only_the_body_has_its_secrets() {
        let endpoints = read_endpoints(FILE).unwrap();
        let mut plan = WebhooksPlan::new(&endpoints, CodeReport::default());
        let [one] = &Registration::all(&plan, &endpoints).unwrap()[..] else { panic!("`b` would get nothing") };
        let mark = Registration::mark("maker", "a");
        let body: serde_json::Value = serde_json::from_slice(&one.body(&mark)).unwrap();
        let expected = serde_json::json!({
            "url": "https://a.example/?token=c4n4ry", "events": ["user.created"], "description": format!("({mark})"),
            "active": false, "custom_headers": {"X-Key": "c4n4ry"},
        });
        assert_eq!(body, expected);
        assert!(Registration::has_mark(&one.description(&mark), &mark) && !format!("{one:?}").contains("c4n4ry"));
        let is_unchanged = |events: &[String], description: &str| {
            Registration::is_unchanged(&one.digest(), one.url(), events, description, &mark)
        };
        assert!(is_unchanged(&one.events, &one.description(&mark)));
        assert!(!is_unchanged(&[], &one.description(&mark)) && !is_unchanged(&one.events, "another"));
        plan.endpoints[1].decided_events = Some(vec!["user.updated".to_owned()]);
        assert_eq!(Registration::all(&plan, &endpoints).unwrap().len(), 2, "a person decided otherwise");
    }

    #[test]
    fn a_description_that_ends_with_a_blank_is_known_again() {
        let mark = Registration::mark("maker", "a");
        for written in ["Billing", "Billing ", "Billing  "] {
            let endpoints = read_endpoints(&format!("{FILE}description = {written:?}\n")).unwrap();
            let mut plan = WebhooksPlan::new(&endpoints, CodeReport::default());
            plan.endpoints[1].decided_events = Some(vec!["user.updated".to_owned()]);
            let all = Registration::all(&plan, &endpoints).unwrap();
            let one = &all[1];
            let is_unchanged = |description: &str| {
                Registration::is_unchanged(&one.digest(), one.url(), &one.events, description, &mark)
            };
            assert!(is_unchanged(&one.description(&mark)), "{written:?}");
            assert!(!is_unchanged(&format!("Bills ({mark})")), "{written:?}");
        }
    }

    #[test]
    fn a_plan_of_another_file_is_refused() {
        let endpoints = read_endpoints(FILE).unwrap();
        let plan = WebhooksPlan::new(&endpoints, CodeReport::default());
        let digest = Registration::all(&plan, &endpoints).unwrap()[0].digest();
        for (other, said) in [
            (FILE.replace("name = \"b\"", "name = \"c\""), "c: it is in the endpoints file"),
            (FILE.replace("user.created", "user.updated"), "a: the endpoints file or the plan was changed"),
            (FILE.replace("X-Key", "X-Other"), "a: the endpoints file or the plan was changed"),
        ] {
            let problem = Registration::all(&plan, &read_endpoints(&other).unwrap()).unwrap_err().to_string();
            assert!(problem.starts_with(said), "{problem}");
        }
        let same_plan = read_endpoints(&FILE.replace("?token=c4n4ry", "?token=other")).unwrap();
        assert_ne!(Registration::all(&plan, &same_plan).unwrap()[0].digest(), digest);
    }
}
