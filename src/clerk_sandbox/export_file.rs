//! The files of an export, record by record.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::kind::Kind;
use super::zstd_frames::ZstdFrames;

/// The form of a file, by the end of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    /// One record a line.
    Lines,
    /// `{"data":[…]}` or `[…]`.
    Json,
}

/// A file of an export: what is in it, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ExportFile {
    pub kind: Kind,
    form: Form,
    packing: Packing,
}

/// How a file is compressed, by the end of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Packing {
    None,
    Gzip,
    Zstd,
}

/// What is done with a record; its number is 1 for the first one.
pub(super) type Take<'a> = dyn FnMut(u64, &[u8]) -> Result<(), String> + 'a;

impl ExportFile {
    /// The file with this name; none if it is no file of records.
    pub(super) fn named(name: &str) -> Option<Self> {
        let (name, packing) = Packing::of(name);
        let (stem, form) = match name.strip_suffix(".ndjson") {
            Some(stem) => (stem, Form::Lines),
            None => (name.strip_suffix(".json")?, Form::Json),
        };
        Some(Self { kind: Kind::named(stem)?, form, packing })
    }

    /// A file of users with any name: pages of JSON if it ends in `.json`, and lines otherwise.
    pub(super) fn of_users(path: &Path) -> Self {
        let name = path.to_string_lossy();
        let (name, packing) = Packing::of(&name);
        let form = if name.ends_with("json") && !name.ends_with("ndjson") { Form::Json } else { Form::Lines };
        Self { kind: Kind::Users, form, packing }
    }

    /// Hands every record on, in order. An error says where it is.
    pub(super) fn read(self, path: &Path, take: &mut Take<'_>) -> Result<(), String> {
        let file = File::open(path).map_err(|error| error.to_string())?;
        let file: Box<dyn Read> = match self.packing {
            Packing::None => Box::new(file),
            Packing::Gzip => Box::new(MultiGzDecoder::new(file)),
            Packing::Zstd => Box::new(ZstdFrames::new(BufReader::new(file))),
        };
        let file = BufReader::with_capacity(1 << 18, file);
        match self.form {
            Form::Lines => read_lines(file, take),
            Form::Json => read_json(file, take),
        }
    }
}

impl Packing {
    /// How a file of this name is compressed, and the name without that.
    fn of(name: &str) -> (&str, Self) {
        match (name.strip_suffix(".gz"), name.strip_suffix(".zst")) {
            (Some(name), _) => (name, Self::Gzip),
            (_, Some(name)) => (name, Self::Zstd),
            _ => (name, Self::None),
        }
    }
}

fn read_lines(mut file: impl BufRead, take: &mut Take<'_>) -> Result<(), String> {
    let (mut line, mut number) = (Vec::new(), 0);
    loop {
        line.clear();
        number += 1;
        if file.read_until(b'\n', &mut line).map_err(|error| format!("line {number}: {error}"))? == 0 {
            return Ok(());
        }
        if !line.trim_ascii().is_empty() {
            take(number, line.trim_ascii()).map_err(|fault| format!("line {number}: {fault}"))?;
        }
    }
}

fn read_json(file: impl BufRead, take: &mut Take<'_>) -> Result<(), String> {
    let mut deserializer = serde_json::Deserializer::from_reader(file);
    let mut fault = None;
    let read = Envelope { take, fault: &mut fault }.deserialize(&mut deserializer).and_then(|()| deserializer.end());
    match (fault, read) {
        (Some(fault), _) => Err(fault),
        // serde_json's own message could repeat a value.
        (None, Err(error)) => Err(format!("line {}: it is no JSON of the form {{\"data\":[…]}} or […]", error.line())),
        (None, Ok(())) => Ok(()),
    }
}

/// `{"data":[…]}` or `[…]`, of which only one record at a time is in memory.
struct Envelope<'t, 'f> {
    take: &'t mut Take<'f>,
    fault: &'t mut Option<String>,
}

impl<'de> DeserializeSeed<'de> for Envelope<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Envelope<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("pages of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut records: A) -> Result<(), A::Error> {
        let mut number = 0;
        while let Some(record) = records.next_element::<Box<RawValue>>()? {
            number += 1;
            if let Err(fault) = (self.take)(number, record.get().as_bytes()) {
                *self.fault = Some(format!("record {number}: {fault}"));
                return Err(A::Error::custom("stopped"));
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut has_data = false;
        while let Some(name) = members.next_key::<String>()? {
            if name == "data" && !has_data {
                has_data = true;
                members.next_value_seed(Envelope { take: &mut *self.take, fault: &mut *self.fault })?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        if has_data { Ok(()) } else { Err(A::Error::missing_field("data")) }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn records(name: &str, content: &[u8]) -> Result<Vec<String>, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(name);
        std::fs::write(&path, content).unwrap();
        let mut records = Vec::new();
        let mut take = |_, record: &[u8]| {
            records.push(String::from_utf8(record.to_vec()).unwrap());
            if record == b"1" { Err("one".to_owned()) } else { Ok(()) }
        };
        ExportFile::named(name).unwrap().read(&path, &mut take)?;
        Ok(records)
    }

    #[test]
    fn lines_and_pages_give_the_same_records_to_the_byte() {
        let expected = [r#"{ "id":"a","n":1e400 }"#, r#"{"id":"b"}"#];
        for (name, content) in [
            ("users.ndjson", "{ \"id\":\"a\",\"n\":1e400 }\r\n\n{\"id\":\"b\"}"),
            ("users.json", r#"{"object":"list","data":[{ "id":"a","n":1e400 },{"id":"b"}],"total_count":2}"#),
            ("users.json", r#"[{ "id":"a","n":1e400 }, {"id":"b"}]"#),
        ] {
            assert_eq!(records(name, content.as_bytes()).unwrap(), expected, "{name}");
        }
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(expected.join("\n").as_bytes()).unwrap();
        assert_eq!(records("users.ndjson.gz", &gzip.finish().unwrap()).unwrap(), expected);
        let frame = |record: &str| zstd::encode_all(format!("{record}\n").as_bytes(), 1).unwrap();
        let frames = [frame(expected[0]), frame(expected[1])].concat();
        assert_eq!(records("users.ndjson.zst", &frames).unwrap(), expected);
        assert!(records("users.ndjson.zst", &frames[..frames.len() - 3]).is_err(), "one that breaks off");
    }

    #[test]
    fn a_fault_has_its_place_and_no_value() {
        assert_eq!(records("users.ndjson", b"{}\n\n1\n"), Err("line 3: one".to_owned()));
        assert_eq!(records("users.json", b"[{},1]"), Err("record 2: one".to_owned()));
        for content in ["{\"data\":\n[{\"a\":\"secret\"", "{\"users\":\n[]}", "\n\"secret\""] {
            let fault = records("users.json", content.as_bytes()).unwrap_err();
            assert!(fault.starts_with("line 2: it is no JSON") && !fault.contains("secret"), "{fault}");
        }
    }

    #[test]
    fn a_file_is_known_by_its_name() {
        let kind = |name| ExportFile::named(name).map(|file| file.kind);
        assert_eq!(kind("users.ndjson"), Some(Kind::Users));
        assert_eq!(kind("roles.json"), Some(Kind::OrganizationRoles));
        assert_eq!(kind("instance.ndjson.gz"), Some(Kind::Instance));
        assert_eq!((kind("manifest.json"), kind("users.csv"), kind("users")), (None, None, None));
    }
}
