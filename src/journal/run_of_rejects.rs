//! Which run an input comes from that is a rejects file.

use std::io::{BufRead, BufReader, Read};

use struson::reader::{JsonReader, JsonStreamReader, ReaderError, ValueType};

use crate::source::{BYTE_ORDER_MARK, Input, SourceError, unpacked};

/// The most that is looked at. Before the record itself a line has a few kilobytes, and what has no end is not kept.
const MOST_BYTES: u64 = 1024 * 1024;

/// The run that a rejects file comes from, as its first line says, wherever the file was copied to and packed or not. A pipe can be
/// read only once, so it is not known of one. Blocks.
///
/// # Errors
///
/// If the input cannot be opened.
pub fn run_of_rejects(input: &Input) -> Result<Option<String>, SourceError> {
    if input.is_pipe() {
        return Ok(None);
    }
    let content = unpacked(input)?;
    // If it is anything else, it is no rejects file; and what is damaged is reported when all of it is read.
    Ok(run_in(content).unwrap_or_default())
}

fn run_in(content: impl Read) -> Result<Option<String>, ReaderError> {
    let mut content = BufReader::new(content.take(MOST_BYTES));
    let has_mark = content.fill_buf().is_ok_and(|first| first.starts_with(BYTE_ORDER_MARK));
    content.consume(if has_mark { BYTE_ORDER_MARK.len() } else { 0 });
    run_of_line(&mut JsonStreamReader::new(content))
}

/// The `run` of an object that begins with a `code`, read no further than needed.
fn run_of_line(reader: &mut impl JsonReader) -> Result<Option<String>, ReaderError> {
    // A tool may have made one array of the lines.
    if reader.peek()? == ValueType::Array {
        reader.begin_array()?;
    }
    reader.begin_object()?;
    let mut is_reject = false;
    while reader.has_next()? {
        let name = reader.next_name_owned()?;
        is_reject |= name == "code";
        match name.as_str() {
            _ if !is_reject => return Ok(None),
            "run" => return reader.next_string().map(Some),
            _ => reader.skip_value()?,
        }
    }
    Ok(None)
}
