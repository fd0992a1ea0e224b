//! What no call of Clerk's API gives, or what can never move: the same for each tenant, and somebody has to answer it.

use super::{Item, ItemKind, Verdict};

/// Ids, what becomes of each, and why.
const QUESTIONS: [(&str, Verdict, &str); 11] = [
    (
        "access_token_lifetime",
        Verdict::Check,
        "Clerk's access tokens live for a day; the target's example has 900 seconds.",
    ),
    ("api_and_machine_keys", Verdict::CannotMove, "Keys do not move: those who use one need a new one of the target."),
    ("audit_log", Verdict::ToDo, "No call reads it: keep what you need before the instance is deleted."),
    (
        "billing_and_waitlist",
        Verdict::CannotMove,
        "The target documents neither plans, nor subscriptions, nor a wait list.",
    ),
    ("mail_and_text_templates", Verdict::ToDo, "They are never moved: write them at the target."),
    ("restrictions", Verdict::ToDo, "No call reads whether the lists are switched on: look in Clerk's Dashboard."),
    (
        "session_token",
        Verdict::ToDo,
        "The customised session token is no template, and no call reads it: copy its JSON.",
    ),
    ("sessions", Verdict::CannotMove, "Everybody signs in once more after the switch."),
    (
        "sign_in_settings",
        Verdict::ToDo,
        "No call reads methods, password rules and lengths of sessions: set them at the target.",
    ),
    ("signing_keys", Verdict::CannotMove, "Who checks tokens needs the target's keys (`/.well-known/jwks.json`)."),
    (
        "webhooks",
        Verdict::ToDo,
        "No call lists endpoints, events or secrets: list them from Clerk's Dashboard (`avnology help webhooks`).",
    ),
];

/// Each of them as a thing of the plan.
pub(super) fn open_questions() -> impl Iterator<Item = Item> {
    QUESTIONS.into_iter().map(|(id, verdict, why)| Item::new(ItemKind::OpenQuestion, id, verdict, why))
}
