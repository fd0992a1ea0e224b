//! A table as CSV or as JSON lines, written row by row.

use std::io::{self, Write};
use std::path::Path;

use serde_json::{Map, Value};

use super::TableCell;
use crate::report::{visible, visible_json};

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFormat {
    /// With a header.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

impl TableFormat {
    /// The one that the name of a file asks for: JSON lines if it ends in `.ndjson` or `.jsonl`, else a CSV.
    pub fn of_name(path: &Path) -> Self {
        let extension = path.extension().unwrap_or_default();
        let is_lines = ["ndjson", "jsonl"].iter().any(|name| extension.eq_ignore_ascii_case(name));
        if is_lines { Self::Ndjson } else { Self::Csv }
    }
}

/// How a table is written, and for whom.
#[derive(Clone, Copy, Debug)]
pub struct TableForm {
    /// The format.
    pub format: TableFormat,
    /// Somebody looks at it, so that nothing in it may do anything to the terminal.
    pub is_shown: bool,
}

/// A table that is being written.
pub struct ResultsTable<'w> {
    columns: &'static [&'static str],
    rows: Rows<'w>,
    is_shown: bool,
}

enum Rows<'w> {
    Csv(Box<csv::Writer<&'w mut dyn Write>>),
    Lines(&'w mut dyn Write),
}

impl<'w> ResultsTable<'w> {
    /// Begins a table with these columns.
    pub fn begin(out: &'w mut dyn Write, form: TableForm, columns: &'static [&'static str]) -> io::Result<Self> {
        let rows = match form.format {
            TableFormat::Ndjson => Rows::Lines(out),
            TableFormat::Csv => {
                let mut rows = csv::Writer::from_writer(out);
                rows.write_record(columns)?;
                Rows::Csv(Box::new(rows))
            }
        };
        Ok(Self { columns, rows, is_shown: form.is_shown })
    }

    /// Writes a row: a cell for each column.
    pub fn row(&mut self, cells: &[TableCell<'_>]) -> io::Result<()> {
        match &mut self.rows {
            Rows::Csv(rows) => {
                for cell in cells {
                    let text = cell.csv();
                    rows.write_field(if self.is_shown { visible(&text) } else { text }.as_bytes())?;
                }
                rows.write_record(None::<&[u8]>)?;
                Ok(())
            }
            Rows::Lines(out) => {
                let object: Map<String, Value> =
                    self.columns.iter().zip(cells).map(|(name, cell)| ((*name).to_owned(), cell.json())).collect();
                writeln!(out, "{}", visible_json(&Value::Object(object).to_string()))
            }
        }
    }

    /// Ends the table.
    pub fn finish(self) -> io::Result<()> {
        match self.rows {
            Rows::Csv(mut rows) => rows.flush(),
            Rows::Lines(out) => out.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const COLUMNS: &[&str] = &["clerk_id", "record", "notices"];

    fn written(format: TableFormat, texts: &[String]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut table = ResultsTable::begin(&mut out, TableForm { format, is_shown: false }, COLUMNS).unwrap();
        for (number, text) in (1..).zip(texts) {
            table
                .row(&[TableCell::text(text), TableCell::Number(number), TableCell::Words(vec!["totp", "passkeys"])])
                .unwrap();
        }
        table.finish().unwrap();
        out
    }

    proptest! {
        /// A program that reads the table gets any text back as it was, in either format.
        #[test]
        fn texts_come_back(texts in proptest::collection::vec(".*|[\",\n\r ]{1,5}", 0..6)) {
            let written_rows = written(TableFormat::Csv, &texts);
            let mut reader = csv::Reader::from_reader(&written_rows[..]);
            prop_assert_eq!(reader.headers().unwrap(), COLUMNS);
            let back: Vec<String> = reader.records().map(|row| row.unwrap()[0].to_owned()).collect();
            prop_assert_eq!(&back, &texts);
            let lines = String::from_utf8(written(TableFormat::Ndjson, &texts)).unwrap();
            let back: Vec<String> = lines
                .split_terminator('\n')
                .map(|line| serde_json::from_str::<Value>(line).unwrap()["clerk_id"].as_str().unwrap().to_owned())
                .collect();
            prop_assert_eq!(back, texts);
        }
    }

    #[test]
    fn the_format_follows_the_name() {
        for (name, format) in [
            ("a.csv", TableFormat::Csv),
            ("a.NDJSON", TableFormat::Ndjson),
            ("a.b.jsonl", TableFormat::Ndjson),
            ("/dev/stdout", TableFormat::Csv),
        ] {
            assert_eq!(TableFormat::of_name(Path::new(name)), format, "{name}");
        }
    }
}
