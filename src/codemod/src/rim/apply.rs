//! The new text of a file, which has to parse before anything is written.

use crate::edit::apply;
use crate::project::FilePlan;
use crate::syntax::{Language, parses};

/// The new text, or why there is none: a bug, and the file is left.
pub(super) fn new_text(file: &FilePlan) -> Result<String, String> {
    let text = apply(&file.text, &file.edits).map_err(|error| error.to_string())?;
    let language = Language::of(&file.path).filter(|_| file.is_code);
    match language {
        Some(language) if !parses(&text, language) => {
            Err("the changed text would not parse; the file was left".to_owned())
        }
        _ => Ok(text),
    }
}
