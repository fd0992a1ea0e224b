//! The choices an administrator has in mapping, compiled once and applied to every user.
//!
//! What the defaults say costs nothing more for a user than code without choices would: no allocation and no look-up.

use std::borrow::Cow;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use super::constant::Constant;
use super::field::ClerkField;
use super::limits::USERNAME_CHARACTERS;
use super::syntax::email_fault;
use super::template::Template;
use super::{OrganizationRules, TraitsSchema, TupleRules};

/// What becomes of a user without an email address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum MissingEmail {
    /// Rejected as `no_email`.
    #[default]
    Reject,
    /// Given `<clerk id>@DOMAIN`, unverified.
    Placeholder {
        /// The domain of the made-up address.
        domain: String,
    },
}

impl FromStr for MissingEmail {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            None if text == "reject" => Ok(Self::Reject),
            Some(("placeholder", domain)) if email_fault(&format!("user@{domain}")).is_none() => {
                Ok(Self::Placeholder { domain: domain.to_owned() })
            }
            Some(("placeholder", _)) => {
                Err("the placeholder needs a domain name, as in `placeholder:example.com`".to_owned())
            }
            _ => Err("expected `reject` or `placeholder:DOMAIN`".to_owned()),
        }
    }
}

impl fmt::Display for MissingEmail {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reject => formatter.write_str("reject"),
            Self::Placeholder { domain } => write!(formatter, "placeholder:{domain}"),
        }
    }
}

/// The rules of mapping. The defaults are the ones that `--print-default-mapping` prints.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    /// What becomes of a user without an email address.
    pub missing_email: MissingEmail,
    /// What becomes of email addresses.
    pub email: EmailRules,
    /// What a username may be.
    pub username: UsernameRules,
    /// Which traits there are, and where they come from.
    pub traits: TraitRules,
    /// Where metadata goes.
    pub metadata: MetadataRules,
    /// Which password hashes move. No mapping file says so: it depends on the target.
    pub passwords: PasswordRules,
    /// Which role at the target a role in a Clerk organization becomes.
    pub roles: Vec<RoleRule>,
    /// What becomes of organizations.
    pub organizations: OrganizationRules,
    /// The form of role tuples.
    pub tuples: TupleRules,
    /// What the traits have to match.
    pub traits_schema: Option<TraitsSchema>,
    /// The organization that every user goes into, by its id at the target; a dry run, which asks no target, has what was
    /// typed.
    pub organization: Option<String>,
    /// Whether memberships that stand inside users move: as records of their own, or with their users.
    pub memberships_move: bool,
}

/// What becomes of email addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EmailRules {
    /// What becomes of addresses that the user has not verified.
    pub unverified: Unverified,
    /// Whether the letters A to Z are made small.
    pub lowercase: bool,
}

/// What becomes of email addresses that the user has not verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unverified {
    /// They move, unverified.
    #[default]
    Keep,
    /// They are left out; the first verified address stands in for a primary one that is left out.
    Drop,
    /// They are left out, and a user whose primary address is among them is rejected.
    Reject,
}

/// What a username may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsernameRules {
    /// Whether the letters A to Z are made small.
    pub lowercase: bool,
    /// The characters that are allowed beside the letters A to Z and digits.
    pub allow: Cow<'static, str>,
    /// How many characters it may have.
    pub length: RangeInclusive<usize>,
    /// What becomes of one that breaks these rules.
    pub invalid: InvalidUsername,
}

impl Default for UsernameRules {
    fn default() -> Self {
        Self {
            lowercase: false,
            allow: Cow::Borrowed("-_"),
            length: USERNAME_CHARACTERS,
            invalid: InvalidUsername::Reject,
        }
    }
}

impl UsernameRules {
    /// Whether a username is allowed.
    pub(super) fn allow(&self, name: &str) -> bool {
        // Bytes are never fewer than characters.
        name.len() >= *self.length.start()
            && (self.length.contains(&name.len()) || self.length.contains(&name.chars().count()))
            && name.chars().all(|character| character.is_ascii_alphanumeric() || self.allow.contains(character))
    }

    /// What is allowed, for a person.
    pub(super) fn describe(&self) -> String {
        let (least, most) = (self.length.start(), self.length.end());
        let others: Vec<String> = self.allow.chars().map(|character| format!("`{character}`")).collect();
        let others = if others.is_empty() { String::new() } else { format!(", and {}", others.join(" ")) };
        format!("the username is not {least} to {most} of the letters A to Z, digits{others}")
    }
}

/// What becomes of a username that breaks the rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InvalidUsername {
    /// The user is rejected as `invalid_username`.
    #[default]
    Reject,
    /// The user moves without it.
    Drop,
}

/// Which traits there are beside the email address and the metadata. The ones that the target knows are kept apart; `None`
/// and `false` leave one out.
#[derive(Clone, Debug, PartialEq)]
pub struct TraitRules {
    /// Unique at the target.
    pub username: Option<TraitRule>,
    /// The given name.
    pub first_name: Option<TraitRule>,
    /// The family name.
    pub last_name: Option<TraitRule>,
    /// The primary phone number.
    pub phone: bool,
    /// The list of all email addresses.
    pub email_addresses: bool,
    /// The list of all phone numbers.
    pub phone_numbers: bool,
    /// All others, by name.
    pub others: Vec<(String, TraitRule)>,
}

impl Default for TraitRules {
    fn default() -> Self {
        Self {
            username: Some(TraitRule::of(ClerkField::Username)),
            first_name: Some(TraitRule::of(ClerkField::FirstName)),
            last_name: Some(TraitRule::of(ClerkField::LastName)),
            phone: true,
            email_addresses: true,
            phone_numbers: true,
            others: Vec::new(),
        }
    }
}

/// Where a trait comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct TraitRule {
    /// What it is.
    pub origin: TraitSource,
    /// What it is where that is absent.
    pub default: Option<Constant>,
}

impl TraitRule {
    /// A field as it is.
    pub(super) const fn of(field: ClerkField) -> Self {
        Self { origin: TraitSource::Field(field), default: None }
    }
}

/// What a trait is.
#[derive(Clone, Debug, PartialEq)]
pub enum TraitSource {
    /// A field of Clerk's.
    Field(ClerkField),
    /// Text with fields in it.
    Template(Template),
    /// One value for every user.
    Constant(Constant),
}

/// Which password hashes move beside bcrypt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PasswordRules {
    /// The target verifies what Ory Kratos verifies, and takes hashes in the form in which Kratos does.
    pub as_kratos: bool,
    /// Hashers of which Clerk does not document in what form it writes their digests: these are taken to be in the usual one.
    pub assumed: Vec<String>,
}

/// Where each bag of metadata goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetadataRules {
    /// `public_metadata`.
    pub public: MetadataTarget,
    /// `private_metadata`, which never goes into traits.
    pub private: MetadataTarget,
    /// `unsafe_metadata`.
    pub unsafe_: MetadataTarget,
}

/// Where a bag of metadata goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum MetadataTarget {
    /// Under its own name: public and unsafe metadata into the traits, private metadata into the admin metadata.
    #[default]
    Usual,
    /// Into the traits, under this name.
    Traits(String),
    /// Into the admin metadata, under this name.
    AdminMetadata(String),
    /// Nowhere.
    Nowhere,
}

/// Which role at the target a role in a Clerk organization becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleRule {
    /// Clerk's key, `org:admin` and the like.
    pub clerk: String,
    /// The role at the target.
    pub avnology: String,
}

impl Rules {
    /// How many bytes of the mapping file an identity can hold, and how often a record's bytes can be in it beyond what is
    /// usual: for the bound of memory.
    pub fn memory_growth(&self) -> (usize, usize) {
        let TraitRules { username, first_name, last_name, others, .. } = &self.traits;
        let known = [username, first_name, last_name].into_iter().flatten();
        let (mut literal, mut copies) = (self.organization.as_deref().map_or(0, str::len), 0);
        for (name, rule) in known.map(|rule| ("", rule)).chain(others.iter().map(|(name, rule)| (name.as_str(), rule)))
        {
            literal += name.len() + rule.default.as_ref().map_or(0, Constant::size);
            match &rule.origin {
                TraitSource::Field(ClerkField::Username | ClerkField::FirstName | ClerkField::LastName)
                    if name.is_empty() => {}
                TraitSource::Field(_) => copies += 1,
                TraitSource::Template(template) => {
                    literal += template.literal_bytes();
                    copies += template.fields().count();
                }
                TraitSource::Constant(constant) => literal += constant.size(),
            }
        }
        (literal, copies)
    }
}
