//! The uses of a name that moved: its new name, the provider's domain, and what a person has to look at.

use crate::code::Code;
use crate::edit::Edit;
use crate::finding::{Action, Found};
use crate::kind::Kind;
use crate::rules::{Equivalent, Prop};
use crate::syntax::{Attribute, Call, ImportedName, Use, UseForm};

/// What is handed to the new provider.
const DOMAIN: &str = "process.env.NEXT_PUBLIC_AVNOLOGY_DOMAIN";

/// A name that moved.
pub(super) struct MovedName<'a> {
    /// Its import.
    pub name: &'a ImportedName,
    /// Where it is now.
    pub to: &'a Equivalent,
    /// Its new local name, if that changed.
    pub renamed: Option<&'a str>,
    /// Whether the file is TypeScript.
    pub is_typescript: bool,
}

impl MovedName<'_> {
    fn is_provider(&self) -> bool {
        self.to.name == "AvnologyProvider"
    }

    /// The edits of all uses.
    pub(super) fn edits(&self) -> Vec<Edit> {
        let mut edits = Vec::new();
        for Use { range, form } in &self.name.uses {
            if let Some(new) = self.renamed {
                let old = &self.name.local;
                edits.push(match form {
                    UseForm::Shorthand => Edit::replace(range.start, range.end, format!("{old}: {new}")),
                    UseForm::Exported => Edit::replace(range.start, range.end, format!("{new} as {old}")),
                    _ => Edit::replace(range.start, range.end, new),
                });
            }
            let UseForm::Element(behind, attributes) = form else { continue };
            let has_domain = attributes.iter().any(|attribute| attribute.name.as_deref() == Some("domain"));
            if self.is_provider() && !has_domain {
                let mark = if self.is_typescript { "!" } else { "" };
                edits.push(Edit::insert(*behind, format!(" domain={{{DOMAIN}{mark}}}")));
            }
            for attribute in attributes {
                match attribute.name.as_ref().and_then(|name| self.to.props.get(name)) {
                    Some(Prop::Renamed(name)) => {
                        edits.push(Edit::replace(attribute.name_range.start, attribute.name_range.end, name));
                    }
                    Some(Prop::Known(false)) => {
                        edits.push(Edit::remove(attribute.removal.start, attribute.removal.end));
                    }
                    Some(Prop::Known(true)) | None => {}
                }
            }
        }
        edits
    }

    /// What a person has to look at.
    pub(super) fn checks(&self) -> Vec<Found> {
        let mut found = Vec::new();
        if self.name.imported == "SignUp" && self.to.module == "@avnology/id-elements" && !self.to.is_own {
            found.push(self.check(Kind::Component, Code::ComponentVersion, "SignUp".to_owned(), self.name.range.start));
        }
        for Use { range, form } in &self.name.uses {
            match form {
                UseForm::Element(_, attributes) => {
                    found.extend(attributes.iter().filter_map(|prop| self.of_prop(prop)));
                }
                UseForm::Part { name, is_opening: true } => {
                    let subject = format!("{}.{name}", self.to.name);
                    found.push(self.check(Kind::Component, Code::MemberNotDocumented, subject, range.start));
                }
                UseForm::Part { .. } | UseForm::Closing => {}
                _ if self.is_provider() => {
                    found.push(self.check(
                        Kind::Component,
                        Code::ProviderNotElement,
                        self.to.name.clone(),
                        range.start,
                    ));
                }
                UseForm::Call(call) => found.extend(self.of_call(call, range.start)),
                UseForm::Member(member) if matches!(self.to.name.as_str(), "auth" | "currentUser") => {
                    let subject = format!("{}.{member}", self.to.name);
                    found.push(self.check(Kind::Server, Code::AuthMember, subject, range.start));
                }
                _ => {}
            }
        }
        found
    }

    fn check(&self, kind: Kind, code: Code, subject: String, place: usize) -> Found {
        Found::new(kind, code, Action::Check, subject, vec![place]).of(&self.to.module)
    }

    fn of_prop(&self, prop: &Attribute) -> Option<Found> {
        let name = prop.name.as_deref().unwrap_or("...");
        if matches!(name, "key" | "ref") || self.to.props.contains_key(name) {
            return None;
        }
        if self.is_provider() && prop.is_new_domain {
            return None;
        }
        let code =
            if self.is_provider() && name == "domain" { Code::ProviderDomainIsClerks } else { Code::PropNotDocumented };
        let place = prop.range.start;
        let sentence = match &prop.name {
            Some(name) => {
                format!("`{}` moved, and its prop `{name}` is not documented there; the prop was left.", self.to.name)
            }
            None => format!("`{}` moved; the props that are spread into it were left.", self.to.name),
        };
        let found = self.check(Kind::Component, code, format!("{}.{name}", self.to.name), place);
        Some(if code == Code::PropNotDocumented { found.saying(sentence) } else { found })
    }

    fn of_call(&self, call: &Call, place: usize) -> Vec<Found> {
        let mut found = Vec::new();
        if self.to.name == "auth" && !call.is_awaited {
            let mut not_awaited = self.check(Kind::Server, Code::AuthNotAwaited, "auth".to_owned(), place);
            // Where the undefined value is read is what has to be looked at, too.
            let reads = call.members.iter().filter(|(member, _)| member == "userId");
            not_awaited.places.extend(reads.map(|(_, at)| at));
            let sentence = "`auth()` is not awaited: it gives a promise now, and `userId` of a promise is undefined.";
            found.push(not_awaited.saying(sentence).suggesting(Some("Write `await auth()`, in an async function.")));
        }
        for (member, at) in &call.members {
            let (code, sentence) = match self.to.name.as_str() {
                "auth" if member == "userId" => continue,
                "auth" => (
                    Code::AuthMember,
                    format!("`{member}` of `auth()` is used; the documentation names only `userId` of what it gives."),
                ),
                "currentUser" => (
                    Code::MemberNotDocumented,
                    format!(
                        "`{member}` of `currentUser()` is read; two pages of the documentation disagree about its fields."
                    ),
                ),
                _ => continue,
            };
            let suggestion = (self.to.name == "currentUser").then(|| user_field(member)).flatten();
            let subject = format!("{}().{member}", self.to.name);
            found.push(self.check(Kind::Server, code, subject, *at).saying(sentence).suggesting(suggestion));
        }
        found
    }
}

/// The field that the SDK's page of the User type has instead.
fn user_field(member: &str) -> Option<&'static str> {
    Some(match member {
        "firstName" => "The User type of the TypeScript SDK has `name.first`.",
        "lastName" => "The User type of the TypeScript SDK has `name.last`.",
        "imageUrl" | "profileImageUrl" => "The User type of the TypeScript SDK has `avatarUrl`.",
        "emailAddresses" | "primaryEmailAddress" | "primaryEmailAddressId" => {
            "The User type of the TypeScript SDK has one `email`."
        }
        "phoneNumbers" | "primaryPhoneNumber" | "primaryPhoneNumberId" => {
            "The User type of the TypeScript SDK has one `phone`."
        }
        "publicMetadata" | "privateMetadata" | "unsafeMetadata" => {
            "The User type of the TypeScript SDK has `metadata`, with `public` and `admin`."
        }
        _ => return None,
    })
}
