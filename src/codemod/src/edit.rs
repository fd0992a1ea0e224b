//! Changes by byte range: nothing is printed from a tree, so what is not named here stays as it is.

/// The bytes from `start` to `end` become `text`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    /// The first byte that goes.
    pub start: usize,
    /// The first byte that stays.
    pub end: usize,
    /// What stands there instead.
    pub text: String,
}

impl Edit {
    /// Replaces a range.
    pub fn replace(start: usize, end: usize, text: impl Into<String>) -> Self {
        Self { start, end, text: text.into() }
    }

    /// Inserts before the byte `at`.
    pub fn insert(at: usize, text: impl Into<String>) -> Self {
        Self::replace(at, at, text)
    }

    /// Removes a range.
    pub fn remove(start: usize, end: usize) -> Self {
        Self::replace(start, end, "")
    }
}

/// Two changes of the same bytes: a bug, and the file stays as it is.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("two changes meet at byte {at}; the file is left as it was")]
pub struct EditConflict {
    /// Where.
    pub at: usize,
}

/// The text with all edits. Those at the same place come in the order in which they are given.
///
/// # Errors
/// If two edits overlap, or one ends outside the text or inside a character.
pub fn apply(text: &str, edits: &[Edit]) -> Result<String, EditConflict> {
    let mut ordered: Vec<&Edit> = edits.iter().collect();
    ordered.sort_by_key(|edit| (edit.start, edit.end));
    let mut result = String::with_capacity(text.len() + edits.iter().map(|edit| edit.text.len()).sum::<usize>());
    let mut done = 0;
    for edit in ordered {
        let before = text.get(done..edit.start).filter(|_| text.is_char_boundary(edit.end) && edit.start <= edit.end);
        result.push_str(before.ok_or(EditConflict { at: edit.start })?);
        result.push_str(&edit.text);
        done = edit.end;
    }
    result.push_str(text.get(done..).ok_or(EditConflict { at: done })?);
    Ok(result)
}

/// Where a byte of the text stands after all edits. What is replaced is where its replacement begins.
pub fn place_after(edits: &[Edit], place: usize) -> usize {
    let mut after = place;
    for edit in edits {
        if edit.end <= place && (edit.start < place || edit.start == edit.end) {
            after = after + edit.text.len() - (edit.end - edit.start);
        } else if edit.start < place {
            after -= place - edit.start;
        }
    }
    after
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_between_edits_stay() {
        let edits = [Edit::replace(4, 5, "Ö"), Edit::insert(0, "<"), Edit::remove(1, 3), Edit::insert(5, ">")];
        assert_eq!(apply("abcdef", &edits), Ok("<adÖ>f".to_owned()));
    }

    #[test]
    fn places_go_along_with_edits() {
        let edits = [Edit::insert(0, "12"), Edit::replace(2, 4, "x")];
        let text = apply("abcdef", &edits).expect("edits");
        assert_eq!(text, "12abxef");
        let after: Vec<usize> = (0..6).map(|place| place_after(&edits, place)).collect();
        assert_eq!(after, [2, 3, 4, 4, 5, 6]);
    }

    #[test]
    fn edits_that_meet_are_refused() {
        assert_eq!(apply("abcdef", &[Edit::remove(0, 3), Edit::remove(2, 4)]), Err(EditConflict { at: 2 }));
        assert_eq!(apply("ä", &[Edit::remove(0, 1)]), Err(EditConflict { at: 0 }));
        assert_eq!(apply("a", &[Edit::insert(2, "b")]), Err(EditConflict { at: 2 }));
    }
}
