//! The new text of a file. Code and package.json have to parse before anything is written.

use crate::edit::apply;
use crate::project::FilePlan;
use crate::syntax::{Language, parses, read_package_json};

/// The new text, or why there is none: a bug, and the file is left.
pub(super) fn new_text(file: &FilePlan) -> Result<String, String> {
    let text = apply(&file.text, &file.edits).map_err(|error| error.to_string())?;
    let language = Language::of(&file.path).filter(|_| file.is_code);
    let is_package = file.path.rsplit('/').next() == Some("package.json");
    let is_right = match language {
        Some(language) => parses(&text, language),
        None => !is_package || read_package_json(&text).is_some(),
    };
    if is_right { Ok(text) } else { Err("the changed text would not parse; the file was left".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::Edit;

    #[test]
    fn a_text_that_would_not_parse_is_not_written() {
        let new = |path: &str, text: &str| {
            let edits = vec![Edit::insert(text.len(), "}".to_owned())];
            let is_code = Language::of(path).is_some();
            new_text(&FilePlan { path: path.into(), text: text.into(), edits, is_code, ..FilePlan::default() })
        };
        assert_eq!(new("a.ts", "export {"), Ok("export {}".to_owned()));
        assert!(new("a.ts", "export {}").is_err());
        assert_eq!(new("web/package.json", "{").as_deref(), Ok("{}"));
        assert!(new("package.json", "{}").is_err());
        assert!(new("ci.yml", "a: {}").is_ok());
    }
}
