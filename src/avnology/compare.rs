//! Compares an identity as it would be sent with the one that is at the target, field by field.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::run_mark::{MARK, RunMark};
use crate::mapping::normal_form;

/// A field in which two identities can differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The key at the target: the same person may have been given another one at Clerk since.
    ExternalId,
    /// The primary address. How it is spelled does not count, as for duplicates.
    Email,
    /// Whether it is verified.
    EmailVerified,
    /// The username. Letters' case does not count, as for duplicates.
    Username,
    /// The given name.
    FirstName,
    /// The family name.
    LastName,
    /// The primary number.
    Phone,
    /// Whether it is verified.
    PhoneVerified,
    /// The locale.
    Locale,
    /// Active or disabled.
    State,
    /// The traits, metadata among them.
    Traits,
    /// The metadata that only administrators see.
    AdminMetadata,
    /// A password was to be there, and is not. One that the user has set since is no difference.
    Password,
}

impl Field {
    /// Its name in an `update_mask`. A password is never changed: the user may have set it.
    pub const fn mask(self) -> Option<&'static str> {
        Some(match self {
            Self::ExternalId => "external_id",
            Self::Email => "email",
            Self::EmailVerified => "email_verified",
            Self::Username => "username",
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::Phone => "phone",
            Self::PhoneVerified => "phone_verified",
            Self::Locale => "locale",
            Self::State => "state",
            Self::Traits => "traits",
            Self::AdminMetadata => "admin_metadata",
            Self::Password => return None,
        })
    }
}

/// The parts of an identity that can be compared, of one that is sent as well as of one that was read back.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Comparable<'a> {
    /// The key at the target.
    #[serde(borrow)]
    pub external_id: Option<Cow<'a, str>>,
    /// The target's own id.
    #[serde(borrow)]
    pub id: Option<Cow<'a, str>>,
    /// The primary address.
    #[serde(borrow)]
    pub email: Option<Cow<'a, str>>,
    email_verified: Option<bool>,
    #[serde(borrow)]
    username: Option<Cow<'a, str>>,
    #[serde(borrow)]
    first_name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    last_name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    phone: Option<Cow<'a, str>>,
    phone_verified: Option<bool>,
    #[serde(borrow)]
    locale: Option<Cow<'a, str>>,
    /// `active`, `disabled` or `inactive`; absent on a target that does not say.
    #[serde(borrow)]
    pub state: Option<Cow<'a, str>>,
    #[serde(borrow)]
    traits: Option<&'a RawValue>,
    #[serde(borrow)]
    admin_metadata: Option<&'a RawValue>,
    credentials: Option<Credentials>,
    #[serde(borrow)]
    pub(super) create_time: Option<Cow<'a, str>>,
    #[serde(borrow)]
    update_time: Option<Cow<'a, str>>,
}

/// Whether there is a password: sent as a hash, read back as a flag.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Credentials {
    password: Option<Password>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Password {
    present: Option<bool>,
    config: Option<serde::de::IgnoredAny>,
}

/// The mark of a run, as it is read.
#[derive(PartialEq, Eq, Deserialize)]
struct Made<'a> {
    #[serde(borrow)]
    run: Cow<'a, str>,
    #[serde(borrow, default)]
    record: Option<Cow<'a, str>>,
}

impl<'a> Comparable<'a> {
    /// Reads an encoded request item, `{"identity":{…}}`.
    pub fn sent(encoded: &'a [u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Item<'a> {
            #[serde(borrow)]
            identity: Comparable<'a>,
        }
        serde_json::from_slice::<Item<'_>>(encoded).ok().map(|item| item.identity)
    }

    /// Reads an identity that was asked for by the target's own id.
    pub fn one(body: &'a [u8]) -> Option<Self> {
        serde_json::from_slice::<Self>(body).ok().filter(|identity| identity.id.is_some())
    }

    /// Reads the identities of a list or of a `:batchGet`, and the token of the next page.
    pub fn listed(body: &'a [u8]) -> Option<(Vec<Self>, Option<String>)> {
        #[derive(Deserialize)]
        struct List<'a> {
            #[serde(borrow)]
            identities: Vec<Comparable<'a>>,
            #[serde(default)]
            next_page_token: Option<String>,
        }
        let list: List<'_> = serde_json::from_slice(body).ok()?;
        Some((list.identities, list.next_page_token.filter(|token| !token.is_empty())))
    }

    /// The identities of several lists by their external ids, whatever else was listed: a target may ignore a filter.
    pub fn by_external_id(bodies: &'a [Vec<u8>]) -> HashMap<Cow<'a, str>, Self> {
        let listed = bodies.iter().filter_map(|body| Self::listed(body)).flat_map(|(found, _)| found);
        listed.filter_map(|identity| Some((identity.external_id.clone()?, identity))).collect()
    }

    /// Whether the target says that nobody has changed the identity since it was created. One that tells no times may well
    /// have been changed.
    pub fn is_as_created(&self) -> bool {
        self.create_time.is_some() && self.create_time == self.update_time
    }

    /// Whether the identity itself says that this run created it.
    pub fn is_marked_by(&self, mark: &RunMark) -> bool {
        self.made().is_some_and(|made| made.run == mark.run())
    }

    /// Whether both carry one mark: of one run, and of one record of its inputs.
    pub fn has_mark_of(&self, other: &Self) -> bool {
        self.made().is_some_and(|made| made.record.is_some() && Some(made) == other.made())
    }

    fn made(&self) -> Option<Made<'a>> {
        serde_json::from_str(self.member(MARK)?.get()).ok()
    }

    /// Whether there is anything that could say who created it.
    pub fn shows_admin_metadata(&self) -> bool {
        self.admin_metadata.is_some()
    }

    /// Whether the identity says that some run created it.
    pub fn has_mark(&self) -> bool {
        self.member(MARK).is_some()
    }

    /// A member of the admin metadata.
    fn member(&self, name: &str) -> Option<&'a RawValue> {
        serde_json::from_str::<Members<'a>>(self.admin_metadata?.get()).ok()?.remove(name)
    }

    /// The id of the user at Clerk that the identity came from.
    pub fn clerk_id(&self) -> Option<Cow<'a, str>> {
        #[derive(Deserialize)]
        struct Clerk<'a> {
            #[serde(borrow)]
            id: Cow<'a, str>,
        }
        self.member("clerk").and_then(|clerk| serde_json::from_str::<Clerk<'a>>(clerk.get()).ok()).map(|clerk| clerk.id)
    }

    /// Whether both came from the same Clerk user; unknown if one of them does not say.
    pub fn is_same_person(&self, found: &Self) -> Option<bool> {
        Some(self.clerk_id()? == found.clerk_id()?)
    }

    /// The fields in which `found` is not what `self` asks for.
    pub fn differences(&self, found: &Self) -> Vec<Field> {
        let has_password = |identity: &Self| {
            let password = identity.credentials.as_ref().and_then(|credentials| credentials.password.as_ref());
            password.is_some_and(|password| password.present.unwrap_or(password.config.is_some()))
        };
        [
            (Field::ExternalId, self.external_id == found.external_id),
            (Field::Email, same_letters(self.email.as_deref(), found.email.as_deref())),
            (Field::EmailVerified, same_flag(self.email_verified, found.email_verified)),
            (Field::Username, same_letters(self.username.as_deref(), found.username.as_deref())),
            (Field::FirstName, self.first_name == found.first_name),
            (Field::LastName, self.last_name == found.last_name),
            (Field::Phone, self.phone == found.phone),
            (Field::PhoneVerified, same_flag(self.phone_verified, found.phone_verified)),
            (Field::Locale, self.locale == found.locale),
            (Field::State, is_active(self) == is_active(found)),
            (Field::Traits, same_json(self.traits, found.traits)),
            (Field::AdminMetadata, same_metadata(self.admin_metadata, found.admin_metadata)),
            (Field::Password, !has_password(self) || has_password(found)),
        ]
        .into_iter()
        .filter_map(|(field, same)| (!same).then_some(field))
        .collect()
    }
}

fn same_letters(sent: Option<&str>, found: Option<&str>) -> bool {
    sent == found || sent.map(normal_form) == found.map(normal_form)
}

fn same_flag(sent: Option<bool>, found: Option<bool>) -> bool {
    sent.unwrap_or(false) == found.unwrap_or(false)
}

fn is_active(identity: &Comparable<'_>) -> bool {
    identity.state.as_deref().is_none_or(|state| state == "active")
}

/// The same value, whatever the order of its members and the spelling of its strings. A number is the same only if no
/// digit of it was lost.
fn same_json(sent: Option<&RawValue>, found: Option<&RawValue>) -> bool {
    match (sent, found) {
        (Some(sent), Some(found)) => same_value(sent.get(), found.get()),
        _ => sent.is_none() && found.is_none(),
    }
}

/// The same, whichever run created either.
fn same_metadata(sent: Option<&RawValue>, found: Option<&RawValue>) -> bool {
    fn unmarked(metadata: Option<&RawValue>) -> Option<Members<'_>> {
        let mut members: Members<'_> = serde_json::from_str(metadata?.get()).ok()?;
        members.remove(MARK);
        Some(members)
    }
    match (unmarked(sent), unmarked(found)) {
        (Some(sent), Some(found)) => same_members(&sent, &found),
        _ => same_json(sent, found),
    }
}

type Members<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

fn same_members(sent: &Members<'_>, found: &Members<'_>) -> bool {
    sent.len() == found.len()
        && sent
            .iter()
            .zip(found)
            .all(|((name, sent), (other, found))| name == other && same_value(sent.get(), found.get()))
}

fn same_value(sent: &str, found: &str) -> bool {
    sent == found
        || match (sent.as_bytes().first(), found.as_bytes().first()) {
            (Some(b'{'), Some(b'{')) => {
                both(sent, found, |sent: Members<'_>, found: Members<'_>| same_members(&sent, &found))
            }
            (Some(b'['), Some(b'[')) => both(sent, found, |sent: Vec<&RawValue>, found: Vec<&RawValue>| {
                sent.len() == found.len()
                    && sent.iter().zip(&found).all(|(sent, found)| same_value(sent.get(), found.get()))
            }),
            (Some(b'"'), Some(b'"')) => both(sent, found, |sent: String, found: String| sent == found),
            _ => same_number(sent, found),
        }
}

fn both<'a, T: Deserialize<'a>>(sent: &'a str, found: &'a str, same: impl FnOnce(T, T) -> bool) -> bool {
    match (serde_json::from_str(sent), serde_json::from_str(found)) {
        (Ok(sent), Ok(found)) => same(sent, found),
        _ => false,
    }
}

/// `1e2` is `100.0`, as far as that can be told: beyond 15 digits two numbers may be taken for the same and are not.
fn same_number(sent: &str, found: &str) -> bool {
    let is_exact = |text: &str| text.bytes().filter(u8::is_ascii_digit).count() <= 15;
    is_exact(sent)
        && is_exact(found)
        && matches!((sent.parse::<f64>(), found.parse::<f64>()), (Ok(sent), Ok(found)) if sent.is_finite() && sent.total_cmp(&found).is_eq())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differences(sent: &str, found: &str) -> Vec<Field> {
        let sent = format!("{{\"identity\":{sent}}}");
        let found = format!("{{\"identities\":[{found}]}}");
        let sent = Comparable::sent(sent.as_bytes()).expect("an item");
        sent.differences(&Comparable::listed(found.as_bytes()).expect("a list").0[0])
    }

    #[test]
    fn values_are_the_same_unless_something_is_lost() {
        for (sent, found) in [
            ("1e2", "100.0"),
            (r#"{"a":[1,{"b":"\u00e9"}],"c":null}"#, r#"{ "c" : null, "a" : [ 1.0, {"b":"é"} ] }"#),
            ("12345678901234567890123", "12345678901234567890123"),
            ("1e400", "1e400"),
        ] {
            assert!(same_value(sent, found), "{sent} {found}");
        }
        for (sent, found) in [
            ("12345678901234567890123", "12345678901234567891111"),
            ("0.1234567890123456789", "0.1234567890123456780"),
            ("1e400", "1e401"),
            ("1", "\"1\""),
            ("0", "-0"),
            ("[1]", "[1,1]"),
            (r#"{"a":1}"#, r#"{"b":1}"#),
            ("null", "false"),
            ("\"a b\"", "\"ab\""),
        ] {
            assert!(!same_value(sent, found), "{sent} {found}");
        }
    }

    #[test]
    fn a_target_that_tells_no_times_may_have_changed_anything() {
        let is_as_created = |times: &str| {
            let list = format!(r#"{{"identities":[{{"id":"usr_1"{times}}}]}}"#);
            Comparable::listed(list.as_bytes()).expect("a list").0[0].is_as_created()
        };
        assert!(is_as_created(r#","create_time":"2026-01-01T00:00:00Z","update_time":"2026-01-01T00:00:00Z""#));
        assert!(!is_as_created(r#","create_time":"2026-01-01T00:00:00Z","update_time":"2026-01-02T00:00:00Z""#));
        assert!(!is_as_created(""));
    }

    #[test]
    fn each_field_is_compared() {
        let sent = r#"{"email":"a@b.c","email_verified":true,"username":"abc","first_name":"A","state":"active",
            "traits":{"n":1e400,"s":"a b"},"admin_metadata":{"x":1},"credentials":{"password":{"config":{"hashed_password":"h"}}}}"#;
        let same = r#"{"id":"usr_1","email":"A@B.c","email_verified":true,"username":"ABC","first_name":"A","last_name":null,
            "state":"active","phone_verified":false,"traits": { "n" : 1e400, "s":"a b" },"admin_metadata":{"x":1},
            "credentials":{"password":{"present":true}}}"#;
        assert_eq!(differences(sent, same), []);
        for (from, to, field) in [
            ("A@B.c", "x@b.c", Field::Email),
            ("\"email_verified\":true", "\"email_verified\":false", Field::EmailVerified),
            ("A@B.c", "ä@b.c", Field::Email),
            ("\"ABC\"", "\"abcd\"", Field::Username),
            ("\"first_name\":\"A\"", "\"first_name\":\"B\"", Field::FirstName),
            ("\"last_name\":null", "\"last_name\":\"L\"", Field::LastName),
            ("\"state\":\"active\"", "\"state\":\"disabled\"", Field::State),
            ("\"a b\"", "\"ab\"", Field::Traits),
            ("{\"x\":1}", "{\"x\":2}", Field::AdminMetadata),
            ("\"present\":true", "\"present\":false", Field::Password),
        ] {
            assert_eq!(differences(sent, &same.replace(from, to)), [field], "{from} -> {to}");
        }
    }
}
