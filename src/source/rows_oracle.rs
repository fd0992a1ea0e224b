//! The reference for the reader of a CSV, for property tests and for fuzzing: the `csv` crate, for every row that both of
//! them find.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read;
use std::ops::Range;
use std::sync::Arc;

use crate::source::{ReaderLimits, RecordReader, RowFault, SourceError};

/// Returns a few bytes at a time, so that a buffer can end anywhere.
struct Dribble(std::io::Cursor<Vec<u8>>, usize);

impl Read for Dribble {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.1.min(buffer.len());
        self.0.read(&mut buffer[..count])
    }
}

/// Where a row is, and its cells, or why they cannot be read.
pub(crate) type ReadRow = (Range<usize>, Result<Vec<String>, RowFault>);

/// Reads the rows. Returns them, and whether the table ends in the middle of a row or before another table. It also checks
/// positions, and that every byte is in a row or belongs to none.
pub(crate) fn read(document: &[u8], chunk_bytes: usize, piece: usize) -> (Vec<ReadRow>, bool) {
    let limits = ReaderLimits { chunk_bytes, ..ReaderLimits::default() };
    let source = Dribble(std::io::Cursor::new(document.to_vec()), piece);
    let mut reader = RecordReader::new(Box::new(source), Arc::from("-"), limits).expect("a table of users");
    let (mut rows, mut is_cut_off): (Vec<ReadRow>, _) = (Vec::new(), false);
    loop {
        let chunk = match reader.next_chunk() {
            Ok(Some(chunk)) => chunk,
            Ok(None) => break,
            Err(SourceError::Truncated { .. } | SourceError::WrongShape { .. }) => {
                is_cut_off = true;
                break;
            }
            Err(error) => panic!("{error}"),
        };
        for span in &chunk.spans {
            let (start, bytes) = (usize::try_from(span.offset).expect("a small document"), chunk.record(span));
            assert_eq!(bytes, &document[start..start + bytes.len()], "positions are those of the document");
            let line = memchr::memchr_iter(b'\n', &document[..start]).count() as u64 + 1;
            assert_eq!((span.number, span.line), (rows.len() as u64 + 1, line));
            let header = chunk.header.as_ref().expect("a header");
            let row: Result<Vec<String>, RowFault> =
                header.row(bytes).map(|row| header.cells(&row).map(|(_, cell)| cell.to_owned()).collect());
            let columns = [Some(0), Some(1), None, Some(header.names().len() - 1)];
            let cell = |row: &[String], column: usize| row.get(column).cloned().unwrap_or_default();
            let expected =
                row.clone().map(|row| columns.map(|column| column.map_or(String::new(), |at| cell(&row, at))));
            let some = header.cells_of(bytes, &columns).map(|cells| cells.map(Cow::into_owned));
            assert_eq!(some, expected, "{}", bytes.escape_ascii());
            assert_eq!(row == Err(RowFault::NotUtf8), std::str::from_utf8(bytes).is_err());
            rows.push((start..start + bytes.len(), row));
        }
    }
    if !is_cut_off {
        let skipped = reader.skipped();
        let (rows, lines) = (skipped.empty + skipped.headers, lines_between(document, &rows));
        // One of these rows may have a quoted line break in a surplus cell.
        assert!(rows <= lines && (rows > 0) == (lines > 0), "{rows} {lines} {}", document.escape_ascii());
    }
    (rows, is_cut_off)
}

/// The number of lines that are not empty, between the header and the rows and behind them.
fn lines_between(document: &[u8], rows: &[ReadRow]) -> u64 {
    let header = memchr::memchr2(b'\n', b'\r', document).unwrap_or(document.len());
    let ends = std::iter::once(header).chain(rows.iter().map(|(range, _)| range.end));
    let starts = rows.iter().map(|(range, _)| range.start).chain([document.len()]);
    let mut lines = 0;
    for (end, start) in ends.zip(starts) {
        for line in document[end..start].split(|byte| matches!(byte, b'\r' | b'\n')) {
            let text = String::from_utf8_lossy(line).replace('\u{feff}', "");
            let belongs_to_no_row = text.chars().all(|character| "\",; \t".contains(character)) || text.contains("id");
            assert!(belongs_to_no_row, "{text} is lost: {}", document.escape_ascii());
            lines += u64::from(!text.is_empty());
        }
    }
    lines
}

/// Where a row begins that may have line breaks and byte order marks before it.
fn first_byte(document: &[u8], mut at: usize) -> usize {
    loop {
        match &document[at..] {
            [b'\r' | b'\n', ..] => at += 1,
            [0xef, 0xbb, 0xbf, ..] => at += 3,
            _ => return at,
        }
    }
}

fn trimmed(text: &str) -> &str {
    text.trim_matches(|character: char| character.is_whitespace() || character == '\u{feff}')
}

/// Fails unless the reader and the `csv` crate read the same cells in every row that both of them read. The reader refuses
/// more: a quote in a wrong place, and cells with rows in them. It also reads more: blanks before quotes.
pub(crate) fn assert_agreement(document: &[u8], chunk_bytes: usize, piece: usize) {
    let shown = document.escape_ascii();
    let (rows, _) = read(document, chunk_bytes, piece);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(document);
    let mut records = BTreeMap::new();
    for record in reader.byte_records().map(|record| record.expect("memory can be read")) {
        let at = record.position().map_or(0, csv::Position::byte);
        records.insert(first_byte(document, usize::try_from(at).expect("a small document")), record);
    }
    let columns = records.pop_first().expect("the header").1.len();
    let has_blanks = |cell: &[u8]| {
        let first = cell.iter().find(|byte| !matches!(byte, b' ' | b'\t' | 0xef | 0xbb | 0xbf));
        first == Some(&b'"') && !cell.starts_with(b"\"")
    };
    // Whether both of them must find the next row, and where the last row ended.
    let (mut is_in_step, mut behind) = (true, 0);
    for (Range { start, end }, row) in &rows {
        // A row that the reader skips may have blanks before quotes, too.
        is_in_step &= !records.range(behind..*start).any(|(_, record)| record.iter().any(has_blanks));
        behind = *end;
        let Some(record) = records.get(start) else {
            assert!(!is_in_step, "the row at {start} is no row for the csv crate: {shown}");
            continue;
        };
        let next = records.range(start + 1..).next().map_or(document.len(), |(next, _)| *next);
        is_in_step = first_byte(document, *end) == next && !record.iter().any(has_blanks);
        match row {
            _ if !is_in_step => {}
            Ok(cells) => {
                let expected: Vec<&str> =
                    record.iter().map(|cell| trimmed(std::str::from_utf8(cell).expect("UTF-8"))).collect();
                let (within, beyond) = expected.split_at(columns.min(expected.len()));
                assert_eq!(cells, within, "{shown}");
                assert!(beyond.iter().all(|cell| cell.is_empty()), "{shown}");
            }
            Err(RowFault::Cells { found: 1, .. }) => assert_eq!(record.len(), 1, "{shown}"),
            Err(RowFault::Cells { .. }) => assert!(record.len() > columns, "{shown}"),
            Err(RowFault::Quotes(_) | RowFault::Unclosed(_)) => assert!(document[*start..*end].contains(&b'"')),
            Err(RowFault::NotUtf8) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEADER: &[u8] = b"id,first_name,password_digest\n";

    fn cells(rows: Vec<ReadRow>) -> Vec<Result<Vec<String>, RowFault>> {
        rows.into_iter().map(|(_, cells)| cells).collect()
    }

    /// A table as a program writes it, with either kind of line breaks and any separator.
    fn written(rows: &[Vec<String>], separator: u8, crlf: bool) -> Vec<u8> {
        let terminator = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let mut writer =
            csv::WriterBuilder::new().terminator(terminator).delimiter(separator).from_writer(b"\xef\xbb\xbf".to_vec());
        writer.write_record(["id", "first_name", "last_name", "primary_email_address"]).unwrap();
        for row in rows {
            writer.write_record(row).unwrap();
        }
        writer.into_inner().unwrap()
    }

    /// Rows of a few dozen cells are read by another way than those of a few.
    #[test]
    fn rows_of_any_number_of_columns_are_read() {
        for columns in [3, 31, 32, 33, 34, 70] {
            let further: Vec<String> = (2..columns).map(|column| format!("column_{column}")).collect();
            let header = format!("id,password_digest,{}", further.join(","));
            for cells in columns - 1..=columns + 1 {
                let row: Vec<String> = (0..cells).map(|cell| format!(" é{cell} ")).collect();
                let table = format!("{header}\n{}\n{}\n", row.join(","), row.join(",").replace("é1 ", ""));
                assert_agreement(table.as_bytes(), 1 << 10, table.len());
                let (rows, _) = read(table.as_bytes(), 1 << 10, table.len());
                assert_eq!(rows[0].1.is_ok(), cells <= columns, "{cells} cells for {columns} columns");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

        /// Names with anything in them, except email addresses behind a line break, which would make them look like rows.
        #[test]
        fn what_the_csv_crate_writes_reads_back(
            names in proptest::collection::vec(("[a-c,;\"\r\n\t |é😀]{0,12}", "[a-c,;\"\r\n\t |é😀]{0,12}"), 0..12),
            separator in proptest::sample::select(b",;\t".to_vec()),
            crlf in any::<bool>(),
            chunk in 1usize..80,
            piece in 1usize..50,
        ) {
            let row = |(number, (first, last)): (usize, &(String, String))| {
                vec![format!("user_{number}"), first.clone(), last.clone(), format!("u{number}@example.com")]
            };
            let rows: Vec<Vec<String>> = names.iter().enumerate().map(row).collect();
            let (read, is_cut_off) = read(&written(&rows, separator, crlf), chunk, piece);
            let trim = |row: Vec<String>| Ok(row.iter().map(|cell| trimmed(cell).to_owned()).collect());
            prop_assert!(!is_cut_off);
            prop_assert_eq!(cells(read), rows.into_iter().map(trim).collect::<Vec<_>>());
        }

        /// Quotes are added or removed anywhere: no user gets the address of another one. (If ids are short numbers, a line
        /// of a few words may be the beginning of a row or a part of an address; there, names have no line breaks.)
        #[test]
        fn no_quote_gives_a_user_the_address_of_another_one(
            names in proptest::collection::vec(proptest::sample::select(vec!["Ann", "Baker, Bob", "Al \"Ace\" A", "Ann\nMary", "", "a,\r\nb"]), 1..8),
            quoted in any::<bool>(),
            ids in 0u8..3,
            changes in proptest::collection::vec((any::<usize>(), any::<bool>()), 1..4),
            chunk in 1usize..80,
            piece in 1usize..50,
        ) {
            let id = |number: usize| match ids {
                0 => format!("user_{number}"),
                1 => format!("{number}"),
                _ => format!("{:032x}", number * 0x1234_5678),
            };
            let mut document = "id,first_name,last_name,primary_email_address\n".to_owned();
            let header = document.len();
            for (number, name) in names.iter().enumerate() {
                let quote = if quoted || name.contains(['"', ',', '\n']) { "\"" } else { "" };
                let name = name.replace('"', "\"\"").replace(['\r', '\n'], if ids == 1 { " " } else { "\n" });
                let all = if quoted { "\"" } else { "" };
                let id = id(number);
                document.extend([all, &id, all, ",", quote, &name, quote, ",L,", all, &format!("u{number}@x.org"), all, "\n"]);
            }
            for (at, puts_in) in changes {
                let body = &document.as_bytes()[header..];
                let quotes: Vec<usize> = memchr::memchr_iter(b'"', body).collect();
                if puts_in || quotes.is_empty() {
                    document.insert(header + at % body.len(), '"');
                } else {
                    document.remove(header + quotes[at % quotes.len()]);
                }
            }
            let (rows, _) = read(document.as_bytes(), chunk, piece);
            for (range, cells) in rows {
                let Ok(cells) = cells else { continue };
                // If a line break without quotes cut a row, the part behind it has no known id.
                let Some(own) = (0..names.len()).find(|number| id(*number) == cells[0]) else { continue };
                for other in (0..names.len()).filter(|number| *number != own) {
                    let address = format!("u{other}@x.org");
                    prop_assert!(!cells[1..].contains(&address), "{} in {:?} of {:?}", address, &document[range], document);
                }
            }
        }

        #[test]
        fn any_bytes_give_the_same_rows_as_the_csv_crate(
            pieces in proptest::collection::vec(
                proptest::sample::select(vec![
                    &b"a"[..], b"b", b",", b",", b"\"", b"\"", b"\"", b"\r", b"\n", b"\n", b" ", b"\xff", b"\xc3\xa9",
                    b"\xef\xbb\xbf", b"user_1,", b"id,first_name,password_digest", b"$2a",
                ]),
                0..120,
            ),
            chunk in 1usize..80,
            piece in 1usize..50,
        ) {
            assert_agreement(&[HEADER, &pieces.concat()].concat(), chunk, piece);
        }
    }
}
