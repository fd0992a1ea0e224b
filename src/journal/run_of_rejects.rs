//! Which run an input comes from that is a rejects file.

use std::fs::File;
use std::io::{self, BufRead, BufReader};

use struson::reader::{JsonReader, JsonStreamReader, ReaderError, ValueType};

use crate::source::{BYTE_ORDER_MARK, Input};

/// The run that a rejects file comes from, as its first line says, wherever the file was copied to.
pub fn run_of_rejects(input: &Input) -> io::Result<Option<String>> {
    let Input::File(path) = input else { return Ok(None) };
    if !path.is_file() {
        return Ok(None);
    }
    let mut file = BufReader::new(File::open(path)?);
    if file.fill_buf()?.starts_with(BYTE_ORDER_MARK) {
        file.consume(BYTE_ORDER_MARK.len());
    }
    let mut reader = JsonStreamReader::new(file);
    // If the file is anything else, it is no rejects file.
    Ok(run_of_line(&mut reader).unwrap_or_default())
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
