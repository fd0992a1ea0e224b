//! In which fields an identity at the target is not what would be sent.

use serde_json::value::RawValue;

use super::json::{Members, same_json, same_members};
use super::sign_in_methods::{ProviderAccount, SignInMethods};
use super::spelling::{same_spelling, same_traits};
use super::{Comparable, Field};
use crate::mapping::{CONTENT_MARK, MARK};

/// What an address or a username stands in. The target keeps each as it was sent.
const SPELLED: [Field; 3] = [Field::Email, Field::Username, Field::Traits];

impl Comparable<'_> {
    /// The fields in which `found` is not what `self` asks for, as far as the target shows them.
    pub fn differences(&self, found: &Self) -> Vec<Field> {
        let hidden = self.hidden(found);
        [
            (Field::ExternalId, self.external_id == found.external_id),
            (Field::Email, same_spelling(self.email.as_deref(), found.email.as_deref())),
            (Field::EmailVerified, same_flag(self.email_verified, found.email_verified)),
            (Field::Username, same_spelling(self.username.as_deref(), found.username.as_deref())),
            (Field::FirstName, self.first_name == found.first_name),
            (Field::LastName, self.last_name == found.last_name),
            (Field::Phone, self.phone == found.phone),
            (Field::PhoneVerified, same_flag(self.phone_verified, found.phone_verified)),
            (Field::Locale, self.locale == found.locale),
            // Which one it belongs to is nobody's business here unless the import says so.
            (Field::Organization, self.organization_id.is_none() || self.organization_id == found.organization_id),
            (Field::State, self.state() == found.state()),
            (Field::Traits, same_traits(self.traits, found.traits)),
            (Field::PublicMetadata, same_json(self.public_metadata, found.public_metadata)),
            (Field::AdminMetadata, same_metadata(self.admin_metadata, found.admin_metadata)),
            (Field::Password, !self.has_password() || found.has_password()),
            // Identities have none of these, even if a target shows more.
            (Field::Name, self.name.is_none() || self.name == found.name),
            (Field::DisplayName, self.display_name.is_none() || self.display_name == found.display_name),
            (Field::Slug, self.slug.is_none() || self.slug == found.slug),
            (Field::Metadata, self.metadata.is_none() || same_json(self.metadata, found.metadata)),
            (Field::Role, self.role.is_none() || self.role == found.role),
            (Field::SocialSignIns, self.social_sign_ins().iter().all(|ours| found.social_sign_ins().contains(ours))),
        ]
        .into_iter()
        .filter_map(|(field, same)| (!same && !hidden.contains(&field)).then_some(field))
        .collect()
    }

    /// The fields to change so that `found` is what `self` asks for: those that differ, as far as they are ever changed. The
    /// spelling of an address is no difference by itself; but where something is changed in which an address stands, it
    /// changes in all such places, so that a column and a trait never say two things.
    pub fn changes(&self, found: &Self) -> Vec<Field> {
        let mut fields = self.differences(found);
        fields.retain(|field| field.is_changeable());
        if fields.iter().any(|field| SPELLED.contains(field)) {
            let is_spelled_otherwise = |field: &Field| match field {
                Field::Email => self.email != found.email,
                Field::Username => self.username != found.username,
                _ => !same_json(self.traits, found.traits),
            };
            let others: Vec<Field> = SPELLED.into_iter().filter(is_spelled_otherwise).collect();
            fields.extend(others);
            fields.sort_unstable();
            fields.dedup();
        }
        fields
    }

    /// What `self` asks for and the target does not show, so that nobody knows whether it is there.
    pub fn hidden(&self, found: &Self) -> Vec<Field> {
        let shows_sign_ins = found.credentials.as_ref().is_some_and(SignInMethods::shows_social_sign_ins);
        [
            (Field::Password, self.has_password() && found.credentials.is_none()),
            (Field::SocialSignIns, !self.social_sign_ins().is_empty() && !shows_sign_ins),
        ]
        .into_iter()
        .filter_map(|(field, is_hidden)| is_hidden.then_some(field))
        .collect()
    }

    fn has_password(&self) -> bool {
        self.credentials.as_ref().is_some_and(SignInMethods::has_password)
    }

    fn social_sign_ins(&self) -> &[ProviderAccount<'_>] {
        self.credentials.as_ref().map_or(&[], SignInMethods::social_sign_ins)
    }

    /// A target that does not say so has everybody active; `inactive` is what Kratos calls `disabled`.
    fn state(&self) -> &str {
        match self.state.as_deref() {
            None => "active",
            Some("inactive") => "disabled",
            Some(state) => state,
        }
    }
}

fn same_flag(sent: Option<bool>, found: Option<bool>) -> bool {
    sent.unwrap_or(false) == found.unwrap_or(false)
}

/// Whether both hold the same metadata; the marks of runs do not count.
fn same_metadata(sent: Option<&RawValue>, found: Option<&RawValue>) -> bool {
    fn unmarked(metadata: Option<&RawValue>) -> Option<Members<'_>> {
        let mut members: Members<'_> = serde_json::from_str(metadata?.get()).ok()?;
        members.remove(MARK);
        members.remove(CONTENT_MARK);
        Some(members)
    }
    match (unmarked(sent), unmarked(found)) {
        (Some(sent), Some(found)) => same_members(&sent, &found),
        _ => same_json(sent, found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differences(sent: &str, found: &str) -> Vec<Field> {
        let [sent, found]: [Comparable<'_>; 2] =
            [sent, found].map(|text| serde_json::from_str(text).expect("an identity"));
        sent.differences(&found)
    }

    #[test]
    fn each_field_is_compared() {
        let sent = r#"{"email":"a@b.c","email_verified":true,"username":"abc","first_name":"A","state":"active",
            "traits":{"n":1e400,"s":"a b"},"admin_metadata":{"x":1},"credentials":{"password":{"config":{"hashed_password":"h"}},
            "oidc":{"config":{"providers":[{"provider":"google","subject":"1"}]}}}}"#;
        let same = r#"{"id":"usr_1","email":"A@B.c","email_verified":true,"username":"ABC","first_name":"A","last_name":null,
            "state":"active","phone_verified":false,"traits": { "n" : 1e400, "s":"a b" },"admin_metadata":{"x":1},
            "credentials":{"password":{"present":true},"oidc":{"config":{"providers":[{"provider":"github","subject":"2"},
            {"provider":"google","subject":"1","use":"sig"}]}}}}"#;
        assert_eq!(differences(sent, same), []);
        for (from, to, field) in [
            ("A@B.c", "x@b.c", Field::Email),
            ("\"email_verified\":true", "\"email_verified\":false", Field::EmailVerified),
            ("A@B.c", "ä@b.c", Field::Email),
            ("\"ABC\"", "\"abcd\"", Field::Username),
            ("\"first_name\":\"A\"", "\"first_name\":\"B\"", Field::FirstName),
            ("\"last_name\":null", "\"last_name\":\"L\"", Field::LastName),
            ("\"state\":\"active\"", "\"state\":\"disabled\"", Field::State),
            ("\"state\":\"active\"", "\"state\":\"pending_deletion\"", Field::State),
            ("\"subject\":\"1\"", "\"subject\":\"3\"", Field::SocialSignIns),
            ("\"a b\"", "\"ab\"", Field::Traits),
            ("{\"x\":1}", "{\"x\":2}", Field::AdminMetadata),
            ("\"present\":true", "\"present\":false", Field::Password),
        ] {
            assert_eq!(differences(sent, &same.replace(from, to)), [field], "{from} -> {to}");
        }
    }

    #[test]
    fn one_who_may_not_sign_in_is_not_one_who_is_about_to_be_deleted() {
        let state = |state: &str| format!(r#"{{"id":"usr_1","state":"{state}"}}"#);
        assert_eq!(differences(&state("disabled"), &state("pending_deletion")), [Field::State]);
        assert_eq!(differences(&state("disabled"), &state("inactive")), []);
        assert_eq!(differences(&state("active"), r#"{"id":"usr_1"}"#), []);
    }
}
