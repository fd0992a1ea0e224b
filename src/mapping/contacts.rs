//! Email addresses and phone numbers: which is the primary one, which are kept.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::normal_form::{are_one_mailbox, are_same, mailbox_form, normal_form, trimmed};
use super::reachable::Contacts;
use super::syntax::{email_fault, is_phone};
use super::text::{lowercase, non_empty};
use super::{Address, Claim, MissingEmail, Notice, Notices, RejectCode, Rejection, Rules, Unverified};
use crate::clerk::{Text, User};

/// As many addresses of one user are compared one by one, which allocates nothing.
const FEW: usize = 8;

impl<'a> Contacts<'a> {
    /// Maps addresses and numbers.
    pub(super) fn map(user: &'a User<'_>, id: &str, rules: &Rules, notices: &mut Notices) -> Result<Self, Rejection> {
        let (email, email_addresses, email_claim) = emails(user, id, rules, notices)?;
        let (phone, phone_numbers, phone_claim) = phones(user, notices);
        Ok(Self { email, email_claim, email_addresses, phone, phone_claim, phone_numbers })
    }

    /// One unverified address.
    #[cfg(test)]
    pub(super) fn of(email: &'a str) -> Self {
        Self {
            email: Cow::Borrowed(email),
            email_claim: Claim::Unverified,
            email_addresses: Vec::new(),
            phone: None,
            phone_claim: Claim::Unverified,
            phone_numbers: Vec::new(),
        }
    }
}

/// The primary address or number, all of them, and whether the primary one is the user's own.
type Reached<'a, P> = (P, Vec<Address<'a>>, Claim);

/// Maps the email addresses.
fn emails<'a>(
    user: &'a User<'_>,
    id: &str,
    rules: &Rules,
    notices: &mut Notices,
) -> Result<Reached<'a, Cow<'a, str>>, Rejection> {
    let objects = user.email_addresses.iter().flatten();
    let objects = objects.map(|email| (email.id.as_deref(), email.email_address.as_deref(), email.is_verified()));
    let mut given = Flat {
        primary: user.primary_email_address.as_deref(),
        verified: user.verified_email_addresses.as_deref(),
        unverified: user.unverified_email_addresses.as_deref(),
    }
    .and(objects, notices);
    if given.is_empty() {
        return placeholder(id, rules, notices);
    }
    verify_same(&mut given);
    let primary = Primary {
        id: non_empty(user.primary_email_address_id.as_deref()),
        is_first: non_empty(user.primary_email_address.as_deref()).is_some(),
        unknown: Notice::PrimaryEmailUnknown,
    };
    let mut primary = primary.index(&given, notices);
    if rules.email.unverified != Unverified::Keep {
        if rules.email.unverified == Unverified::Reject && !given[primary].2 {
            let message = "the primary email address is not verified, and the mapping file says to reject such users";
            return Err(Rejection::of_field(RejectCode::EmailUnverified, "email_addresses", message));
        }
        // What is before the primary address and leaves, or the primary address itself, moves its place.
        let stays = given[primary].2;
        let before = given[..primary].iter().filter(|(.., verified)| *verified).count();
        notices.add_if(given.iter().any(|(.., verified)| !verified), Notice::EmailUnverifiedDropped);
        given.retain(|(.., verified)| *verified);
        if given.is_empty() {
            return placeholder(id, rules, notices);
        }
        primary = if stays { before } else { 0 };
    }
    let mut addresses = Kept::with_capacity(given.len());
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
        let sent = lowercase(Cow::Borrowed(value), rules.email.lowercase);
        addresses.keep(value, Address { value: sent, verified, primary: is_primary });
    }
    let reserved = user.email_addresses.iter().flatten().filter(|email| email.reserved == Some(true));
    let claim = addresses.claim_of_primary(reserved.filter_map(|email| email.email_address.as_deref()));
    Ok((lowercase(Cow::Borrowed(given[primary].1), rules.email.lowercase), addresses.list, claim))
}

fn placeholder<'a>(id: &str, rules: &Rules, notices: &mut Notices) -> Result<Reached<'a, Cow<'a, str>>, Rejection> {
    match &rules.missing_email {
        MissingEmail::Reject => Err(Rejection::of_field(
            RejectCode::NoEmail,
            "email_addresses",
            "the user has no email address, which the target requires; give it one, or import with \
             `--missing-email placeholder:DOMAIN`",
        )),
        MissingEmail::Placeholder { domain } => {
            let value: Cow<'a, str> = lowercase(Cow::Owned(format!("{id}@{domain}")), rules.email.lowercase);
            if let Some(fault) = email_fault(&value) {
                let message = format!("the user's id makes no placeholder address: {fault}");
                return Err(Rejection::of_field(RejectCode::InvalidEmail, "id", message));
            }
            notices.add(Notice::EmailPlaceholder);
            // It is made of the user's id, so it is nobody else's.
            Ok((value.clone(), vec![Address { value, verified: false, primary: true }], Claim::Sole))
        }
    }
}

/// Maps the phone numbers.
fn phones<'a>(user: &'a User<'_>, notices: &mut Notices) -> Reached<'a, Option<&'a str>> {
    let objects = user.phone_numbers.iter().flatten();
    let objects = objects.map(|phone| (phone.id.as_deref(), phone.phone_number.as_deref(), phone.is_verified()));
    let mut given = Flat {
        primary: user.primary_phone_number.as_deref(),
        verified: user.verified_phone_numbers.as_deref(),
        unverified: user.unverified_phone_numbers.as_deref(),
    }
    .and(objects, notices);
    verify_same(&mut given);
    let primary = Primary {
        id: non_empty(user.primary_phone_number_id.as_deref()),
        is_first: non_empty(user.primary_phone_number.as_deref()).is_some(),
        unknown: Notice::PrimaryPhoneUnknown,
    };
    let primary = primary.index(&given, notices);
    let mut numbers = Kept::with_capacity(given.len());
    let mut phone = None;
    for (index, &(_, value, verified)) in given.iter().enumerate() {
        if !is_phone(value) {
            notices.add(Notice::PhoneInvalid);
            continue;
        }
        if index == primary {
            phone = Some(value);
        }
        numbers.keep(value, Address { value: Cow::Borrowed(value), verified, primary: index == primary });
    }
    let reserved = user.phone_numbers.iter().flatten().filter(|phone| phone.reserved == Some(true));
    let claim = numbers.claim_of_primary(reserved.filter_map(|phone| phone.phone_number.as_deref()));
    (phone, numbers.list, claim)
}

/// An address or a number as it was given: id, value, whether verified.
type Given<'a> = (Option<&'a str>, &'a str, bool);

/// What a flat user says about addresses or numbers beside the list of them.
struct Flat<'a> {
    primary: Option<&'a str>,
    verified: Option<&'a [Text<'a>]>,
    unverified: Option<&'a [Text<'a>]>,
}

impl<'a> Flat<'a> {
    /// All of them, the flat user's primary one first. What nothing is said about counts as
    /// not verified, for the owner of a verified address can sign in with it.
    fn and(
        &self,
        objects: impl Iterator<Item = (Option<&'a str>, Option<&'a str>, Option<bool>)>,
        notices: &mut Notices,
    ) -> Vec<Given<'a>> {
        let forms = |list: Option<&'a [Text<'a>]>| -> BTreeSet<_> {
            list.into_iter().flatten().map(|value| mailbox_form(trimmed(value))).collect()
        };
        // Most users are not flat, and of theirs nothing is looked up.
        let mut in_lists = None;
        let (mut is_unknown, mut is_trimmed, mut given) = (false, false, Vec::new());
        let mut add = |id: Option<&'a str>, text: Option<&'a str>, verified: Option<bool>| {
            let Some(text) = text else { return };
            let value = trimmed(text);
            is_trimmed |= value.len() < text.len();
            if value.is_empty() {
                return;
            }
            let verified = verified.unwrap_or_else(|| {
                let (in_verified, in_unverified) =
                    in_lists.get_or_insert_with(|| (forms(self.verified), forms(self.unverified)));
                let form = mailbox_form(value);
                let verified = in_verified.contains(&form);
                is_unknown |= !verified && !in_unverified.contains(&form);
                verified
            });
            given.push((id, value, verified));
        };
        if self.primary.is_some() {
            add(None, self.primary, None);
        }
        objects.for_each(|(id, text, verified)| add(id, text, verified));
        self.verified.into_iter().flatten().for_each(|text| add(None, Some(text), Some(true)));
        self.unverified.into_iter().flatten().for_each(|text| add(None, Some(text), Some(false)));
        notices.add_if(is_unknown, Notice::VerificationUnknown);
        notices.add_if(is_trimmed, Notice::AddressTrimmed);
        given
    }
}

/// What a user says about which one is the primary one.
struct Primary<'a> {
    /// Its id.
    id: Option<&'a str>,
    /// It is the flat user's, which stands first.
    is_first: bool,
    /// What to say if the id names nothing.
    unknown: Notice,
}

impl Primary<'_> {
    /// Which one of these it is. If the user does not say that, it is the first one that is verified: an address that is not may be
    /// somebody else's.
    fn index(&self, given: &[Given<'_>], notices: &mut Notices) -> usize {
        let named = self.id.and_then(|wanted| given.iter().position(|(id, ..)| *id == Some(wanted)));
        notices.add_if(self.id.is_some() && named.is_none() && !given.is_empty(), self.unknown);
        notices.add_if(self.id.is_none() && !self.is_first && are_several(given), Notice::PrimaryNotNamed);
        let first_verified = || given.iter().position(|(.., verified)| *verified).filter(|_| !self.is_first);
        named.or_else(first_verified).unwrap_or(0)
    }
}

/// Whether there is more than one address among these, which one may be in several times.
fn are_several(given: &[Given<'_>]) -> bool {
    let [(_, first, _), others @ ..] = given else { return false };
    others.iter().any(|(_, other, _)| !are_same(other, first))
}

/// The same mailbox or number twice is verified if either is.
fn verify_same(given: &mut [(Option<&str>, &str, bool)]) {
    let is_verified = |(.., verified): &(Option<&str>, &str, bool)| *verified;
    if given.iter().all(is_verified) || !given.iter().any(is_verified) {
        return;
    }
    if given.len() <= FEW {
        for index in 0..given.len() {
            let value = given[index].1;
            given[index].2 = given.iter().any(|(_, other, verified)| *verified && are_one_mailbox(other, value));
        }
        return;
    }
    let verified: BTreeSet<_> =
        given.iter().filter(|one| is_verified(one)).map(|(_, value, _)| mailbox_form(value)).collect();
    for (_, value, is_verified) in given.iter_mut() {
        *is_verified = *is_verified || verified.contains(&mailbox_form(value));
    }
}

/// One entry for each address: the primary one, or else the first of all its spellings. What is said of the others does not count for
/// it, for they may be other mailboxes.
struct Kept<'a> {
    list: Vec<Address<'a>>,
    /// Where each is in the list, by its form, if there are too many to look at each.
    places: BTreeMap<Cow<'a, str>, usize>,
    are_many: bool,
}

impl<'a> Kept<'a> {
    fn with_capacity(expected: usize) -> Self {
        Self { list: Vec::with_capacity(expected), places: BTreeMap::new(), are_many: expected > FEW }
    }

    fn keep(&mut self, given: &'a str, address: Address<'a>) {
        let place = if self.are_many {
            Some(*self.places.entry(normal_form(given)).or_insert(self.list.len()))
        } else {
            self.list.iter().position(|other| are_same(&other.value, given))
        };
        match place.and_then(|place| self.list.get_mut(place)) {
            Some(other) => {
                if address.primary {
                    *other = address;
                }
            }
            None => self.list.push(address),
        }
    }

    /// Whether the primary one is the user's own, which is to say that Clerk lets nobody else have it: it is verified, or one of
    /// those that are `reserved` for the user. Of one that is neither, another user may be the owner.
    fn claim_of_primary<'r>(&self, mut reserved: impl Iterator<Item = &'r str>) -> Claim {
        let is_own =
            self.list.iter().filter(|address| address.primary).any(|address| {
                address.verified || reserved.by_ref().any(|value| are_same(trimmed(value), &address.value))
            });
        if is_own { Claim::Sole } else { Claim::Unverified }
    }
}
