//! Compares an identity as it would be sent with the one that is at the target, field by field.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::run_mark::RunMark;
use crate::mapping::{MARK, normal_form};

/// A field in which two identities can differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
    /// A social sign-in was to be there, and is not. One that the user has added since is no difference.
    SocialSignIns,
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Field {
    /// Its name in accounts, and in an `update_mask`.
    pub const fn name(self) -> &'static str {
        match self {
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
            Self::Password => "password",
            Self::SocialSignIns => "social_sign_ins",
        }
    }

    /// Its name in an `update_mask`. How somebody signs in is never changed: the user may have done so.
    pub const fn mask(self) -> Option<&'static str> {
        match self {
            Self::Password | Self::SocialSignIns => None,
            field => Some(field.name()),
        }
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
    #[serde(borrow)]
    credentials: Option<Credentials<'a>>,
    #[serde(borrow)]
    pub(super) create_time: Option<Cow<'a, str>>,
    #[serde(borrow)]
    update_time: Option<Cow<'a, str>>,
}

/// How somebody signs in.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Credentials<'a> {
    password: Option<Password>,
    #[serde(borrow)]
    oidc: Told<Oidc<'a>>,
}

/// Whether there is a password: sent as a hash, read back as a flag.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Password {
    present: Option<bool>,
    config: Option<serde::de::IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Oidc<'a> {
    #[serde(borrow)]
    config: Providers<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Providers<'a> {
    #[serde(borrow)]
    providers: Vec<SocialSignIn<'a>>,
}

/// An account at a provider.
#[derive(Debug, PartialEq, Eq, Deserialize)]
struct SocialSignIn<'a> {
    #[serde(borrow)]
    provider: Cow<'a, str>,
    #[serde(borrow)]
    subject: Cow<'a, str>,
}

/// What a target may show: if it has nothing of the kind to show it says so by a null, which is not the same as silence.
#[derive(Debug, Default)]
enum Told<T> {
    #[default]
    Hidden,
    Nothing,
    Shown(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Told<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(|told| told.map_or(Self::Nothing, Self::Shown))
    }
}

impl Credentials<'_> {
    fn has_password(&self) -> bool {
        self.password.as_ref().is_some_and(|password| password.present.unwrap_or(password.config.is_some()))
    }

    fn social_sign_ins(&self) -> &[SocialSignIn<'_>] {
        match &self.oidc {
            Told::Shown(oidc) => &oidc.config.providers,
            Told::Hidden | Told::Nothing => &[],
        }
    }
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
    pub fn by_external_id(bodies: &'a [impl AsRef<[u8]>]) -> HashMap<Cow<'a, str>, Self> {
        let listed = bodies.iter().filter_map(|body| Self::listed(body.as_ref())).flat_map(|(found, _)| found);
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

    /// The fields in which `found` is not what `self` asks for, as far as the target shows them.
    pub fn differences(&self, found: &Self) -> Vec<Field> {
        let hidden = self.hidden(found);
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
            (Field::State, self.state() == found.state()),
            (Field::Traits, same_json(self.traits, found.traits)),
            (Field::AdminMetadata, same_metadata(self.admin_metadata, found.admin_metadata)),
            (Field::Password, !self.has_password() || found.has_password()),
            (Field::SocialSignIns, self.social_sign_ins().iter().all(|ours| found.social_sign_ins().contains(ours))),
        ]
        .into_iter()
        .filter_map(|(field, same)| (!same && !hidden.contains(&field)).then_some(field))
        .collect()
    }

    /// What `self` asks for and the target does not show, so that nobody knows whether it is there.
    pub fn hidden(&self, found: &Self) -> Vec<Field> {
        let is_shown = |credentials: &Credentials<'_>| !matches!(credentials.oidc, Told::Hidden);
        let shows_sign_ins = found.credentials.as_ref().is_some_and(is_shown);
        [
            (Field::Password, self.has_password() && found.credentials.is_none()),
            (Field::SocialSignIns, !self.social_sign_ins().is_empty() && !shows_sign_ins),
        ]
        .into_iter()
        .filter_map(|(field, is_hidden)| is_hidden.then_some(field))
        .collect()
    }

    fn has_password(&self) -> bool {
        self.credentials.as_ref().is_some_and(Credentials::has_password)
    }

    fn social_sign_ins(&self) -> &[SocialSignIn<'_>] {
        self.credentials.as_ref().map_or(&[], Credentials::social_sign_ins)
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

fn same_letters(sent: Option<&str>, found: Option<&str>) -> bool {
    sent == found || sent.map(normal_form) == found.map(normal_form)
}

fn same_flag(sent: Option<bool>, found: Option<bool>) -> bool {
    sent.unwrap_or(false) == found.unwrap_or(false)
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

/// `1e2` is `100.0`: by their digits, for what a machine makes of them may be the same although they are not.
fn same_number(sent: &str, found: &str) -> bool {
    match (Decimal::read(sent), Decimal::read(found)) {
        (Some(sent), Some(found)) => sent == found,
        _ => false,
    }
}

/// A number as it is written: its sign, its digits without zeros around them, and the power of ten of the last one.
#[derive(PartialEq, Eq)]
struct Decimal {
    is_negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    /// Reads a number of JSON; nothing if it is none, or if its exponent is beyond all measure.
    fn read(text: &str) -> Option<Self> {
        let (is_negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let kept = digits.trim_end_matches('0');
        let dropped = i64::try_from(digits.len() - kept.len()).ok()?;
        let exponent = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?.checked_add(dropped)?;
        let digits = kept.trim_start_matches('0').to_owned();
        // Zero is zero, whatever its exponent.
        let exponent = if digits.is_empty() { 0 } else { exponent };
        Some(Self { is_negative, digits, exponent })
    }
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
            ("1e400", "10E+399"),
            ("12345678901234567890", "1234567890123456789e1"),
            ("0.00", "0e9"),
        ] {
            assert!(same_value(sent, found), "{sent} {found}");
        }
        for (sent, found) in [
            ("12345678901234567890123", "12345678901234567891111"),
            ("0.1234567890123456789", "0.1234567890123456780"),
            ("1e400", "1e401"),
            ("1e-400", "0"),
            ("1e-400", "1e-401"),
            ("0.1", "0.1000000000000000055511151231257827"),
            ("5e-324", "3e-324"),
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
