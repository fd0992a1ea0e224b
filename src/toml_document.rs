//! A TOML file that a user writes: its tables, and its faults by line and column.
//!
//! A fault names a key of the file, and what may be there instead. It never repeats a value, which may be personal or
//! secret.

use std::fmt;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// How alike two names must be for one to be suggested, from 0 to 1.
const ALIKE: f64 = 0.75;

/// How many faults of one file are listed.
const MOST_FAULTS: usize = 10;

/// A fault in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextFault {
    /// Counted from 1.
    pub line: usize,
    /// Counted in characters, from 1.
    pub column: usize,
    /// One sentence. It repeats no value of the file.
    pub message: String,
}

impl fmt::Display for TextFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

/// Lists the faults, one a line, up to a limit.
pub(crate) fn list_faults(path: &Path, faults: &[TextFault]) -> String {
    let lines = faults.iter().take(MOST_FAULTS).map(|fault| format!("\n  {}, {fault}", path.display()));
    let more = faults.len().saturating_sub(MOST_FAULTS);
    lines.chain((more > 0).then(|| format!("\n  and {more} more"))).collect()
}

/// The text of a file, and the faults found so far.
pub(crate) struct Document<'t> {
    text: &'t str,
    faults: Vec<(usize, String)>,
}

/// A table of the document.
pub(crate) struct Section<'t, 'd> {
    /// As in `[traits]`. The document itself has an empty name.
    pub name: &'static str,
    pub table: &'d DeTable<'t>,
}

impl<'t, 'd> Section<'t, 'd> {
    pub(crate) fn whole(table: &'d DeTable<'t>) -> Self {
        Self { name: "", table }
    }

    /// The value of a key, if the section has the key.
    pub(crate) fn get(&self, key: &str) -> Option<&'d Spanned<DeValue<'t>>> {
        self.table.get(key)
    }
}

impl<'t> Document<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, faults: Vec::new() }
    }

    /// Notes a fault at this place.
    pub(crate) fn fault(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.faults.push((span.start, message.into()));
    }

    /// A table within another one, or nothing if it is absent or not a table, which is a fault.
    pub(crate) fn section<'d>(&mut self, parent: &Section<'t, 'd>, name: &'static str) -> Option<Section<'t, 'd>> {
        let value = parent.get(name)?;
        if let DeValue::Table(table) = value.get_ref() {
            return Some(Section { name, table });
        }
        self.fault(value.span(), format!("`{name}` is a table: begin it with [{name}]"));
        None
    }

    /// Notes a fault for each key of the section that is not in `known`.
    pub(crate) fn only(&mut self, section: &Section<'t, '_>, known: &[&str]) {
        for key in section.table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            let place = if section.name.is_empty() { String::new() } else { format!(" in [{}]", section.name) };
            let hint = suggestion(key.get_ref(), known.iter().copied()).unwrap_or_else(|| {
                format!("; there {} {}", if known.len() == 1 { "is only" } else { "are" }, listed(known))
            });
            self.fault(key.span(), format!("unknown key {}{place}{hint}", shown(key.get_ref())));
        }
    }

    /// The value of a key that must be `true` or `false`.
    pub(crate) fn flag(&mut self, section: &Section<'t, '_>, key: &str) -> Option<bool> {
        let value = section.get(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.fault(value.span(), format!("`{key}` is either true or false"));
        }
        flag
    }

    /// The value of a key that must be text.
    pub(crate) fn text<'d>(&mut self, section: &Section<'t, 'd>, key: &str) -> Option<(&'d str, Range<usize>)> {
        let value = section.get(key)?;
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.fault(value.span(), format!("`{key}` is text in quotes"));
        }
        text.map(|text| (text, value.span()))
    }

    /// The value of a key that must be one of several words.
    pub(crate) fn word<T: Copy>(&mut self, section: &Section<'t, '_>, key: &str, words: &[(&str, T)]) -> Option<T> {
        let (text, span) = self.text(section, key)?;
        if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*meaning);
        }
        let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let hint = suggestion(text, words.iter().copied()).unwrap_or_default();
        self.fault(span, format!("`{key}` is one of {}{hint}", listed(&words)));
        None
    }

    /// The value of a key that must be a number of characters.
    pub(crate) fn length(&mut self, section: &Section<'t, '_>, key: &str, most: usize) -> Option<usize> {
        let value = section.get(key)?;
        let integer = value.get_ref().as_integer();
        let length = integer.and_then(|integer| usize::from_str_radix(integer.as_str(), integer.radix()).ok());
        let length = length.filter(|length| (1..=most).contains(length));
        if length.is_none() {
            self.fault(value.span(), format!("`{key}` is a whole number from 1 to {most}"));
        }
        length
    }

    /// All faults, from top to bottom.
    pub(crate) fn into_faults(mut self) -> Vec<TextFault> {
        self.faults.sort_by_key(|(offset, _)| *offset);
        let text = self.text;
        let place = |(offset, message): (usize, String)| {
            let before = text.get(..offset).unwrap_or(text);
            let line = before.rsplit('\n').next().unwrap_or_default();
            TextFault { line: before.matches('\n').count() + 1, column: line.chars().count() + 1, message }
        };
        self.faults.into_iter().map(place).collect()
    }
}

/// A text such as `; did you mean `this`?`, if a known name is alike.
pub(crate) fn suggestion<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<String> {
    let alike = known.map(|known| (strsim::jaro_winkler(name, known), known)).filter(|(alike, _)| *alike >= ALIKE);
    let best = alike.max_by(|(one, _), (other, _)| one.total_cmp(other));
    best.map(|(_, known)| format!("; did you mean `{known}`?"))
}

/// A key in backquotes, if it is a plain name that a message may repeat; otherwise only `here`.
pub(crate) fn shown(key: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "_-:.".contains(character);
    if !key.is_empty() && key.len() <= 64 && key.chars().all(is_plain) { format!("`{key}`") } else { "here".to_owned() }
}

/// A text such as `a`, `b` and `c`.
fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => quoted.concat(),
    }
}
