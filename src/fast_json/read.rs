//! One text to one value.

use std::cell::RefCell;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::DeserializeSeed;

use super::left;
use super::names::Names;
use super::reader::Reader;

thread_local! {
    /// What this thread has learnt. Its size has a bound.
    static NAMES: RefCell<Names> = RefCell::default();
}

/// The value that `serde_json::from_str` would give, if the text is as usual; `None` if `serde_json` has to decide.
pub fn read<'de, T: Deserialize<'de>>(text: &'de str) -> Option<T> {
    read_seed(text, PhantomData)
}

/// The same for a value that a seed makes of the text, or puts somewhere: if `serde_json` has to decide, a part of it may be there.
pub fn read_seed<'de, S: DeserializeSeed<'de>>(text: &'de str, seed: S) -> Option<S::Value> {
    let value = NAMES.with(|names| {
        // A value that reads another one within itself has that one read by serde_json.
        let mut names = names.try_borrow_mut().ok()?;
        let mut reader = Reader::new(text, &mut names);
        let value = seed.deserialize(&mut reader).ok()?;
        reader.is_at_end().then_some(value)
    });
    if value.is_none() {
        left::count();
    }
    value
}
