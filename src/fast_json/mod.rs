//! Reads JSON the short way: it expects each object to have the names that the last object of its kind had.
//!
//! ```text
//! text ── read ──► Some(value)         as serde_json would give it
//!             └──► None                anything unusual: serde_json decides, and says what is wrong
//! ```
//!
//! Most bytes of an export are names of members, in the same order for each user. So `names` keeps, for each kind of object,
//! which name came behind which: the next one is then compared with the text, and neither searched for nor looked up. What
//! asks for members says which ones it knows (as the `fields` of `deserialize_struct` for a name), and gets the place of the
//! name in that list. Strings are searched 16 bytes at a time (`cursor`).
//!
//! It is a `Deserializer`: what a value becomes is decided by the same `Deserialize` as with `serde_json`. So one thing
//! only can go wrong, that it takes what `serde_json` refuses, or takes it for something else. `oracle` compares the
//! two, over texts that were changed in all ways. Errors are never made here, so their words are those of `serde_json`.
//!
//! Left to `serde_json` are: all that is malformed, wrong types, escapes in names, decimal numbers where their value
//! matters, numbers of more than 18 digits, deep nesting. [`left()`] counts them: a build that takes the long way for everything
//! would be right, only slow, and nobody would see it.

mod cursor;
mod left;
mod left_to_serde;
mod name;
mod names;
#[cfg(test)]
mod oracle;
mod raw_text;
mod read;
mod reader;
#[cfg(test)]
mod tests;
mod unescaped;

pub use left::left;
pub use read::{read, read_seed};
