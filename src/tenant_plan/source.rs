//! Where the value of a shortcode is at the target.

use super::Verdict;

/// Where the value of a shortcode is at the target.
pub(super) struct Source {
    /// The field, if there is one.
    pub field: Option<String>,
    /// The scope that gives it.
    pub scope: Option<&'static str>,
    pub verdict: Verdict,
    pub why: &'static str,
}

/// Where the value of a shortcode is.
pub(super) fn source(shortcode: &str) -> Source {
    use Verdict::{CannotMove, Check, ToDo};
    let at = |field: &str, scope, verdict, why| Source { field: Some(field.to_owned()), scope, verdict, why };
    let none = |verdict, why| Source { field: None, scope: None, verdict, why };
    let of_metadata = |kind: &str| {
        let rest = shortcode.strip_prefix("user.")?.strip_prefix(kind)?;
        (rest.is_empty() || rest.starts_with('.')).then(|| format!("traits.{kind}{rest}"))
    };
    if let Some(field) = of_metadata("public_metadata").or_else(|| of_metadata("unsafe_metadata")) {
        let why = "A claim resolver has to give this part of the metadata; its type stays.";
        return Source { field: Some(field), scope: None, verdict: ToDo, why };
    }
    match shortcode {
        "user.id" => at(
            "admin_metadata.clerk.id",
            None,
            ToDo,
            "The target has ids of its own: a claim resolver has to give the old one, or all that is keyed by it breaks. It is the \
             `external_id`, too, of users who had none at Clerk.",
        ),
        "user.external_id" => {
            let why = "A claim resolver has to give it, unless it is the same as `admin_metadata.clerk.id`: then Clerk had none.";
            at("external_id", None, ToDo, why)
        }
        "user.primary_email_address" => at("email", Some("email"), Check, "The scope email gives it."),
        "user.email_verified" => at("email_verified", Some("email"), Check, "The scope email gives it."),
        "user.first_name" => at("first_name", Some("profile"), Check, "The scope profile gives it."),
        "user.last_name" => at("last_name", Some("profile"), Check, "The scope profile gives it."),
        "user.full_name" => {
            at("first_name last_name", Some("profile"), Check, "The scope profile gives it, put together.")
        }
        "user.username" => at("username", Some("profile"), Check, "The scope profile gives it."),
        "user.primary_phone_number" | "user.primary_phone_address" => {
            at("phone", Some("phone"), Check, "The scope phone gives it.")
        }
        "user.phone_number_verified" => at("phone_verified", Some("phone"), Check, "The scope phone gives it."),
        "user.created_at" => at(
            "admin_metadata.clerk.created_at",
            None,
            ToDo,
            "A claim resolver has to give it; at Clerk it is a number, here a text.",
        ),
        "user.updated_at" => none(CannotMove, "An import does not keep when a user was changed at Clerk."),
        "user.image_url" | "user.has_image" => none(CannotMove, "Pictures are not moved."),
        "user.organizations" => none(ToDo, "A claim resolver has to list the organizations of the user."),
        _ if shortcode.starts_with("org.") || shortcode.starts_with("org_membership.") => {
            none(ToDo, "A claim resolver has to give it of the organization that the user signs in to.")
        }
        _ if shortcode.starts_with("session.") => none(CannotMove, "Sessions of the target have nothing like it."),
        _ => none(ToDo, "Clerk knows no such shortcode, and gives null: decide what it should be."),
    }
}
