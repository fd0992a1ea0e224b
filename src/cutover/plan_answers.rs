//! Whether a person has answered what the plan of the tenant asks.

use super::Finding;
use crate::human::plural;
use crate::tenant_plan::{Item, ItemKind, Verdict};

/// The command that shows what is open.
const SHOW: &str = "avnology help plan";

/// How many things are named.
const NAMED: usize = 3;

/// What of a plan has its answers, thing by thing, for there may be many.
#[derive(Clone, Debug)]
pub struct PlanAnswers {
    of_what: &'static str,
    is_one: fn(&Item) -> bool,
    all: u64,
    open: u64,
    named: Vec<String>,
}

impl PlanAnswers {
    /// Of applications, redirect URLs, domains and origins.
    pub fn of_applications() -> Self {
        let is_one = |item: &Item| {
            matches!(
                item.kind,
                ItemKind::Application | ItemKind::RedirectUrl | ItemKind::Domain | ItemKind::AllowedOrigin
            )
        };
        Self::new("of applications, redirect URLs and domains", is_one)
    }

    /// Of token templates and the session token.
    pub fn of_templates() -> Self {
        Self::new("of token templates", |item| item.kind == ItemKind::Template || item.id == "session_token")
    }

    fn new(of_what: &'static str, is_one: fn(&Item) -> bool) -> Self {
        Self { of_what, is_one, all: 0, open: 0, named: Vec::new() }
    }

    /// Looks at a thing of the plan.
    pub fn take(&mut self, item: &Item) {
        if (self.is_one)(item) {
            self.all += 1;
            self.look_at(item);
        }
    }

    /// The answer to a thing is one to its parts.
    fn look_at(&mut self, item: &Item) {
        if item.note.as_ref().is_some_and(|note| !note.trim().is_empty()) || item.assigned_to.is_some() {
            return;
        }
        if item.verdict == Verdict::ToDo {
            self.open += 1;
            if self.named.len() < NAMED {
                self.named.push(item.id.clone());
            }
        }
        item.parts.iter().for_each(|part| self.look_at(part));
    }

    /// What follows.
    pub fn finding(&self) -> Finding {
        let Self { of_what, all, open, named, .. } = self;
        if *open == 0 {
            return Finding::ok(format!(
                "{} {of_what} in the plan, and nothing is to be answered",
                plural(*all, "thing")
            ));
        }
        let more = if *open > named.len() as u64 { " …" } else { "" };
        Finding::failed(format!(
            "{} {of_what} to do in the plan without an answer (`note`, or `assigned_to`): {}{more}",
            plural(*open, "thing"),
            named.join(", ")
        ))
        .then(SHOW)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cutover::Outcome;
    use crate::tenant_plan::read_plan;

    fn finding(mut answers: PlanAnswers, items: &serde_json::Value) -> Finding {
        let instance = json!({ "id": "ins_1", "environment_type": "production" });
        let plan =
            json!({ "format": 1, "instance": instance, "totals": {}, "missing": [], "items": items }).to_string();
        read_plan(plan.as_bytes(), &mut |item| {
            answers.take(&item);
            Ok(())
        })
        .expect("a plan");
        answers.finding()
    }

    #[test]
    fn what_is_to_do_needs_an_answer_of_its_own_or_of_what_it_is_part_of() {
        let applications = |items: &serde_json::Value| finding(PlanAnswers::of_applications(), items);
        let templates = |items: &serde_json::Value| finding(PlanAnswers::of_templates(), items);
        let url = json!({ "kind": "redirect_url", "id": "ru_1", "verdict": "to_do", "why": "." });
        let with = |thing: &serde_json::Value, name: &str, value: &str| {
            let mut thing = thing.clone();
            thing[name] = value.into();
            thing
        };
        assert_eq!(applications(&json!([])).outcome, Outcome::Ok);
        let open = applications(&json!([url]));
        assert!(open.outcome == Outcome::Failed && open.sentence.contains("ru_1"), "{}", open.sentence);
        assert_eq!(applications(&json!([with(&url, "note", " ")])).outcome, Outcome::Failed);
        assert_eq!(applications(&json!([with(&url, "note", "gone")])).outcome, Outcome::Ok);
        assert_eq!(applications(&json!([with(&url, "assigned_to", "c")])).outcome, Outcome::Ok);
        assert_eq!(templates(&json!([url])).outcome, Outcome::Ok, "it is no template");
        let claim = json!({ "kind": "claim", "id": "role", "verdict": "to_do", "why": "." });
        let template = json!({ "kind": "template", "id": "t", "verdict": "check", "why": ".", "parts": [claim] });
        assert_eq!(templates(&json!([template])).outcome, Outcome::Failed);
        assert_eq!(templates(&json!([with(&template, "note", "resolver 7")])).outcome, Outcome::Ok);
        let session = json!({ "kind": "open_question", "id": "session_token", "verdict": "to_do", "why": "." });
        assert_eq!(templates(&json!([session])).outcome, Outcome::Failed);
    }
}
