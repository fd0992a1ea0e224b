//! The name of a member, which is guessed or looked up.

use serde::de::{Deserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::cursor::{Content, Cursor};
use super::left_to_serde::LeftToSerde;
use super::names::{Found, Names};

/// The name that comes next, which begins at the cursor.
pub(super) struct Name<'m, 'de> {
    pub cursor: &'m mut Cursor<'de>,
    pub names: &'m mut Names,
    /// The place of the name that came last in the object, once its names were asked for.
    pub last: &'m mut Option<usize>,
}

impl<'de> Name<'_, 'de> {
    /// Reads the name and its colon.
    fn read(&mut self) -> Result<&'de str, LeftToSerde> {
        let Content::Plain(name) = self.cursor.string()? else { return Err(LeftToSerde) };
        self.cursor.expect(b':')?;
        Ok(name)
    }

    /// The place of the name among those that are asked for, guessed or looked up; or else the name.
    fn find(&mut self, asked: &'static [&'static str]) -> Result<Result<usize, &'de str>, LeftToSerde> {
        let last = match *self.last {
            Some(last) => last,
            None => self.names.beginning(asked).ok_or(LeftToSerde)?,
        };
        if let Some(Found { learnt, asked: Some(place), length }) =
            self.names.guess(last, self.cursor.rest_and_byte_before())
        {
            self.cursor.advance(length);
            *self.last = Some(learnt);
            return Ok(Ok(place));
        }
        let name = self.read()?;
        let found = self.names.look_up(last, name).ok_or(LeftToSerde)?;
        *self.last = Some(found.learnt);
        Ok(found.asked.ok_or(name))
    }
}

impl<'de> Deserializer<'de> for Name<'_, 'de> {
    type Error = LeftToSerde;

    fn deserialize_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, LeftToSerde> {
        visitor.visit_borrowed_str(self.read()?)
    }

    /// What asks for a struct in place of a name says which names it knows, and takes the place of one among them.
    fn deserialize_struct<V: Visitor<'de>>(
        mut self,
        _: &'static str,
        asked: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, LeftToSerde> {
        match self.find(asked)? {
            Ok(place) => visitor.visit_u64(place as u64),
            Err(name) => visitor.visit_borrowed_str(name),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
