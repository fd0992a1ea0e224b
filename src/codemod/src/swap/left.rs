//! What stays with Clerk: an entry for each name, with what is known about it.

use crate::code::Code;
use crate::finding::{Action, Found};
use crate::kind::Kind;
use crate::rules::Rules;
use crate::syntax::{Use, UseForm};

/// A name that is left.
pub(super) struct LeftName<'a> {
    /// The name at the module; `*` and `default` for the module as a whole.
    pub name: &'a str,
    /// Whether it is only a type.
    pub is_type: bool,
    /// Where its import is.
    pub import: usize,
    /// Where it is used.
    pub uses: &'a [Use],
    /// Whether its import has attributes, for which it is left.
    pub has_attributes: bool,
}

/// The entry of a name that is left, with its import and its uses.
pub(super) fn left_name(rules: &Rules, module: &str, name: &LeftName<'_>) -> Found {
    let LeftName { name, is_type, import, uses, has_attributes } = *name;
    let kind = Kind::of_name(module, name, is_type);
    let code = if matches!(name, "*" | "default") { Code::ImportWholeModule } else { Code::NoDocumentedEquivalent };
    let opening =
        uses.iter().filter(|usage| !matches!(usage.form, UseForm::Closing | UseForm::Part { is_opening: false, .. }));
    let places = std::iter::once(import).chain(opening.map(|usage| usage.range.start)).collect();
    let sentence = match name {
        "*" | "default" => format!("`{module}` is taken as a whole."),
        _ if rules.hold(module, name) => {
            format!("`{name}` has an equivalent, and was left because something else in its package is left.")
        }
        _ if has_attributes && rules.find(module, name).is_some() => {
            format!("`{name}` has an equivalent, and was left because its import has attributes.")
        }
        _ if kind == Kind::OtherPackage => {
            format!("`{name}` comes from {module}; equivalents are documented only for names of @clerk/nextjs.")
        }
        _ if is_type => format!("The type `{name}` has no documented equivalent."),
        _ => format!("`{name}` has no documented equivalent."),
    };
    Found::new(kind, code, Action::Left, name, places).of(module).saying(sentence).suggesting(suggestion(module, name))
}

/// Only of Next.js is it known what stands in the place of components and hooks.
fn suggestion(module: &str, name: &str) -> Option<&'static str> {
    let is_next = module == "@clerk/nextjs" || module.starts_with("@clerk/nextjs/");
    Some(match name {
        "createClerkClient" | "clerkClient" => {
            "For users.getUser(id), @avnology/sdk-typescript has client.admin.getUser(id)."
        }
        "verifyWebhook" => "@avnology/backend has verifyRequest; its arguments are not documented.",
        _ if !is_next => return None,
        "SignedIn" => {
            "Clerk's own upgrade tool takes <Protect> without props for the same thing, and Protect is documented: try <Protect>."
        }
        "Show" => {
            "For when=\"signed-in\", Clerk's own upgrade tool takes <Protect> without props for the same thing, and Protect is documented."
        }
        "getAuth" => "In code of the app router, auth() is documented.",
        "useUser" | "useAuth" => {
            "On the server, auth() and currentUser() are documented: a server component can hand the values down."
        }
        _ => return None,
    })
}
