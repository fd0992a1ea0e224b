//! The file in which the administrator writes the endpoints down: Clerk's API gives none of them.
//!
//! ```toml
//! [[endpoint]]
//! url = "https://hooks.example.com/clerk"
//! events = ["user.created", "organizationMembership.created"]
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use secrecy::SecretString;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::endpoint_url::shown;
use super::{ClerkEvent, Endpoint, EndpointUrl};
use crate::toml_document::{Document, Section, TextFault};

/// The keys of an endpoint.
const KEYS: [&str; 5] = ["name", "url", "events", "description", "headers"];

/// The longest text of a key.
const LONGEST: usize = 2_000;

/// Reads the file; its endpoints are in the order of their names. A fault repeats no value.
pub fn read_endpoints(text: &str) -> Result<Vec<Endpoint>, Vec<TextFault>> {
    let mut document = Document::new(text);
    let mut endpoints = Vec::new();
    match DeTable::parse(text) {
        Ok(table) => read(&mut document, &Section::whole(table.get_ref()), &mut endpoints),
        Err(error) => {
            document.fault(error.span().unwrap_or_default(), format!("this is not TOML: {}", error.message()));
        }
    }
    let faults = document.into_faults();
    if !faults.is_empty() {
        return Err(faults);
    }
    endpoints.sort_by(|one: &Endpoint, other| one.name.cmp(&other.name));
    Ok(endpoints)
}

fn read<'t>(document: &mut Document<'t>, whole: &Section<'t, '_>, endpoints: &mut Vec<Endpoint>) {
    document.only(whole, &["endpoint"]);
    let Some(value) = whole.get("endpoint") else {
        document.fault(0..0, "there is no endpoint: begin each one with [[endpoint]]");
        return;
    };
    let DeValue::Array(entries) = value.get_ref() else {
        document.fault(value.span(), "each endpoint begins with [[endpoint]], with two brackets");
        return;
    };
    let mut names = BTreeSet::new();
    for entry in entries {
        let DeValue::Table(table) = entry.get_ref() else {
            document.fault(entry.span(), "an endpoint is a table: begin it with [[endpoint]]");
            continue;
        };
        let section = Section { name: "endpoint", table };
        let Some((endpoint, place)) = endpoint(document, &section, entry.span()) else { continue };
        if !names.insert(endpoint.name.clone()) {
            document.fault(place, "another endpoint has the same name: give each one a `name` of its own");
        }
        endpoints.push(endpoint);
    }
}

fn endpoint<'t>(
    document: &mut Document<'t>,
    section: &Section<'t, '_>,
    place: Range<usize>,
) -> Option<(Endpoint, Range<usize>)> {
    document.only(section, &KEYS);
    let Some((address, address_place)) = document.text(section, "url") else {
        if section.get("url").is_none() {
            document.fault(place, "an endpoint needs a `url`");
        }
        return None;
    };
    let url: Result<EndpointUrl, _> = address.parse();
    let (name, name_place) = match text(document, section, "name") {
        Some((name, place)) => (name.to_owned(), place),
        None => (url.as_ref().map_or_else(|_| shown(address), EndpointUrl::default_name), address_place),
    };
    let description = text(document, section, "description").map(|(text, _)| text.to_owned());
    let events = events(document, section);
    let headers = headers(document, section);
    Some((Endpoint { name, shown_url: shown(address), url, events, description, headers }, name_place))
}

/// A text that is neither empty nor of more than one line.
fn text<'t, 'd>(document: &mut Document<'t>, section: &Section<'t, 'd>, key: &str) -> Option<(&'d str, Range<usize>)> {
    let (text, place) = document.text(section, key)?;
    if text.trim().is_empty() || text.len() > LONGEST || text.contains(char::is_control) {
        document.fault(place, format!("`{key}` is one line of at most {LONGEST} bytes, and not empty"));
        return None;
    }
    Some((text, place))
}

/// The events; without any an endpoint gets all that Clerk has.
fn events<'t>(document: &mut Document<'t>, section: &Section<'t, '_>) -> Vec<String> {
    let all = || ClerkEvent::all().iter().map(|event| event.name.to_owned()).collect();
    let Some(value) = section.get("events") else { return all() };
    let DeValue::Array(entries) = value.get_ref() else {
        document.fault(value.span(), "`events` is a list of texts, as in [\"user.created\"]");
        return Vec::new();
    };
    let mut events: Vec<String> = Vec::new();
    for entry in entries {
        let Some(name) = entry.get_ref().as_str().map(ClerkEvent::plain).filter(|name| is_event(name)) else {
            document.fault(entry.span(), "an event is a name such as \"user.created\"");
            continue;
        };
        if !events.iter().any(|event| event == name) {
            events.push(name.to_owned());
        }
    }
    if entries.is_empty() { all() } else { events }
}

/// Whether a text looks like the name of an event. Nothing else is repeated in a plan.
pub(super) fn is_event(name: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') || part == "*"
    };
    name.len() <= 80 && name.contains('.') && name.split('.').all(is_part)
}

fn headers<'t>(document: &mut Document<'t>, section: &Section<'t, '_>) -> BTreeMap<String, SecretString> {
    let mut headers = BTreeMap::new();
    let Some(table) = document.section(section, "headers") else { return headers };
    for (name, value) in table.table {
        let is_name = !name.get_ref().is_empty()
            && name.get_ref().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        match header_value(value).filter(|_| is_name) {
            Some(text) => {
                headers.insert(name.get_ref().to_string(), SecretString::from(text));
            }
            None => document.fault(
                value.span(),
                "a header has a name of letters, digits and hyphens, and as its value one line of text in quotes",
            ),
        }
    }
    headers
}

fn header_value(value: &Spanned<DeValue<'_>>) -> Option<String> {
    let text = value.get_ref().as_str()?;
    (text.len() <= LONGEST && !text.contains(char::is_control)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_read_in_the_order_of_their_names() {
        let text = r#"
            [[endpoint]]
            url = "https://z.example.com/in?token=c4n4ry"
            events = ["clerk.user.created", "user.created", "role.updated"]
            headers = { "X-Team" = "c4n4ry" }
            [[endpoint]]
            name = "all"
            url = "https://a.example.com"
            description = "Everything"
        "#;
        let endpoints = read_endpoints(text).unwrap();
        let names: Vec<&str> = endpoints.iter().map(|endpoint| endpoint.name.as_str()).collect();
        assert_eq!(names, ["all", "z.example.com/in"]);
        assert_eq!(endpoints[0].events.len(), ClerkEvent::all().len());
        assert_eq!(endpoints[1].events, ["user.created", "role.updated"]);
        assert!(!format!("{endpoints:?}").contains("c4n4ry"), "{endpoints:?}");
    }

    #[test]
    fn faults_have_a_place_and_repeat_no_value() {
        for (text, said) in [
            ("", "there is no endpoint"),
            ("endpoint = 3", "two brackets"),
            ("[[endpoint]]\nevents = [\"c4n4ry.x\"]", "line 1, column 1: an endpoint needs a `url`"),
            ("[[endpoint]]\nurl = 3", "line 2"),
            (
                "[[endpoint]]\nurl = \"https://a.example\"\nevents = [\"c4n4ry\"]",
                "line 3, column 11: an event is a name",
            ),
            ("[[endpoint]]\nurl = \"https://a.example\"\nevent = []", "did you mean `events`?"),
            ("[[endpoint]]\nurl = \"https://a.example\"\nheaders = { \"a b\" = \"c4n4ry\" }", "line 3"),
            ("[[endpoint]]\nurl = \"https://a.example/?c4n4ry\"\n[[endpoint]]\nurl = \"https://a.example/\"", "line 4"),
            ("[[endpoint", "this is not TOML"),
        ] {
            let faults = read_endpoints(text).unwrap_err();
            let listed: Vec<String> = faults.iter().map(ToString::to_string).collect();
            assert!(listed.iter().any(|fault| fault.contains(said)), "{text}: {listed:?}");
            assert!(!listed.concat().contains("c4n4ry"), "{listed:?}");
        }
    }
}
