//! The cells of a row of a CSV, as they are written.

use std::ops::Range;

use memchr::memchr;

/// How a cell is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Without quotes.
    Plain,
    /// In quotes. Two quotes in a row within it mean one.
    Quoted,
    /// With a quote where none may be.
    Misquoted,
    /// With a quote at its beginning that is never closed. It is read as if it had no quotes.
    Unclosed,
}

/// One cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell<'a> {
    pub form: Form,
    /// Its content, without the quotes around it.
    pub text: &'a [u8],
    /// Its offset in the row.
    pub start: usize,
    /// Where its content begins in the row.
    inside: usize,
}

impl Cell<'_> {
    /// Where its content is in the row.
    pub(super) fn range(&self) -> Range<usize> {
        self.inside..self.inside + self.text.len()
    }

    /// Whether it is empty or has only blanks.
    pub(super) fn is_empty(&self) -> bool {
        trimmed_bytes(self.text).is_empty() && matches!(self.form, Form::Plain | Form::Quoted)
    }
}

/// The cells of a row. Blanks between a separator and a quote belong to no cell.
pub(super) struct Cells<'a> {
    row: &'a [u8],
    next: Option<usize>,
    separator: u8,
    /// Whether there is a quote anywhere in the row. In most rows there is none, and then no cell is searched for one.
    has_quotes: bool,
}

impl<'a> Cells<'a> {
    pub(super) fn of(row: &'a [u8], separator: u8) -> Self {
        Self { row, next: Some(0), separator, has_quotes: memchr(b'"', row).is_some() }
    }

    /// Finds the separator that ends the text from here on. The next cell begins behind it.
    fn cut(&mut self, from: usize) -> usize {
        let end = memchr(self.separator, &self.row[from..]).map(|length| from + length);
        self.next = end.map(|end| end + 1);
        end.unwrap_or(self.row.len())
    }
}

impl<'a> Iterator for Cells<'a> {
    type Item = Cell<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let first = self.next?;
        let blanks = self.row[first..].iter().take_while(|byte| is_blank(**byte, self.separator)).count();
        let start = first + blanks;
        if !self.has_quotes || self.row.get(start) != Some(&b'"') {
            let text = &self.row[start..self.cut(start)];
            let is_misquoted = self.has_quotes && memchr(b'"', text).is_some();
            let form = if is_misquoted { Form::Misquoted } else { Form::Plain };
            return Some(Cell { form, text, start, inside: start });
        }
        let inside = start + 1;
        let Some(end) = closing_quote(self.row, inside) else {
            let text = &self.row[inside..self.cut(inside)];
            return Some(Cell { form: Form::Unclosed, text, start, inside });
        };
        let behind = &self.row[end + 1..self.cut(end + 1)];
        let form =
            if behind.iter().all(|byte| is_blank(*byte, self.separator)) { Form::Quoted } else { Form::Misquoted };
        Some(Cell { form, text: &self.row[inside..end], start, inside })
    }
}

/// Whether this is white space that may be beside a cell.
pub(super) fn is_blank(byte: u8, separator: u8) -> bool {
    matches!(byte, b' ' | b'\t') && byte != separator
}

/// The first quote from here on that is not one of a pair.
fn closing_quote(row: &[u8], mut from: usize) -> Option<usize> {
    loop {
        let quote = from + memchr(b'"', row.get(from..)?)?;
        if row.get(quote + 1) != Some(&b'"') {
            return Some(quote);
        }
        from = quote + 2;
    }
}

/// A text without the white space around it, and without the byte order marks that programs leave there.
pub(super) fn trimmed(text: &str) -> &str {
    text.trim_matches(|character: char| character.is_whitespace() || character == '\u{feff}')
}

/// Bytes without the white space around them, as in [`trimmed`]. If they are not UTF-8, only ASCII white space is removed.
pub(super) fn trimmed_bytes(bytes: &[u8]) -> &[u8] {
    std::str::from_utf8(bytes).map_or_else(|_| bytes.trim_ascii(), |text| trimmed(text).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(row: &str, separator: u8) -> Vec<(Form, &str)> {
        Cells::of(row.as_bytes(), separator).map(|cell| (cell.form, &row[cell.range()])).collect()
    }

    #[test]
    fn separators_outside_quotes_divide_cells() {
        use Form::{Misquoted, Plain, Quoted, Unclosed};
        assert_eq!(cells("", b','), [(Plain, "")]);
        assert_eq!(cells("a,,b ", b','), [(Plain, "a"), (Plain, ""), (Plain, "b ")]);
        assert_eq!(
            cells("\"a,\"\"b\"\"\n\", \"c\" ,\"\"", b','),
            [(Quoted, "a,\"\"b\"\"\n"), (Quoted, "c"), (Quoted, "")]
        );
        assert_eq!(cells("a;\t\"b;c\"\t;d", b';'), [(Plain, "a"), (Quoted, "b;c"), (Plain, "d")]);
        assert_eq!(cells("a\t\t\"b\t\"", b'\t'), [(Plain, "a"), (Plain, ""), (Quoted, "b\t")]);
        assert_eq!(
            cells("a\"b,\"c\"d,\"e\" \",f", b','),
            [(Misquoted, "a\"b"), (Misquoted, "c"), (Misquoted, "e"), (Plain, "f")]
        );
        assert_eq!(cells("a,\"b,c\"\",", b','), [(Plain, "a"), (Unclosed, "b"), (Misquoted, "c\"\""), (Plain, "")]);
    }
}
