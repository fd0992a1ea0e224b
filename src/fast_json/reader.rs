//! Values as serde asks for them.

use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::cursor::{Content, Cursor};
use super::left_to_serde::LeftToSerde;
use super::name::Name;
use super::names::Names;
use super::raw_text::{RAW, RawText};
use super::unescaped::unescaped;

/// Values in values that are read, up to this depth, where `serde_json` reads 128. What is only skipped counts for itself.
const DEEPEST: usize = 60;

/// Reads values from a text.
pub(super) struct Reader<'de, 'n> {
    cursor: Cursor<'de>,
    names: &'n mut Names,
    depth: usize,
}

impl<'de, 'n> Reader<'de, 'n> {
    pub(super) fn new(text: &'de str, names: &'n mut Names) -> Self {
        Self { cursor: Cursor::new(text), names, depth: 0 }
    }

    /// Whether all was read.
    pub(super) fn is_at_end(&mut self) -> bool {
        self.cursor.is_at_end()
    }

    fn descend(&mut self) -> Result<(), LeftToSerde> {
        self.depth += 1;
        if self.depth > DEEPEST { Err(LeftToSerde) } else { Ok(()) }
    }

    #[inline]
    fn string<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, LeftToSerde> {
        match self.cursor.string()? {
            Content::Plain(text) => visitor.visit_borrowed_str(text),
            Content::Escaped(string) => visitor.visit_string(unescaped(string)?),
        }
    }

    #[inline]
    fn boolean<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, LeftToSerde> {
        if self.cursor.peek()? == b't' {
            self.cursor.word("true")?;
            visitor.visit_bool(true)
        } else {
            self.cursor.word("false")?;
            visitor.visit_bool(false)
        }
    }

    fn map<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, LeftToSerde> {
        self.cursor.expect(b'{')?;
        self.descend()?;
        let mut members = Members { reader: self, last: None, is_first: true, is_over: false };
        let value = visitor.visit_map(&mut members)?;
        if !members.is_over {
            return Err(LeftToSerde);
        }
        self.depth -= 1;
        Ok(value)
    }

    fn array<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, LeftToSerde> {
        self.cursor.expect(b'[')?;
        self.descend()?;
        let mut entries = Entries { reader: self, is_first: true, is_over: false };
        let value = visitor.visit_seq(&mut entries)?;
        if !entries.is_over {
            return Err(LeftToSerde);
        }
        self.depth -= 1;
        Ok(value)
    }
}

impl<'de> Deserializer<'de> for &mut Reader<'de, '_> {
    type Error = LeftToSerde;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, LeftToSerde> {
        match self.cursor.peek()? {
            b'"' => self.string(visitor),
            b'{' => self.map(visitor),
            b'[' => self.array(visitor),
            b't' | b'f' => self.boolean(visitor),
            b'n' => {
                self.cursor.word("null")?;
                visitor.visit_unit()
            }
            _ => match self.cursor.whole_number()? {
                number @ 0.. => visitor.visit_u64(number.unsigned_abs()),
                number => visitor.visit_i64(number),
            },
        }
    }

    #[inline]
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, LeftToSerde> {
        self.boolean(visitor)
    }

    #[inline]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, LeftToSerde> {
        self.cursor.peek()?;
        self.string(visitor)
    }

    #[inline]
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, LeftToSerde> {
        self.deserialize_str(visitor)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, LeftToSerde> {
        if self.cursor.peek()? == b'n' {
            self.cursor.word("null")?;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, LeftToSerde> {
        if name == RAW {
            return visitor.visit_map(RawText(Some(self.cursor.raw()?)));
        }
        visitor.visit_newtype_struct(self)
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, LeftToSerde> {
        self.array(visitor)
    }

    #[inline]
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, LeftToSerde> {
        self.map(visitor)
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, LeftToSerde> {
        self.map(visitor)
    }

    #[inline]
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, LeftToSerde> {
        self.cursor.skip()?;
        visitor.visit_unit()
    }

    /// `serde_json` has rules of its own for these, and no record needs them.
    fn deserialize_bytes<V: Visitor<'de>>(self, _: V) -> Result<V::Value, LeftToSerde> {
        Err(LeftToSerde)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, _: V) -> Result<V::Value, LeftToSerde> {
        Err(LeftToSerde)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, LeftToSerde> {
        Err(LeftToSerde)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, LeftToSerde> {
        Err(LeftToSerde)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        _: V,
    ) -> Result<V::Value, LeftToSerde> {
        Err(LeftToSerde)
    }

    fn deserialize_char<V: Visitor<'de>>(self, _: V) -> Result<V::Value, LeftToSerde> {
        Err(LeftToSerde)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, _: V) -> Result<V::Value, LeftToSerde> {
        Err(LeftToSerde)
    }

    forward_to_deserialize_any! { i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f64 unit unit_struct identifier }
}

/// The entries of an array.
struct Entries<'r, 'de, 'n> {
    reader: &'r mut Reader<'de, 'n>,
    is_first: bool,
    is_over: bool,
}

impl<'de> SeqAccess<'de> for &mut Entries<'_, 'de, '_> {
    type Error = LeftToSerde;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, LeftToSerde> {
        let cursor = &mut self.reader.cursor;
        match cursor.peek()? {
            b']' => {
                cursor.advance(1);
                self.is_over = true;
                return Ok(None);
            }
            b',' if !self.is_first => cursor.advance(1),
            _ if self.is_first => {}
            _ => return Err(LeftToSerde),
        }
        self.is_first = false;
        seed.deserialize(&mut *self.reader).map(Some)
    }
}

/// The members of an object.
struct Members<'r, 'de, 'n> {
    reader: &'r mut Reader<'de, 'n>,
    /// The place of the name that came last, once names were asked for.
    last: Option<usize>,
    is_first: bool,
    is_over: bool,
}

impl<'de> Members<'_, 'de, '_> {
    /// The place of the next name among those that are asked for, if it is the one that is expected.
    #[inline]
    fn guess(&mut self) -> Option<usize> {
        let Reader { cursor, names, .. } = &mut *self.reader;
        let (learnt, asked, length) = names.guess_behind_comma(self.last?, cursor.rest())?;
        cursor.advance(length);
        self.last = Some(learnt);
        Some(asked)
    }

    /// The next name, which was not guessed; `None` if there is none. It stays out of the way of those that were.
    #[inline(never)]
    fn look_up<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, LeftToSerde> {
        if !self.go_on()? {
            return Ok(None);
        }
        let Reader { cursor, names, .. } = &mut *self.reader;
        seed.deserialize(Name { cursor, names, last: &mut self.last }).map(Some)
    }

    /// Goes to the next name; `false` if there is none.
    fn go_on(&mut self) -> Result<bool, LeftToSerde> {
        let cursor = &mut self.reader.cursor;
        match cursor.peek()? {
            b'}' => {
                cursor.advance(1);
                self.is_over = true;
                return Ok(false);
            }
            b',' if !self.is_first => {
                cursor.advance(1);
                cursor.peek()?;
            }
            _ if self.is_first => {}
            _ => return Err(LeftToSerde),
        }
        self.is_first = false;
        Ok(true)
    }
}

impl<'de> MapAccess<'de> for &mut Members<'_, 'de, '_> {
    type Error = LeftToSerde;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, LeftToSerde> {
        // Nearly all names but the first of each object.
        if let Some(asked) = self.guess() {
            return seed.deserialize(asked.into_deserializer()).map(Some);
        }
        self.look_up(seed)
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, LeftToSerde> {
        seed.deserialize(&mut *self.reader)
    }
}
