//! A JSON object whose members keep the bytes that they had.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members of an object, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct ApiObject(Vec<(String, Box<RawValue>)>);

impl ApiObject {
    /// Reads an object; none if the text is something else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    pub(super) fn members(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        self.0.iter().map(|(name, value)| (name.as_str(), &**value))
    }

    pub(super) fn get(&self, name: &str) -> Option<&RawValue> {
        self.members().find(|(member, _)| *member == name).map(|(_, value)| value)
    }

    /// Sets a member, in its place if there is one.
    pub(super) fn set(&mut self, name: &str, value: Box<RawValue>) {
        match self.0.iter_mut().find(|(member, _)| member == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.0.retain(|(member, _)| member != name);
    }

    /// Merges another object into this one, at any depth. Null removes a member.
    pub(super) fn merge(&mut self, other: &Self) {
        for (name, value) in other.members() {
            let merged = match (self.get(name).and_then(|old| Self::parse(old.get())), Self::parse(value.get())) {
                _ if value.get() == "null" => {
                    self.remove(name);
                    continue;
                }
                (Some(mut old), Some(new)) => {
                    old.merge(&new);
                    old.raw()
                }
                (None, Some(new)) => {
                    // What is null in it has nothing to remove.
                    let mut merged = Self::default();
                    merged.merge(&new);
                    merged.raw()
                }
                (_, None) => value.to_owned(),
            };
            self.set(name, merged);
        }
    }

    /// The object as a value of another one.
    pub(super) fn raw(&self) -> Box<RawValue> {
        // What is written below is JSON.
        RawValue::from_string(self.to_string()).unwrap_or_default()
    }
}

impl fmt::Display for ApiObject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("{")?;
        for (index, (name, value)) in self.0.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            let name = serde_json::to_string(name).map_err(|_| fmt::Error)?;
            write!(formatter, "{comma}{name}:{}", value.get())?;
        }
        formatter.write_str("}")
    }
}

impl<'de> Deserialize<'de> for ApiObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor;
        impl<'de> Visitor<'de> for ObjectVisitor {
            type Value = ApiObject;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<ApiObject, A::Error> {
                let mut object = ApiObject::default();
                while let Some((name, value)) = members.next_entry()? {
                    object.0.push((name, value));
                }
                Ok(object)
            }
        }
        deserializer.deserialize_map(ObjectVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_that_nothing_changes_keep_their_bytes() {
        let mut object = ApiObject::parse(r#"{ "a": 1e400, "b\n":[ 1 ], "c":{"d": 1,"e":2} }"#).unwrap();
        object.merge(&ApiObject::parse(r#"{"c":{"e":null,"f":{"g":null,"h":3}},"i":[null]}"#).unwrap());
        assert_eq!(object.to_string(), r#"{"a":1e400,"b\n":[ 1 ],"c":{"d":1,"f":{"h":3}},"i":[null]}"#);
        assert!(ApiObject::parse("[]").is_none());
    }
}
