//! How a reader begins: at the first record, or at a record that an earlier reader found.

use std::io::{self, Read};
use std::sync::Arc;

use super::beginning::{Beginning, PREFIX, begin, read_prefix};
use super::watching::{START, Watching};
use super::{RecordReader, Stage};
use crate::source::answer::{ANSWER, error_answer};
use crate::source::compressed::DataEnd;
use crate::source::decompress::Opened;
use crate::source::detect::detect;
use crate::source::elements::ElementFramer;
use crate::source::frame::Framer;
use crate::source::known::BLOCK_BYTES;
use crate::source::lines::LineFramer;
use crate::source::page::{Omitted, Page};
use crate::source::shape::Shape;
use crate::source::{Format, Input, InputWatch, Place, ReaderLimits, ResumePoint, SourceError};

impl RecordReader {
    /// Opens an input, finds its shape and reads up to its first record.
    pub fn open(input: &Input, limits: ReaderLimits) -> Result<Self, SourceError> {
        Self::open_watched(input, limits, &InputWatch::Nothing)
    }

    /// Opens an input like [`Self::open`], and watches its bytes.
    pub fn open_watched(input: &Input, limits: ReaderLimits, watch: &InputWatch) -> Result<Self, SourceError> {
        let (name, watched) = (input.name(), Watching::of(input, watch));
        let Opened { mut reader, compressed } = watched.decompress(input)?;
        let begun = match begin(reader.as_mut(), &name, limits) {
            Err(SourceError::Empty { .. }) if matches!(input, Input::EmptyFile(_)) => Ok(Beginning::of_nothing(limits)),
            begun => begun,
        };
        match begun {
            Ok(beginning) => {
                let mut begun = Self { compressed, watched, ..Self::begun(beginning, reader, name, limits) };
                begun.look_at_checksums();
                Ok(begun)
            }
            Err(error) => {
                let error = watched.explain(error, reader.as_mut(), &name);
                let is_cut_off = compressed.is_some_and(|compressed| compressed.ending() == Some(DataEnd::CutOff));
                if !is_cut_off || error.is_of_bytes() {
                    return Err(error);
                }
                Err(SourceError::CutOff { input: name, place: START, covered: 0, is_passed_on: false })
            }
        }
    }

    /// Resumes a file at a record that an earlier reader found. What is before it is not read again: it was checked then.
    /// Only the rows of a CSV are read again, because those without a user must be counted.
    pub fn resume(
        input: &Input,
        limits: ReaderLimits,
        point: ResumePoint,
        watch: &InputWatch,
    ) -> Result<Self, SourceError> {
        let ResumePoint { number, line, offset } = point;
        let (name, watched) = (input.name(), Watching::of(input, watch));
        // All parts of an object are of one version, so its beginning need not be watched.
        let is_object = matches!(input, Input::Object(_));
        let of_start = if is_object { Watching::default() } else { watched.clone() };
        let mut opened = of_start.decompress(input)?;
        let (prefix, at) = read_prefix(opened.reader.as_mut(), &name)?;
        let shape = detect(&prefix, prefix.len() < PREFIX, at, &name)?;
        if shape.header.is_some() {
            return Ok(Self { settled: number - 1, ..Self::open_watched(input, limits, watch)? });
        }
        let place = Place { line, offset };
        let Opened { mut reader, compressed } = open_at(input, &watched, opened, place)?;
        let mut start = Vec::new();
        if shape.format != Format::Lines {
            let read = reader.by_ref().take(2 * ANSWER as u64).read_to_end(&mut start);
            read.map_err(|reason| SourceError::read(&name, place, reason))?;
        }
        if error_answer(&start).is_some() {
            // It may be in place of a page or of a user. Only what is before it decides that.
            return Ok(Self { settled: number - 1, ..Self::open_watched(input, limits, watch)? });
        }
        let framer: Box<dyn Framer + Send> = if shape.format == Format::Lines {
            Box::new(LineFramer::new(offset, line))
        } else {
            Box::new(ElementFramer::resume(offset, line, number))
        };
        let (buffers, prefix, page) = (limits.buffers(), io::Cursor::default(), Page::resumed());
        let buffer = buffers.holding(&start);
        let in_place_of_page = None;
        let beginning = Beginning { shape, framer, prefix, buffer, buffers, base: offset, page, in_place_of_page };
        Ok(Self { compressed, watched, records: number - 1, ..Self::begun(beginning, reader, name, limits) })
    }

    /// Reads from `reader`, which messages call `input`.
    pub fn new(mut reader: Box<dyn Read + Send>, input: Arc<str>, limits: ReaderLimits) -> Result<Self, SourceError> {
        let beginning = begin(reader.as_mut(), &input, limits)?;
        Ok(Self::begun(beginning, reader, input, limits))
    }

    fn begun(beginning: Beginning, reader: Box<dyn Read + Send>, input: Arc<str>, limits: ReaderLimits) -> Self {
        let Beginning { shape, framer, prefix, buffer, buffers, base, page, in_place_of_page } = beginning;
        let Shape { format, header, .. } = shape;
        Self {
            input,
            format,
            header,
            limits,
            shard: None,
            settled: 0,
            reader: Box::new(prefix.chain(reader)),
            compressed: None,
            watched: Watching::default(),
            framer,
            buffer,
            buffers,
            base,
            gap: 0,
            page,
            stage: if in_place_of_page.is_some() { Stage::Behind } else { Stage::Records },
            in_place_of_page,
            beside: Omitted::default(),
            records: 0,
            covered: 0,
            verified: 0,
            kept_error: None,
            usual_records: 0,
        }
    }
}

/// What is behind this place of an input of which the beginning was opened. Compressed data can only be read from their beginning,
/// and watched data only from the beginning of a block.
fn open_at(input: &Input, watched: &Watching, beginning: Opened, place: Place) -> Result<Opened, SourceError> {
    let block = place.offset / BLOCK_BYTES as u64;
    let (mut opened, skipped) = if beginning.compressed.is_none() {
        let reader = Box::new(input.open_watched(&watched.watch, block)?);
        (Opened { reader, ..beginning }, place.offset - block * BLOCK_BYTES as u64)
    } else {
        (watched.decompress(input)?, place.offset)
    };
    let passed = io::copy(&mut opened.reader.by_ref().take(skipped), &mut io::sink());
    passed.map_err(|reason| SourceError::read(&input.name(), place, reason))?;
    Ok(opened)
}
