//! Whether a person has answered what the plan of the tenant asks.

use super::Finding;
use crate::human::plural;
use crate::tenant_plan::{Item, ItemKind, TenantPlan, Verdict};

/// The command that shows what is open.
const SHOW: &str = "avnology help plan";

/// So many things are named.
const NAMED: usize = 3;

/// Whether applications, redirect URLs, domains and origins have their answers.
pub fn applications(plan: &TenantPlan) -> Finding {
    let is_one = |item: &Item| {
        matches!(item.kind, ItemKind::Application | ItemKind::RedirectUrl | ItemKind::Domain | ItemKind::AllowedOrigin)
    };
    answered(plan, is_one, "of applications, redirect URLs and domains")
}

/// Whether token templates and the session token have their answers.
pub fn templates(plan: &TenantPlan) -> Finding {
    let is_one = |item: &Item| item.kind == ItemKind::Template || item.id == "session_token";
    answered(plan, is_one, "of token templates")
}

fn answered(plan: &TenantPlan, is_one: impl Fn(&Item) -> bool, of_what: &str) -> Finding {
    let (mut all, mut open) = (0, Vec::new());
    for item in plan.items.iter().filter(|item| is_one(item)) {
        all += 1;
        find_open(item, &mut open);
    }
    if open.is_empty() {
        return Finding::ok(format!("{} {of_what} in the plan, and nothing is to be answered", plural(all, "thing")));
    }
    let named: Vec<&str> = open.iter().take(NAMED).map(|item| item.id.as_str()).collect();
    let more = if open.len() > NAMED { " …" } else { "" };
    Finding::failed(format!(
        "{} {of_what} to do in the plan without an answer (`note`, or `assigned_to`): {}{more}",
        plural(open.len() as u64, "thing"),
        named.join(", ")
    ))
    .then(SHOW)
}

/// Adds what of a thing has no answer. The answer to a thing is one to its parts.
fn find_open<'i>(item: &'i Item, open: &mut Vec<&'i Item>) {
    if item.note.as_ref().is_some_and(|note| !note.trim().is_empty()) || item.assigned_to.is_some() {
        return;
    }
    if item.verdict == Verdict::ToDo {
        open.push(item);
    }
    item.parts.iter().for_each(|part| find_open(part, open));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cutover::Outcome;

    fn plan(items: &serde_json::Value) -> TenantPlan {
        let totals = json!({ "all": { "all": 0, "moved": 0, "check": 0, "to_do": 0, "cannot_move": 0 }, "kinds": {} });
        let instance = json!({ "id": "ins_1", "environment_type": "production" });
        let plan = json!({ "format": 1, "instance": instance, "totals": totals, "missing": [], "items": items });
        TenantPlan::read(plan.to_string().as_bytes()).expect("a plan")
    }

    #[test]
    fn what_is_to_do_needs_an_answer_of_its_own_or_of_what_it_is_part_of() {
        let url = json!({ "kind": "redirect_url", "id": "ru_1", "verdict": "to_do", "why": "." });
        let with = |thing: &serde_json::Value, name: &str, value: &str| {
            let mut thing = thing.clone();
            thing[name] = value.into();
            thing
        };
        assert_eq!(applications(&plan(&json!([]))).outcome, Outcome::Ok);
        let open = applications(&plan(&json!([url])));
        assert!(open.outcome == Outcome::Failed && open.sentence.contains("ru_1"), "{}", open.sentence);
        assert_eq!(applications(&plan(&json!([with(&url, "note", " ")]))).outcome, Outcome::Failed);
        assert_eq!(applications(&plan(&json!([with(&url, "note", "gone")]))).outcome, Outcome::Ok);
        assert_eq!(applications(&plan(&json!([with(&url, "assigned_to", "c")]))).outcome, Outcome::Ok);
        assert_eq!(templates(&plan(&json!([url]))).outcome, Outcome::Ok, "it is no template");
        let claim = json!({ "kind": "claim", "id": "role", "verdict": "to_do", "why": "." });
        let template = json!({ "kind": "template", "id": "t", "verdict": "check", "why": ".", "parts": [claim] });
        assert_eq!(templates(&plan(&json!([template]))).outcome, Outcome::Failed);
        assert_eq!(templates(&plan(&json!([with(&template, "note", "resolver 7")]))).outcome, Outcome::Ok);
        let session = json!({ "kind": "open_question", "id": "session_token", "verdict": "to_do", "why": "." });
        assert_eq!(templates(&plan(&json!([session]))).outcome, Outcome::Failed);
    }
}
