//! Traits and metadata, as the rules want them.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::field::{Bag, MappedUser};
use super::identity::{NamedTrait, TraitValue, Traits};
use super::limits::{ADDED_TRAITS_BYTES, NAME_CHARACTERS};
use super::reachable::Contacts;
use super::rules::{InvalidUsername, MetadataRules, MetadataTarget, TraitRule, TraitSource, UsernameRules};
use super::text::{at_most, lowercase};
use super::{Notice, Notices, RejectCode, Rejection, Rules};
use crate::clerk::User;

/// The bags of metadata, each where the rules put it.
#[derive(Default)]
pub(super) struct Bags<'a> {
    pub public_metadata: Option<&'a RawValue>,
    pub private_metadata: Option<&'a RawValue>,
    pub unsafe_metadata: Option<&'a RawValue>,
    pub in_traits: Vec<NamedTrait<'a>>,
    pub in_admin_metadata: Vec<NamedTrait<'a>>,
}

impl<'a> Bags<'a> {
    pub(super) fn of(user: &'a User<'_>, rules: &'a MetadataRules, notices: &mut Notices) -> Self {
        let mut bags = Self::default();
        let given = [user.public_metadata, user.private_metadata, user.unsafe_metadata];
        let is_other = |json: &RawValue| !json.get().starts_with('{');
        notices.add_if(given.into_iter().flatten().any(is_other), Notice::MetadataNotObject);
        bags.put(Bag::Public, user.public_metadata, &rules.public);
        bags.put(Bag::Private, user.private_metadata, &rules.private);
        bags.put(Bag::Unsafe, user.unsafe_metadata, &rules.unsafe_);
        bags
    }

    fn put(&mut self, bag: Bag, json: Option<&'a RawValue>, place: &'a MetadataTarget) {
        let Some(json) = json else { return };
        match place {
            MetadataTarget::Usual => {
                let field = match bag {
                    Bag::Public => &mut self.public_metadata,
                    Bag::Private => &mut self.private_metadata,
                    Bag::Unsafe => &mut self.unsafe_metadata,
                };
                *field = Some(json);
            }
            MetadataTarget::Traits(name) => self.in_traits.push(NamedTrait { name, value: TraitValue::Json(json) }),
            MetadataTarget::AdminMetadata(name) => {
                self.in_admin_metadata.push(NamedTrait { name, value: TraitValue::Json(json) });
            }
            MetadataTarget::Nowhere => {}
        }
    }
}

/// Puts the traits together.
pub(super) fn traits<'a>(
    user: &'a User<'_>,
    contacts: Contacts<'a>,
    bags: Bags<'a>,
    rules: &'a Rules,
    notices: &mut Notices,
) -> Result<Traits<'a>, Rejection> {
    let source = MappedUser { user, contacts: &contacts };
    let username = match &rules.traits.username {
        Some(rule) => text(rule, source)?,
        None => None,
    };
    let username = allowed(username, &rules.username, notices)?;
    let first_name = name("first_name", rules.traits.first_name.as_ref(), source)?;
    let last_name = name("last_name", rules.traits.last_name.as_ref(), source)?;
    let mut others = bags.in_traits;
    add(&mut others, &rules.traits.others, source)?;
    let Contacts { email, email_addresses, phone, phone_numbers, .. } = contacts;
    Ok(Traits {
        email,
        username,
        first_name,
        last_name,
        phone: phone.filter(|_| rules.traits.phone),
        email_addresses: rules.traits.email_addresses.then_some(email_addresses),
        phone_numbers: rules.traits.phone_numbers.then_some(phone_numbers),
        public_metadata: bags.public_metadata,
        unsafe_metadata: bags.unsafe_metadata,
        others,
    })
}

fn allowed<'a>(
    username: Option<Cow<'a, str>>,
    rules: &UsernameRules,
    notices: &mut Notices,
) -> Result<Option<Cow<'a, str>>, Rejection> {
    let Some(username) = username else { return Ok(None) };
    if rules.allow(&username) {
        return Ok(Some(lowercase(username, rules.lowercase)));
    }
    match rules.invalid {
        InvalidUsername::Reject => Err(Rejection::of_field(RejectCode::InvalidUsername, "username", rules.describe())),
        InvalidUsername::Drop => {
            notices.add(Notice::UsernameInvalidDropped);
            Ok(None)
        }
    }
}

fn name<'a>(
    field: &str,
    rule: Option<&'a TraitRule>,
    source: MappedUser<'a, '_>,
) -> Result<Option<Cow<'a, str>>, Rejection> {
    let Some(rule) = rule else { return Ok(None) };
    let name = text(rule, source)?;
    name.as_deref().map_or(Ok(()), |name| at_most(NAME_CHARACTERS, field, name))?;
    Ok(name)
}

/// A trait that is text.
fn text<'a>(rule: &'a TraitRule, source: MappedUser<'a, '_>) -> Result<Option<Cow<'a, str>>, Rejection> {
    let text = match &rule.origin {
        TraitSource::Field(field) => field.text(source)?,
        TraitSource::Template(template) => template.text(source)?.map(Cow::Owned),
        TraitSource::Constant(constant) => Some(constant.text()),
    };
    Ok(text.or_else(|| rule.default.as_ref().map(|default| default.text())))
}

/// Adds the traits of a mapping file, as long as they are of a reasonable size.
fn add<'a>(
    traits: &mut Vec<NamedTrait<'a>>,
    rules: &'a [(String, TraitRule)],
    source: MappedUser<'a, '_>,
) -> Result<(), Rejection> {
    let mut bytes = 0;
    for (name, rule) in rules {
        let value = match &rule.origin {
            TraitSource::Field(field) => field.value(source)?,
            TraitSource::Template(template) => template.text(source)?.map(|text| TraitValue::Text(Cow::Owned(text))),
            TraitSource::Constant(constant) => Some(TraitValue::Constant(constant)),
        };
        let Some(value) = value.or_else(|| rule.default.as_ref().map(TraitValue::Constant)) else { continue };
        bytes += size(&value);
        if bytes > ADDED_TRAITS_BYTES {
            let message = format!("the traits that the mapping file adds have more than {ADDED_TRAITS_BYTES} bytes");
            return Err(Rejection::of_field(RejectCode::FieldTooLong, name, message));
        }
        traits.push(NamedTrait { name, value });
    }
    Ok(())
}

/// Of what comes from the record; the mapping file's own constants are bounded when it is read.
fn size(value: &TraitValue<'_>) -> usize {
    match value {
        TraitValue::Text(text) => text.len(),
        TraitValue::Json(json) => json.get().len(),
        TraitValue::Addresses(addresses) => addresses.iter().map(|address| address.value.len() + 48).sum(),
        TraitValue::Flag(_) | TraitValue::Constant(_) => 0,
    }
}
