//! One text to one value.

use std::cell::RefCell;

use serde::Deserialize;

use super::left;
use super::names::Names;
use super::reader::Reader;

thread_local! {
    /// What this thread has learnt. Its size has a bound.
    static NAMES: RefCell<Names> = RefCell::default();
}

/// The value that `serde_json::from_str` would give, if the text is as usual; `None` if `serde_json` has to decide.
pub fn read<'de, T: Deserialize<'de>>(text: &'de str) -> Option<T> {
    let value = NAMES.with(|names| {
        // A value that reads another one within itself has that one read by serde_json.
        let mut names = names.try_borrow_mut().ok()?;
        let mut reader = Reader::new(text, &mut names);
        let value = T::deserialize(&mut reader).ok()?;
        reader.is_at_end().then_some(value)
    });
    if value.is_none() {
        left::count();
    }
    value
}
