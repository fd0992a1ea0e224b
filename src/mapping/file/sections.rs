//! The sections of a mapping file, each to its part of the rules.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::DeValue;

use super::origin::trait_rule;
use crate::mapping::field::Bag;
use crate::mapping::limits::{ADDED_TRAITS, CONTENT_MARK, LITERAL_BYTES, MARK, TRAIT_NAME_CHARACTERS};
use crate::mapping::{
    EmailRules, InvalidUsername, MadeNames, MetadataRules, MetadataTarget, OrganizationRules, RoleRule, Rules,
    TraitRule, TraitRules, TraitSource, TupleRules, Unverified, UsernameRules,
};
use crate::toml_document::{Document, Section, shown, suggestion};

/// Longest username that a mapping file may allow, in characters, and the most characters it may name. Ours.
const USERNAME_MOST: usize = 255;

/// Longest name of a role. Ours.
const ROLE_CHARACTERS: usize = 128;

/// The whole file.
pub(super) fn rules<'t>(document: &mut Document<'t>, whole: &Section<'t, '_>) -> Rules {
    document.only(whole, &["traits", "metadata", "email", "username", "roles", "organizations", "tuples"]);
    let mut rules = Rules::default();
    let mut names = BTreeMap::new();
    if let Some(section) = document.section(whole, "traits") {
        rules.traits = traits(document, &section, &mut names);
    }
    let section = document.section(whole, "metadata");
    rules.metadata = metadata(document, section.as_ref(), &names);
    if let Some(section) = document.section(whole, "email") {
        email(document, &section, &mut rules);
    }
    if let Some(section) = document.section(whole, "username") {
        rules.username = username(document, &section);
    }
    if let Some(section) = document.section(whole, "roles") {
        rules.roles = roles(document, &section);
    }
    if let Some(section) = document.section(whole, "organizations") {
        rules.organizations = organizations(document, &section);
    }
    if let Some(section) = document.section(whole, "tuples") {
        rules.tuples = tuples(document, &section);
    }
    if rules.memory_growth().0 > LITERAL_BYTES {
        let message =
            format!("the names, constants and texts of the traits have more than {LITERAL_BYTES} bytes together");
        document.fault(0..0, message);
    }
    rules
}

type Names = BTreeMap<String, Range<usize>>;

fn traits<'t>(document: &mut Document<'t>, section: &Section<'t, '_>, names: &mut Names) -> TraitRules {
    let mut rules = TraitRules::default();
    for (key, value) in section.table {
        let name = key.get_ref().as_ref();
        match name {
            "email" => {
                if value.get_ref().as_str() != Some("primary_email_address") {
                    let message = "`email` is always `primary_email_address`, which the target requires; [email] has \
                                   rules for it, and another trait can hold another address";
                    document.fault(value.span(), message);
                }
            }
            "phone" => rules.phone = as_it_is(document, name, value, "primary_phone_number"),
            "email_addresses" | "phone_numbers" => {
                let is_kept = as_it_is(document, name, value, name);
                let list = if name == "phone_numbers" { &mut rules.phone_numbers } else { &mut rules.email_addresses };
                *list = is_kept;
            }
            "username" | "first_name" | "last_name" => {
                let rule = trait_rule(document, name, value);
                if matches!(&rule, Some(TraitRule { origin: TraitSource::Field(field), .. }) if !field.is_text()) {
                    document.fault(value.span(), format!("`{name}` is text, and this is a list"));
                }
                match name {
                    "username" => rules.username = rule,
                    "first_name" => rules.first_name = rule,
                    _ => rules.last_name = rule,
                }
            }
            _ => {
                names.insert(name.to_owned(), key.span());
                check_trait_name(document, key);
                rules.others.extend(trait_rule(document, name, value).map(|rule| (name.to_owned(), rule)));
            }
        }
    }
    if rules.others.len() > ADDED_TRAITS {
        document.fault(0..0, format!("[traits] adds more than {ADDED_TRAITS} traits"));
    }
    rules
}

/// Whether a trait that can only be what it is, or be left out, is left in.
fn as_it_is(document: &mut Document<'_>, name: &str, value: &Spanned<DeValue<'_>>, field: &str) -> bool {
    let is_kept = value.get_ref().as_str() == Some(field);
    if !is_kept && value.get_ref().as_bool() != Some(false) {
        document.fault(value.span(), format!("`{name}` is either \"{field}\" or false, which leaves it out"));
    }
    is_kept
}

fn check_trait_name(document: &mut Document<'_>, key: &Spanned<Cow<'_, str>>) {
    let name = key.get_ref();
    let is_plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
    if name.is_empty() || name.len() > TRAIT_NAME_CHARACTERS || !name.chars().all(is_plain) {
        let message =
            format!("the name of a trait has 1 to {TRAIT_NAME_CHARACTERS} of the letters A to Z, digits, `_` and `-`");
        document.fault(key.span(), message);
    }
}

/// Where the bags go. No two things go under one name.
fn metadata<'t>(document: &mut Document<'t>, section: Option<&Section<'t, '_>>, traits: &Names) -> MetadataRules {
    if let Some(section) = section {
        document.only(section, &["public", "private", "unsafe"]);
    }
    let mut taken: Vec<String> = traits.keys().map(|name| format!("traits.{name}")).collect();
    let mut place = |key: &str, bag: Bag| {
        let value = section.and_then(|section| section.get(key));
        let usual = if bag == Bag::Private { "admin_metadata" } else { "traits" };
        let usual = format!("{usual}.{}", bag.name());
        let (text, span) = match value.map(|value| (value.get_ref(), value.span())) {
            Some((DeValue::Boolean(false), _)) => return MetadataTarget::Nowhere,
            Some((DeValue::String(text), span)) => (text.as_ref(), span),
            Some((_, span)) => {
                document.fault(span, format!("`{key}` is text in quotes, or false for nowhere"));
                return MetadataTarget::Usual;
            }
            // A trait of the same name is what is at fault then.
            None => {
                let clash = usual.strip_prefix("traits.").and_then(|name| traits.get(name));
                (usual.as_str(), clash.cloned().unwrap_or_default())
            }
        };
        let place = place_of(document, bag, text, &span);
        if taken.iter().any(|other| other == text) {
            document.fault(span, format!("`{}` would go under the same name as something else", bag.name()));
        }
        taken.push(text.to_owned());
        if text == usual { MetadataTarget::Usual } else { place }
    };
    MetadataRules {
        public: place("public", Bag::Public),
        private: place("private", Bag::Private),
        unsafe_: place("unsafe", Bag::Unsafe),
    }
}

fn place_of(document: &mut Document<'_>, bag: Bag, text: &str, span: &Range<usize>) -> MetadataTarget {
    /// Traits that are always something else.
    const KNOWN: [&str; 7] =
        ["email", "username", "first_name", "last_name", "phone", "email_addresses", "phone_numbers"];

    let (room, name) = text.split_once('.').unwrap_or((text, ""));
    let is_plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
    let is_name = (1..=TRAIT_NAME_CHARACTERS).contains(&name.len()) && name.chars().all(is_plain);
    let (place, is_free) = match room {
        "traits" => (MetadataTarget::Traits(name.to_owned()), !KNOWN.contains(&name)),
        "admin_metadata" => {
            (MetadataTarget::AdminMetadata(name.to_owned()), !["clerk", MARK, CONTENT_MARK].contains(&name))
        }
        _ => (MetadataTarget::Usual, false),
    };
    if matches!(place, MetadataTarget::Usual) || !is_name {
        let hint = suggestion(room, ["traits", "admin_metadata"].into_iter().filter(|known| *known != room));
        let hint = hint.unwrap_or_default();
        document.fault(span.clone(), format!("metadata goes to \"traits.NAME\" or \"admin_metadata.NAME\"{hint}"));
    } else if !is_free {
        document.fault(span.clone(), "this name is always taken by something else");
    } else if bag == Bag::Private && room == "traits" {
        let message = "users can see their traits, so private metadata as a whole never goes there; single fields can, in \
                       [traits]";
        document.fault(span.clone(), message);
    }
    place
}

fn email<'t>(document: &mut Document<'t>, section: &Section<'t, '_>, rules: &mut Rules) {
    document.only(section, &["missing", "unverified", "lowercase"]);
    if let Some((text, span)) = document.text(section, "missing") {
        match text.parse() {
            Ok(missing) => rules.missing_email = missing,
            Err(problem) => document.fault(span, problem),
        }
    }
    let words = [("keep", Unverified::Keep), ("drop", Unverified::Drop), ("reject", Unverified::Reject)];
    rules.email = EmailRules {
        unverified: document.word(section, "unverified", &words).unwrap_or_default(),
        lowercase: document.flag(section, "lowercase").unwrap_or_default(),
    };
}

fn username<'t>(document: &mut Document<'t>, section: &Section<'t, '_>) -> UsernameRules {
    document.only(section, &["lowercase", "allow", "min_length", "max_length", "invalid"]);
    let usual = UsernameRules::default();
    let allow = document.text(section, "allow").map(|(text, span)| {
        let odd = |character: char| character.is_whitespace() || character.is_control();
        if text.chars().any(odd) || text.chars().count() > USERNAME_MOST {
            let message = format!("`allow` is at most {USERNAME_MOST} characters, none of them white space");
            document.fault(span, message);
        }
        Cow::Owned(text.to_owned())
    });
    let least = document.length(section, "min_length", USERNAME_MOST).unwrap_or(*usual.length.start());
    let most = document.length(section, "max_length", USERNAME_MOST).unwrap_or(*usual.length.end());
    if least > most {
        let key = if section.get("max_length").is_some() { "max_length" } else { "min_length" };
        let span = section.get(key).map_or(0..0, Spanned::span);
        document.fault(span, "no username has at least `min_length` and at most `max_length` characters");
    }
    let words = [("reject", InvalidUsername::Reject), ("drop", InvalidUsername::Drop)];
    UsernameRules {
        lowercase: document.flag(section, "lowercase").unwrap_or_default(),
        allow: allow.unwrap_or(usual.allow),
        length: least..=most,
        invalid: document.word(section, "invalid", &words).unwrap_or_default(),
    }
}

/// Whether a role at the target may be called this.
pub(crate) fn is_role(name: &str) -> bool {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "_-:.".contains(character);
    (1..=ROLE_CHARACTERS).contains(&name.len()) && name.chars().all(is_plain)
}

fn organizations<'t>(document: &mut Document<'t>, section: &Section<'t, '_>) -> OrganizationRules {
    document.only(section, &["made_names", "creator"]);
    let words = [("plain", MadeNames::Plain), ("suffix", MadeNames::Suffix)];
    let creator = document.text(section, "creator").map(|(text, span)| {
        if !is_role(text) {
            document.fault(span, "`creator` is a role at the target, as in \"owner\"");
        }
        text.to_owned()
    });
    OrganizationRules { made_names: document.word(section, "made_names", &words).unwrap_or_default(), creator }
}

fn tuples<'t>(document: &mut Document<'t>, section: &Section<'t, '_>) -> TupleRules {
    document.only(section, &["form", "namespace", "relation", "subject"]);
    let is_of_guide = document.word(section, "form", &[("documented", false), ("guide", true)]).unwrap_or_default();
    let usual = if is_of_guide { TupleRules::of_guide() } else { TupleRules::default() };
    let mut own = |key: &str, usual: String| match document.text(section, key) {
        Some((text, span)) => {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:{}".contains(&byte);
            let may_have_colon = key == "subject";
            if text.is_empty()
                || text.len() > ROLE_CHARACTERS
                || !text.bytes().all(is_plain)
                || text.contains(':') && !may_have_colon
            {
                let message = format!(
                    "`{key}` has 1 to {ROLE_CHARACTERS} of the letters A to Z, digits, `_`, `-` and `.`, and what stands for \
                     others in braces"
                );
                document.fault(span, message);
            }
            text.to_owned()
        }
        None => usual,
    };
    let TupleRules { namespace, relation, subject, by_membership, .. } = usual;
    let rules = TupleRules {
        is_usual: section.table.is_empty(),
        by_membership,
        namespace: own("namespace", namespace),
        relation: own("relation", relation),
        subject: own("subject", subject),
    };
    if let Some(fault) = rules.fault() {
        let key = if fault.starts_with("`relation`") { "relation" } else { "subject" };
        document.fault(section.get(key).map_or(0..0, Spanned::span), fault);
    }
    rules
}

fn roles<'t>(document: &mut Document<'t>, section: &Section<'t, '_>) -> Vec<RoleRule> {
    let mut roles = Vec::with_capacity(section.table.len());
    for (key, value) in section.table {
        let clerk = key.get_ref().as_ref();
        if !clerk.strip_prefix("org:").is_some_and(is_role) {
            let message =
                format!("{} is no role of Clerk's, which begin with `org:` as in \"org:admin\"", shown(clerk));
            document.fault(key.span(), message);
        }
        let Some(avnology) = value.get_ref().as_str().filter(|role| is_role(role)) else {
            let message = "a role at the target is text in quotes: letters A to Z, digits, `_`, `-`, `:` and `.`";
            document.fault(value.span(), message);
            continue;
        };
        roles.push(RoleRule { clerk: clerk.to_owned(), avnology: avnology.to_owned() });
    }
    roles
}
