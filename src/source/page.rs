//! What a page of users has beside them: members of its object that may be meant to hold users, too.
//!
//! Only the users in `data` are read. Other members that look like users would be lost, so such a page is refused. Other
//! arrays of objects are counted by their names.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::Read;

use struson::reader::{JsonReader, JsonStreamReader, ReaderError, ValueType};

use super::Place;
use super::member_names::{DATA, ERRORS, is_field, is_of_person, is_of_user};

/// The longest name of a member of an envelope, in bytes. struson keeps a name as a whole.
pub(super) const NAME: u64 = 64 * 1024;

/// The longest name inside other members, in bytes. None of these names is kept.
const INNER_NAME: u64 = 1024 * 1024;

/// How many members beside `data` are counted by their names.
const NAMES: usize = 16;

/// A struson reader, and the limit of the names that it reads.
pub(super) struct Json<'s> {
    pub reader: JsonStreamReader<&'s mut dyn Read>,
    pub name: &'s Cell<Option<u64>>,
}

/// What a value beside `data` holds.
#[derive(Clone, Copy, Debug, Default)]
struct SideValue {
    /// If it is an array, the number of objects in it.
    objects: u64,
    /// If it is an object, the number of objects in it.
    keyed: u64,
    /// Whether it is, or holds at any depth, an object with a member that only users have.
    people: bool,
}

impl Json<'_> {
    fn next_name(&mut self) -> Result<String, ReaderError> {
        self.name.set(Some(NAME));
        let name = self.reader.next_name_owned();
        self.name.set(None);
        name
    }

    /// Where the reader is, counted from its own beginning.
    fn place(&self) -> Place {
        let position = self.reader.current_position(false);
        let line = position.line_pos.map_or(0, |line| line.line) + 1;
        Place { line, offset: position.data_pos.unwrap_or(0) }
    }

    /// Reads a value and notes what is in it.
    fn look(&mut self) -> Result<SideValue, ReaderError> {
        let mut held = SideValue::default();
        match self.reader.peek()? {
            ValueType::Array => {
                self.reader.begin_array()?;
                while self.reader.has_next()? {
                    held.objects += u64::from(self.reader.peek()? == ValueType::Object);
                    held.people |= self.look()?.people;
                }
                self.reader.end_array()?;
            }
            ValueType::Object => {
                self.reader.begin_object()?;
                while self.reader.has_next()? {
                    self.name.set(Some(INNER_NAME));
                    let is_of_person = self.reader.next_name().map(is_of_person);
                    self.name.set(None);
                    held.people |= is_of_person?;
                    held.keyed += u64::from(self.reader.peek()? == ValueType::Object);
                    held.people |= self.look()?.people;
                }
                self.reader.end_object()?;
            }
            _ => self.reader.skip_value()?,
        }
        Ok(held)
    }
}

/// How many objects are in arrays that are not read, by the names of the arrays.
pub(super) type Omitted = BTreeMap<String, u64>;

/// Adds counts to others. Names that may be personal data, and names beyond the limit, are counted together.
pub(super) fn add(counts: &mut Omitted, more: &Omitted) {
    for (name, objects) in more {
        let is_counted = is_field(name) && (counts.len() < NAMES || counts.contains_key(name));
        *counts.entry(if is_counted { name.clone() } else { String::new() }).or_default() += objects;
    }
}

/// What is beside the users of a page.
#[derive(Clone, Debug, Default)]
pub(super) struct Beside {
    /// The name of a member that looks like more users, and its place.
    people: Option<(String, Place)>,
    /// The name of an array with objects in it, and its place.
    objects: Option<(String, Place)>,
    /// How many objects are in arrays, by the names of the arrays.
    pub counts: Omitted,
}

impl Beside {
    /// Reads a member whose name is at this place, and notes what is in it.
    fn look(&mut self, json: &mut Json<'_>, name: String, place: Place) -> Result<SideValue, ReaderError> {
        let held = json.look()?;
        if held.people || held.objects + held.keyed > 0 && name.eq_ignore_ascii_case("users") {
            self.people.get_or_insert_with(|| (name.clone(), place));
        }
        if held.objects > 0 {
            self.objects.get_or_insert_with(|| (name.clone(), place));
            add(&mut self.counts, &Omitted::from([(name, held.objects)]));
        }
        Ok(held)
    }

    /// The problem if only `data` were read, and its place.
    pub(super) fn lost(&self, has_users: bool) -> Option<(String, Place)> {
        if let Some((name, place)) = &self.people {
            let problem = format!(
                "{} beside `data` holds one or more objects that look like users, and only those in `data` would be read; \
                 put all of them into one array, for example with `jq`, or leave it out",
                shown(name)
            );
            return Some((problem, *place));
        }
        let (name, place) = self.objects.as_ref().filter(|_| !has_users)?;
        let problem = format!(
            "its `data` is empty, while {} beside it is an array of objects; if these are the users, put them into `data`, \
             for example with `jq`; if not, leave them out",
            shown(name)
        );
        Some((problem, *place))
    }

    /// Adds what comes later in the same page. Its places are counted from another beginning.
    pub(super) fn and(mut self, later: &Self, absolute: impl Fn(Place) -> Place) -> Self {
        let place = |(name, place): &(String, Place)| (name.clone(), absolute(*place));
        self.people = self.people.or_else(|| later.people.as_ref().map(place));
        self.objects = self.objects.or_else(|| later.objects.as_ref().map(place));
        add(&mut self.counts, &later.counts);
        self
    }
}

/// A name, if it cannot be personal data.
pub(super) fn shown(name: &str) -> String {
    if is_field(name) && !name.is_empty() { format!("`{name}`") } else { "another member".to_owned() }
}

/// What is known about the page whose users are being read.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// Whether it had any user so far.
    pub has_users: bool,
    /// Whether it was read completely, up to the end of its object.
    pub is_over: bool,
    /// What came before its users.
    pub beside: Beside,
}

impl Page {
    /// A page whose users are being read, after a resume.
    pub(super) fn resumed() -> Self {
        Self { has_users: true, ..Self::default() }
    }

    /// A page that was read completely.
    pub(super) fn over() -> Self {
        Self { is_over: true, ..Self::default() }
    }
}

/// What an object in place of a page is.
pub(super) enum Head {
    /// A page, with what came before its users.
    Data(Beside),
    /// An error answer of the API; it was read completely.
    Answer,
    /// Something else.
    Other,
}

/// Walks an object up to the first user in its `data`.
pub(super) fn find_data(json: &mut Json<'_>) -> Result<Head, ReaderError> {
    let (mut beside, mut has_errors, mut is_user, mut has_data) = (Beside::default(), false, false, false);
    json.reader.begin_object()?;
    while json.reader.has_next()? {
        let place = json.place();
        let name = json.next_name()?;
        if name == DATA {
            let is_array = json.reader.peek()? == ValueType::Array;
            if has_data {
                return Ok(Head::Other);
            } else if is_array {
                json.reader.begin_array()?;
                return Ok(Head::Data(beside));
            }
            has_data = true;
        }
        is_user |= is_of_user(&name);
        let is_errors = name == ERRORS;
        let held = beside.look(json, name, place)?;
        has_errors |= is_errors && held.objects > 0;
    }
    json.reader.end_object()?;
    Ok(if has_errors && !is_user { Head::Answer } else { Head::Other })
}

/// What is behind the array of users.
pub(super) struct Rest {
    /// The place of a second `data`, which nobody can want.
    pub second: Option<Place>,
    pub beside: Beside,
}

/// The name of the first member of an object that is or holds a page of users; `None` if the object is a user.
pub(super) fn page_within(json: &mut Json<'_>) -> Result<Option<String>, ReaderError> {
    let (mut beside, mut is_user, mut has_users) = (Beside::default(), false, false);
    json.reader.begin_object()?;
    while json.reader.has_next()? {
        let place = json.place();
        let name = json.next_name()?;
        is_user |= is_of_user(&name) || is_of_person(&name);
        let is_data = name == DATA;
        let held = beside.look(json, name, place)?;
        has_users |= is_data && held.objects > 0;
    }
    json.reader.end_object()?;
    let people = beside.people.map(|(name, _)| name).or_else(|| has_users.then(|| DATA.to_owned()));
    Ok(people.filter(|_| !is_user))
}

/// Walks the rest of an object, behind the stand-in for its array.
pub(super) fn rest_of_object(json: &mut Json<'_>) -> Result<Rest, ReaderError> {
    let mut rest = Rest { second: None, beside: Beside::default() };
    json.reader.begin_object()?;
    json.reader.skip_name()?;
    json.reader.skip_value()?;
    while json.reader.has_next()? {
        let place = json.place();
        let name = json.next_name()?;
        if name == DATA {
            rest.second = Some(place);
            return Ok(rest);
        }
        rest.beside.look(json, name, place)?;
    }
    json.reader.end_object()?;
    Ok(rest)
}
