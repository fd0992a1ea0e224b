//! How a user can be reached, once the rules were applied.

use std::borrow::Cow;

use super::{Address, Claim};

/// How a user can be reached.
pub(super) struct Contacts<'a> {
    /// The primary address.
    pub email: Cow<'a, str>,
    pub email_claim: Claim,
    pub email_addresses: Vec<Address<'a>>,
    /// The primary number.
    pub phone: Option<&'a str>,
    pub phone_claim: Claim,
    pub phone_numbers: Vec<Address<'a>>,
}
