//! The parts of an identity that can be compared, and who it is.
//!
//! The names are those of the canonical form ([`crate::mapping::MigrationIdentity`]). A destination whose answers have other
//! names fills the fields itself.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::json::Members;
use super::run_mark::RunMark;
use super::sign_in_methods::SignInMethods;
use super::spelling::same_spelling;
use crate::mapping::MARK;

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
    pub(crate) email_verified: Option<bool>,
    #[serde(borrow)]
    pub(crate) username: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) first_name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) last_name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) phone: Option<Cow<'a, str>>,
    pub(crate) phone_verified: Option<bool>,
    #[serde(borrow)]
    pub(crate) locale: Option<Cow<'a, str>>,
    /// The organization that it belongs to.
    #[serde(borrow)]
    pub organization_id: Option<Cow<'a, str>>,
    /// `active`, `disabled` or `inactive`; absent on a target that does not say.
    #[serde(borrow)]
    pub state: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) traits: Option<&'a RawValue>,
    /// What only administrators write and the user may read, where that is not a trait.
    #[serde(borrow)]
    pub(crate) public_metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) admin_metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) credentials: Option<SignInMethods<'a>>,
    /// The unique name of an organization.
    #[serde(borrow)]
    pub name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) display_name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) slug: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) metadata: Option<&'a RawValue>,
    /// The role of a member.
    #[serde(borrow)]
    pub role: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) create_time: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) update_time: Option<Cow<'a, str>>,
    /// Whether somebody has signed in with it, if the target says so: it shows a time, or a null if nobody ever did.
    #[serde(rename = "last_login_at", deserialize_with = "is_told")]
    pub has_signed_in: Option<bool>,
    /// Whether it is as it was created, where something else than times says so.
    #[serde(skip)]
    pub(crate) as_created: Option<bool>,
}

/// The mark of a run, as it is read.
#[derive(PartialEq, Eq, Deserialize)]
struct Made<'a> {
    #[serde(borrow)]
    run: Cow<'a, str>,
    #[serde(borrow, default)]
    record: Option<Cow<'a, str>>,
}

/// Whether a value is there, and not null.
fn is_told<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(Some(Option::<IgnoredAny>::deserialize(deserializer)?.is_some()))
}

impl<'a> Comparable<'a> {
    /// The identities of an answer by their external ids. They may be others than were asked for: a target may ignore a
    /// filter.
    pub fn by_external_id(found: Vec<Self>) -> HashMap<Cow<'a, str>, Self> {
        found.into_iter().filter_map(|identity| Some((identity.external_id.clone()?, identity))).collect()
    }

    /// One that is known by a single id, with a role and with metadata in which the mark of a run stands: a membership, and what is
    /// like it.
    pub fn of_metadata(id: String, role: Option<Cow<'a, str>>, metadata: Option<&'a RawValue>) -> Self {
        let (external_id, id) = (Some(Cow::Owned(id.clone())), Some(Cow::Owned(id)));
        Self { external_id, id, role, admin_metadata: metadata, ..Self::default() }
    }

    /// The metadata that only administrators see, as it is.
    pub fn admin_metadata(&self) -> Option<&'a RawValue> {
        self.admin_metadata
    }

    /// Whether the target says that nobody has changed the identity since it was created. One that gives no times may well
    /// have been changed.
    pub fn is_as_created(&self) -> bool {
        self.as_created.unwrap_or_else(|| self.create_time.is_some() && self.create_time == self.update_time)
    }

    /// Whether the identity itself says that this run created it.
    pub fn is_marked_by(&self, mark: &RunMark) -> bool {
        self.made().is_some_and(|made| made.run == mark.run())
    }

    /// The run that says by its mark that it created it.
    pub fn made_by(&self) -> Option<Cow<'a, str>> {
        self.made().map(|made| made.run)
    }

    /// The record that this run created it for, by its mark: the index of the input, and the number there.
    pub fn record_marked_by(&self, mark: &RunMark) -> Option<(u16, u64)> {
        let made = self.made().filter(|made| made.run == mark.run())?;
        let (input, number) = made.record.as_deref()?.split_once(':')?;
        Some((input.parse().ok()?, number.parse().ok()?))
    }

    /// Whether both carry one mark: of one run, and of one record of its inputs.
    pub fn has_mark_of(&self, other: &Self) -> bool {
        self.made().is_some_and(|made| made.record.is_some() && Some(made) == other.made())
    }

    fn made(&self) -> Option<Made<'a>> {
        serde_json::from_str(self.admin_member(MARK)?.get()).ok()
    }

    /// Whether there is anything that could say who created it.
    pub fn shows_admin_metadata(&self) -> bool {
        self.admin_metadata.is_some()
    }

    /// Whether the identity says that some run created it.
    pub fn has_mark(&self) -> bool {
        self.admin_member(MARK).is_some()
    }

    /// A member of the admin metadata.
    fn admin_member(&self, name: &str) -> Option<&'a RawValue> {
        serde_json::from_str::<Members<'a>>(self.admin_metadata?.get()).ok()?.remove(name)
    }

    /// The id of the user at Clerk that the identity came from.
    pub fn clerk_id(&self) -> Option<Cow<'a, str>> {
        #[derive(Deserialize)]
        struct Clerk<'a> {
            #[serde(borrow)]
            id: Cow<'a, str>,
        }
        self.admin_member("clerk")
            .and_then(|clerk| serde_json::from_str::<Clerk<'a>>(clerk.get()).ok())
            .map(|clerk| clerk.id)
    }

    /// Whether its metadata says that it came from Clerk.
    pub fn is_from_clerk(&self) -> bool {
        self.admin_member("clerk").is_some()
    }

    /// The role at the target that a membership stands for beside the one of the member, where its tuple alone grants it.
    pub fn own_role(&self) -> Option<Cow<'a, str>> {
        #[derive(Deserialize)]
        struct Clerk<'a> {
            #[serde(borrow)]
            role: Cow<'a, str>,
        }
        self.admin_member("clerk")
            .and_then(|clerk| serde_json::from_str::<Clerk<'a>>(clerk.get()).ok())
            .map(|clerk| clerk.role)
    }

    /// The organization that the users of its instance of Clerk go into: the one that an identity belongs to, or the one that an
    /// organization of Clerk's says it came with.
    pub fn home_organization(&self) -> Option<Cow<'a, str>> {
        #[derive(Deserialize)]
        struct Clerk<'a> {
            #[serde(borrow)]
            home_organization: Cow<'a, str>,
        }
        let clerk = || serde_json::from_str::<Clerk<'a>>(self.admin_member("clerk")?.get()).ok();
        self.organization_id.clone().or_else(|| clerk().map(|clerk| clerk.home_organization))
    }

    /// Whether a member has this role, and stands for this one of its own as far as the target shows that.
    pub fn has_role(&self, role: Option<&str>, own_role: Option<&str>) -> bool {
        self.role.as_deref() == role && (!self.shows_admin_metadata() || self.own_role().as_deref() == own_role)
    }

    /// Whether both came from the same Clerk user; unknown if one of them does not say.
    pub fn is_same_person(&self, found: &Self) -> Option<bool> {
        Some(self.clerk_id()? == found.clerk_id()?)
    }

    /// Its social sign-ins, as in `google:1234`.
    pub(crate) fn provider_identifiers(&self) -> Vec<String> {
        self.credentials.as_ref().map(SignInMethods::provider_identifiers).unwrap_or_default()
    }

    /// What no two identities share beside their external ids, by the names of the fields.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let fields = [("email", &self.email), ("username", &self.username), ("phone", &self.phone)];
        fields.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }

    /// Whether it has this one of them.
    pub(crate) fn has_address(&self, field: &str, value: &str) -> bool {
        self.addresses().any(|(name, own)| name == field && same_spelling(Some(own), Some(value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_that_tells_no_times_may_have_changed_anything() {
        let is_as_created = |times: &str| {
            let identity = format!(r#"{{"id":"usr_1"{times}}}"#);
            serde_json::from_str::<Comparable<'_>>(&identity).expect("an identity").is_as_created()
        };
        assert!(is_as_created(r#","create_time":"2026-01-01T00:00:00Z","update_time":"2026-01-01T00:00:00Z""#));
        assert!(!is_as_created(r#","create_time":"2026-01-01T00:00:00Z","update_time":"2026-01-02T00:00:00Z""#));
        assert!(!is_as_created(""));
    }
}
