//! Reads a plan one thing at a time: there may be many.

use std::cell::RefCell;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::Item;
use super::plan::{FORMAT, PlanInstance};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Why a plan is not read to its end.
#[derive(Debug, thiserror::Error)]
pub enum PlanReadError {
    /// It is no plan, or one of a newer program.
    #[error("is no plan: {0}")]
    NoPlan(String),
    /// It cannot be read, or what is read cannot be kept.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
}

/// What a thing of a plan is handed to.
type Take<'a> = &'a mut dyn FnMut(Item) -> io::Result<()>;

/// Reads a plan, hands over each of its things in the order of the file, and returns whose plan it is.
pub fn read_plan(reader: impl Read, take: Take<'_>) -> Result<PlanInstance, PlanReadError> {
    let failed = RefCell::new(None);
    let mut reader = BufReader::with_capacity(1 << 16, reader);
    // Editors on Windows put it before a text.
    if reader.fill_buf()?.starts_with(BYTE_ORDER_MARK) {
        reader.consume(BYTE_ORDER_MARK.len());
    }
    let mut json = serde_json::Deserializer::from_reader(reader);
    let read = Plan { take, failed: &failed }.deserialize(&mut json).and_then(|head| json.end().map(|()| head));
    match (failed.take(), read) {
        (Some(error), _) => Err(error.into()),
        (None, Err(error)) if error.is_io() => Err(io::Error::from(error).into()),
        (None, Err(error)) => Err(PlanReadError::NoPlan(error.to_string())),
        (None, Ok((format, _))) if format > FORMAT => {
            Err(PlanReadError::NoPlan("a newer version of this program made it".to_owned()))
        }
        (None, Ok((_, instance))) => Ok(instance),
    }
}

struct Plan<'a> {
    take: Take<'a>,
    failed: &'a RefCell<Option<io::Error>>,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Member {
    Format,
    Instance,
    Items,
    #[serde(other)]
    Other,
}

impl<'de> DeserializeSeed<'de> for Plan<'_> {
    type Value = (u32, PlanInstance);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Plan<'_> {
    type Value = (u32, PlanInstance);

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a plan")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Self { take, failed } = self;
        let (mut format, mut instance, mut has_items) = (None, None, false);
        while let Some(member) = map.next_key()? {
            match member {
                Member::Format => format = Some(map.next_value()?),
                Member::Instance => instance = Some(map.next_value()?),
                Member::Items => {
                    map.next_value_seed(Items { take: &mut *take, failed })?;
                    has_items = true;
                }
                Member::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        match (format, instance) {
            (None, _) => Err(A::Error::missing_field("format")),
            (_, None) => Err(A::Error::missing_field("instance")),
            _ if !has_items => Err(A::Error::missing_field("items")),
            (Some(format), Some(instance)) => Ok((format, instance)),
        }
    }
}

struct Items<'a> {
    take: Take<'a>,
    failed: &'a RefCell<Option<io::Error>>,
}

impl<'de> DeserializeSeed<'de> for Items<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Items<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of things")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(item) = list.next_element()? {
            if let Err(error) = (self.take)(item) {
                *self.failed.borrow_mut() = Some(error);
                return Err(A::Error::custom("what was read cannot be kept"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_read_thing_by_thing_and_what_is_none_is_said() {
        let item = r#"{"kind":"setting","id":"a","verdict":"moved","why":"It is."}"#;
        let plan = |format: u32, items: &str| {
            format!(
                r#"{{"items":[{items}],"format":{format},"new":1,"instance":{{"id":"ins_1","environment_type":"production"}}}}"#
            )
        };
        let read = |text: &str| {
            let mut ids = Vec::new();
            read_plan(text.as_bytes(), &mut |item| {
                ids.push(item.id);
                if ids.len() > 2 { Err(io::Error::other("full")) } else { Ok(()) }
            })
            .map(|instance| (instance.id, ids.clone()))
            .map_err(|error| error.to_string())
        };
        let two = [item, item].join(",");
        assert_eq!(read(&plan(1, &two)), Ok(("ins_1".to_owned(), vec!["a".to_owned(), "a".to_owned()])));
        assert_eq!(read(&plan(1, &[item, item, item].join(","))), Err("cannot be read: full".to_owned()));
        assert_eq!(read(&format!("\u{feff}{}", plan(1, item))), Ok(("ins_1".to_owned(), vec!["a".to_owned()])));
        assert!(read(&plan(9, "")).is_err_and(|error| error.contains("newer version")));
        for wrong in ["{}", "[]", "", "{\"format\":1}", &(plan(1, "") + "x")] {
            assert!(read(wrong).is_err_and(|error| error.starts_with("is no plan: ")), "{wrong}");
        }
    }
}
