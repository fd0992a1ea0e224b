//! The header of a CSV, and what a row below it is.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use memchr::{memchr, memchr_iter, memchr2};

use super::Place;
use super::cells::{Cells, Form, trimmed, trimmed_bytes};
use super::row_scanner::end_of_row;

/// A header with one of these belongs to a table of users.
const ONE_OF: [&str; 4] =
    ["primary_email_address", "verified_email_addresses", "unverified_email_addresses", "password_digest"];

/// A header with all of one of these belongs to a table of organizations, or of memberships and invitations.
const ALL_OF: [&[&str]; 2] = [&["name", "slug"], &["organization_id", "role"]];

/// What is wrong with the header of a table that is nearly one of these.
const NO_TENANT: &str = "it looks like CSV; the header of organizations has the columns `id`, `name` and `slug`, that of memberships \
                         and invitations `id`, `organization_id` and `role`";

const NO_SHAPE: &str = "expected `{` or `[`, or the header of a CSV with a column `id`";

/// The separators between cells. No column's name has one of them in it. So if a header has all its columns with one of
/// them, it was certainly written with that separator.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// The kinds of hashes. If a cell is one of these words, it is not cut off.
const HASHERS: [&[u8]; 3] = [b"bcrypt", b"argon2i", b"argon2id"];

/// Finds the name of the column `id`, of which nearly every row has nothing.
static ID: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("id"));

/// The names of a CSV's columns, and the separator between its cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    names: Vec<String>,
    separator: u8,
    /// The index of the column `id`.
    id: usize,
}

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowKind {
    /// A user, or what should be one.
    User,
    /// All its cells are empty.
    Empty,
    /// The header again, as after tables were put together.
    Header,
    /// A header with other columns: another table follows.
    OtherHeader,
}

impl Header {
    /// Reads the header at the beginning of a text. `whole` says that there is no more text. Returns the header and the
    /// place behind it, or a sentence about what is wrong.
    pub(super) fn read(text: &[u8], whole: bool) -> Result<(Self, Place), String> {
        let blank = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let (start, separator) = named_separator(text, blank)?;
        let separators = separator.as_ref().map_or(&SEPARATORS[..], std::slice::from_ref);
        let mut problem = None;
        for separator in separators {
            // If a quote in the header is never closed, its first line shows the error.
            let end = end_of_row(&text[start..], *separator, whole).or_else(|| memchr2(b'\n', b'\r', &text[start..]));
            let Some(end) = end.map(|length| start + length) else { continue };
            match Self::of_row(&text[start..end], *separator) {
                Ok(header) => {
                    let line = 1 + memchr_iter(b'\n', &text[..end]).count() as u64;
                    return Ok((header, Place { line, offset: end as u64 }));
                }
                // With only one column, the table has another separator, or this is not a table.
                Err(None) => {}
                Err(Some(sentence)) => {
                    problem.get_or_insert(sentence);
                }
            }
        }
        Err(problem.unwrap_or_else(|| NO_SHAPE.to_owned()))
    }

    /// The header in a row, or what is wrong with it if it is a header.
    fn of_row(row: &[u8], separator: u8) -> Result<Self, Option<String>> {
        let mut names = Vec::new();
        for cell in Cells::of(row, separator) {
            let name = std::str::from_utf8(cell.text).map_err(|_| None)?;
            let swallows = memchr2(b'\n', b'\r', cell.text).is_some() && memchr(separator, cell.text).is_some();
            if swallows || matches!(cell.form, Form::Misquoted | Form::Unclosed) {
                return Err(Some("a quote in its header is in the wrong place or never closed".to_owned()));
            }
            names.push(trimmed(name).replace("\"\"", "\""));
        }
        if names.len() < 2 {
            return Err(None);
        }
        Self::of(names, separator).map_err(Some)
    }

    fn of(names: Vec<String>, separator: u8) -> Result<Self, String> {
        let Some(id) = names.iter().position(|name| name == "id") else {
            return Err("it looks like CSV, and its header has no column `id`".to_owned());
        };
        let header = Self { names, separator, id };
        header.check()?;
        Ok(header)
    }

    /// The header with these names, if its table can have records of Clerk's.
    pub fn of_names(names: Vec<String>, separator: u8) -> Option<Self> {
        Self::of(names, separator).ok().filter(|header| header.names.len() > 1 && SEPARATORS.contains(&separator))
    }

    /// Whether the table can have records of Clerk's.
    fn check(&self) -> Result<(), String> {
        let is_of_users = ONE_OF.iter().any(|name| self.has(name));
        let is_known = is_of_users || ALL_OF.iter().any(|all| all.iter().all(|name| self.has(name)));
        if !is_known && (self.has("organization_id") || self.has("slug")) {
            return Err(NO_TENANT.to_owned());
        }
        if !is_known {
            return Err(format!("it looks like CSV, and its header has none of the columns `{}`", ONE_OF.join("`, `")));
        }
        let twice =
            self.names.iter().enumerate().find(|(index, name)| !name.is_empty() && self.names[..*index].contains(name));
        // An unknown name may be anything, and is not repeated.
        twice
            .map_or(Ok(()), |(index, _)| Err(format!("column {} of its header has the name of another one", index + 1)))
    }

    /// The names of the columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether there is a column of this name.
    pub fn has(&self, column: &str) -> bool {
        self.column(column).is_some()
    }

    /// The index of the column of this name.
    pub fn column(&self, column: &str) -> Option<usize> {
        self.names.iter().position(|name| name == column)
    }

    /// The separator between cells.
    pub fn separator(&self) -> u8 {
        self.separator
    }

    /// Whether a text has no line break outside quotes.
    pub fn is_one_row(&self, text: &[u8]) -> bool {
        end_of_row(text, self.separator, true) == Some(text.len())
    }

    /// The index of the column `id`.
    pub(super) fn id(&self) -> usize {
        self.id
    }

    /// The cell of this column in a row that need not fit the header, if the cell itself can be read.
    pub fn cell<'a>(&self, row: &'a [u8], column: &str) -> Option<Cow<'a, str>> {
        let index = self.column(column)?;
        let cell = Cells::of(row, self.separator).nth(index)?;
        let text = trimmed(std::str::from_utf8(cell.text).ok()?);
        match cell.form {
            Form::Plain => Some(Cow::Borrowed(text)),
            Form::Quoted => Some(Cow::Owned(text.replace("\"\"", "\""))),
            Form::Misquoted | Form::Unclosed => None,
        }
    }

    /// What a framed row is.
    pub(super) fn kind(&self, row: &[u8]) -> RowKind {
        let cells = || Cells::of(row, self.separator);
        let may_be_empty = row.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'"') || *byte == self.separator);
        if may_be_empty && cells().all(|cell| cell.is_empty()) {
            return RowKind::Empty;
        }
        let has = |name: &str| cells().any(|cell| trimmed_bytes(cell.text) == name.as_bytes());
        if ID.find(row).is_none() || !has("id") || !ONE_OF.into_iter().any(has) {
            return RowKind::User;
        }
        let mut names = self.names.iter();
        let is_same = cells().all(|cell| {
            let name = names.next().map_or("", String::as_str);
            matches!(cell.form, Form::Plain | Form::Quoted) && trimmed_bytes(cell.text) == name.as_bytes()
        });
        if is_same && names.all(String::is_empty) { RowKind::Header } else { RowKind::OtherHeader }
    }

    /// Whether a row that ends with the file, without a line break, is certainly complete: it has all its cells, and the
    /// last one is empty, in quotes, or one of a few words.
    pub(super) fn is_whole(&self, row: &[u8]) -> bool {
        let (mut count, mut has_digest, mut is_ended) = (0, false, false);
        for (index, cell) in Cells::of(row, self.separator).enumerate() {
            let name = self.names.get(index).map_or("", String::as_str);
            let text = trimmed_bytes(cell.text);
            is_ended = match cell.form {
                Form::Quoted => true,
                _ if name == "password_hasher" && has_digest => HASHERS.contains(&text),
                _ => text.is_empty(),
            };
            has_digest |= name == "password_digest" && !text.is_empty();
            count = index + 1;
        }
        is_ended && count >= self.names.len()
    }
}

/// The separator that spreadsheets name on a line before the header, and where the header begins.
fn named_separator(text: &[u8], start: usize) -> Result<(usize, Option<u8>), String> {
    let text = &text[start..];
    if !text.get(..4).is_some_and(|name| name.eq_ignore_ascii_case(b"sep=")) {
        return Ok((start, None));
    }
    match text[4..] {
        [separator, b'\r' | b'\n', ..] if SEPARATORS.contains(&separator) => {
            let mut behind = &text[6..];
            loop {
                behind = match behind {
                    [b'\r' | b'\n', rest @ ..] | [0xef, 0xbb, 0xbf, rest @ ..] => rest,
                    _ => return Ok((start + text.len() - behind.len(), Some(separator))),
                };
            }
        }
        _ => {
            Err("its first line, `sep=`, names a separator other than a comma, a semicolon or a tab; save it with one \
                  of these"
                .to_owned())
        }
    }
}
