//! What a handler of webhooks reads.

use oxc_ast::AstKind;
use oxc_ast::ast::{BindingPattern, Expression};
use oxc_semantic::NodeId;

use super::ancestors::{Tree, bare_awaited, range};
use super::facts::WebhookFacts;

/// The beginnings of the names of events.
const EVENTS: [&str; 14] = [
    "user",
    "session",
    "organization",
    "organizationMembership",
    "organizationInvitation",
    "organizationDomain",
    "email",
    "sms",
    "role",
    "permission",
    "waitlistEntry",
    "subscription",
    "subscriptionItem",
    "paymentAttempt",
];
/// The ends of the names of events.
const HAPPENED: [&str; 8] = ["created", "updated", "deleted", "ended", "removed", "revoked", "accepted", "pending"];

impl Tree<'_, '_> {
    /// Adds what a node says about a handler.
    pub(super) fn note_webhook(&self, node: NodeId, webhook: &mut WebhookFacts) {
        match self.kind(node) {
            AstKind::StringLiteral(text) => {
                let value = text.value.as_str();
                if matches!(value, "svix-id" | "svix-timestamp" | "svix-signature") {
                    add(&mut webhook.headers, value);
                }
                let name = value.strip_prefix("clerk.").unwrap_or(value);
                let is_event = name
                    .split_once('.')
                    .is_some_and(|(about, what)| EVENTS.contains(&about) && HAPPENED.contains(&what));
                if is_event {
                    add(&mut webhook.events, value);
                }
            }
            AstKind::NewExpression(new) => {
                if let Expression::Identifier(name) = &new.callee
                    && self.imported(name).is_some_and(|(module, name)| module == "svix" && name == "Webhook")
                {
                    webhook.verifications.push(range(new.span).start);
                }
            }
            AstKind::CallExpression(call) => {
                if let Expression::Identifier(name) = &call.callee
                    && self
                        .imported(name)
                        .is_some_and(|(module, name)| module.starts_with("@clerk/") && name == "verifyWebhook")
                {
                    webhook.verifications.push(range(call.span).start);
                }
            }
            AstKind::StaticMemberExpression(member) if is_data(&member.object) => {
                add(&mut webhook.fields, member.property.name.as_str());
            }
            AstKind::VariableDeclarator(declarator) => {
                if let (BindingPattern::ObjectPattern(object), Some(value)) = (&declarator.id, &declarator.init)
                    && is_data(value)
                {
                    let names = object.properties.iter().filter_map(|property| property.key.static_name());
                    names.for_each(|name| add(&mut webhook.fields, &name));
                }
            }
            _ => {}
        }
    }
}

/// `….data`, with or without a type assertion.
fn is_data(expression: &Expression<'_>) -> bool {
    match bare_awaited(expression) {
        Expression::StaticMemberExpression(member) => member.property.name == "data",
        Expression::TSAsExpression(inner) => is_data(&inner.expression),
        Expression::TSNonNullExpression(inner) => is_data(&inner.expression),
        _ => false,
    }
}

fn add(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|other| other == name) {
        names.push(name.to_owned());
    }
}
