//! Email addresses and phone numbers: which is the primary one, which are kept.

use std::borrow::Cow;

use super::syntax::{email_fault, is_phone};
use super::{Address, MissingEmail, Notice, Notices, RejectCode, Rejection, Rules};
use crate::clerk::{Text, User};

/// Maps the email addresses. The first element of the pair is the primary address.
pub(super) fn emails<'a>(
    user: &'a User<'_>,
    id: &str,
    rules: &Rules,
    notices: &mut Notices,
) -> Result<(Cow<'a, str>, Vec<Address<'a>>), Rejection> {
    let objects = user.email_addresses.iter().flatten();
    let objects = objects.map(|email| (email.id.as_deref(), email.email_address.as_deref(), email.is_verified()));
    let given = Flat {
        primary: user.primary_email_address.as_deref(),
        verified: user.verified_email_addresses.as_deref(),
        unverified: user.unverified_email_addresses.as_deref(),
    }
    .and(objects, notices);
    if given.is_empty() {
        return placeholder(id, rules, notices);
    }
    let wanted = filled(user.primary_email_address_id.as_deref());
    let primary = primary_index(given.iter().map(|(id, ..)| *id), wanted);
    notices.add_if(primary.is_none(), Notice::PrimaryEmailUnknown);
    let primary = primary.unwrap_or(0);
    let mut addresses: Vec<Address<'a>> = Vec::with_capacity(given.len());
    for (index, &(_, value, verified)) in given.iter().enumerate() {
        let is_primary = index == primary;
        if let Some(fault) = email_fault(value) {
            if is_primary {
                let message = format!("the primary email address is malformed: {fault}");
                return Err(Rejection::of_field(RejectCode::InvalidEmail, "email_addresses", message));
            }
            notices.add(Notice::SecondaryEmailInvalid);
            continue;
        }
        keep(&mut addresses, Address { value: Cow::Borrowed(value), verified, primary: is_primary });
    }
    Ok((Cow::Borrowed(given[primary].1), addresses))
}

fn placeholder<'a>(
    id: &str,
    rules: &Rules,
    notices: &mut Notices,
) -> Result<(Cow<'a, str>, Vec<Address<'a>>), Rejection> {
    match &rules.missing_email {
        MissingEmail::Reject => Err(Rejection::of_field(
            RejectCode::NoEmail,
            "email_addresses",
            "the user has no email address, which the target requires; give it one, or import with \
             `--missing-email placeholder:DOMAIN`",
        )),
        MissingEmail::Placeholder { domain } => {
            let value: Cow<'a, str> = Cow::Owned(format!("{id}@{domain}"));
            if let Some(fault) = email_fault(&value) {
                let message = format!("the user's id makes no placeholder address: {fault}");
                return Err(Rejection::of_field(RejectCode::InvalidEmail, "id", message));
            }
            notices.add(Notice::EmailPlaceholder);
            Ok((value.clone(), vec![Address { value, verified: false, primary: true }]))
        }
    }
}

/// Maps the phone numbers. The first element of the pair is the primary number.
pub(super) fn phones<'a>(user: &'a User<'_>, notices: &mut Notices) -> (Option<&'a str>, Vec<Address<'a>>) {
    let objects = user.phone_numbers.iter().flatten();
    let objects = objects.map(|phone| (phone.id.as_deref(), phone.phone_number.as_deref(), phone.is_verified()));
    let given = Flat {
        primary: user.primary_phone_number.as_deref(),
        verified: user.verified_phone_numbers.as_deref(),
        unverified: user.unverified_phone_numbers.as_deref(),
    }
    .and(objects, notices);
    let wanted = filled(user.primary_phone_number_id.as_deref());
    let primary = primary_index(given.iter().map(|(id, ..)| *id), wanted);
    notices.add_if(primary.is_none() && !given.is_empty(), Notice::PrimaryPhoneUnknown);
    let primary = primary.unwrap_or(0);
    let mut numbers: Vec<Address<'a>> = Vec::with_capacity(given.len());
    let mut phone = None;
    for (index, &(_, value, verified)) in given.iter().enumerate() {
        if !is_phone(value) {
            notices.add(Notice::PhoneInvalid);
            continue;
        }
        if index == primary {
            phone = Some(value);
        }
        keep(&mut numbers, Address { value: Cow::Borrowed(value), verified, primary: index == primary });
    }
    (phone, numbers)
}

/// What a flat user says about addresses or numbers beside the list of them.
struct Flat<'a> {
    primary: Option<&'a str>,
    verified: Option<&'a [Text<'a>]>,
    unverified: Option<&'a [Text<'a>]>,
}

impl<'a> Flat<'a> {
    /// All of them, the flat user's primary one first: id, value, whether verified. What nothing is said about counts as
    /// not verified, for whoever owns a verified address can sign in with it.
    fn and(
        &self,
        objects: impl Iterator<Item = (Option<&'a str>, Option<&'a str>, Option<bool>)>,
        notices: &mut Notices,
    ) -> Vec<(Option<&'a str>, &'a str, bool)> {
        let is_in = |list: Option<&'a [Text<'a>]>, value: &str| {
            list.iter().copied().flatten().any(|other| other.eq_ignore_ascii_case(value))
        };
        let listed = |list: Option<&'a [Text<'a>]>, verified| {
            list.into_iter().flatten().map(move |value| (None, Some(&**value), Some(verified)))
        };
        let primary = self.primary.map(|primary| (None, Some(primary), None)).into_iter();
        let all = primary.chain(objects).chain(listed(self.verified, true)).chain(listed(self.unverified, false));
        let mut is_unknown = false;
        let given = all.filter_map(|(id, value, verified)| {
            let value = filled(value)?;
            let verified = verified.unwrap_or_else(|| {
                let verified = is_in(self.verified, value);
                is_unknown |= !verified && !is_in(self.unverified, value);
                verified
            });
            Some((id, value, verified))
        });
        let given = given.collect();
        notices.add_if(is_unknown, Notice::VerificationUnknown);
        given
    }
}

/// The index that the primary id names, the first one when there is no such id, none when it names nothing.
fn primary_index<'i>(mut ids: impl Iterator<Item = Option<&'i str>>, wanted: Option<&str>) -> Option<usize> {
    match wanted {
        None => Some(0),
        Some(wanted) => ids.position(|id| id == Some(wanted)),
    }
}

/// Keeps one entry for each address: the same one twice is verified if either is, primary if either is.
fn keep<'a>(addresses: &mut Vec<Address<'a>>, address: Address<'a>) {
    // Letters that only look alike, or have an odd case, are other addresses.
    let same = |other: &&mut Address<'_>| other.value.eq_ignore_ascii_case(&address.value);
    match addresses.iter_mut().find(same) {
        Some(other) => {
            other.verified |= address.verified;
            if address.primary {
                other.primary = true;
                other.value = address.value;
            }
        }
        None => addresses.push(address),
    }
}

/// The text, unless there is nothing in it.
pub(super) fn filled(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}
