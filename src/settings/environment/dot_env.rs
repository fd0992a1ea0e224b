//! The lines of `.env` that concern us.

use super::super::SettingsError;
use super::{OURS, is_ours};

/// What editors on Windows put before a text.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Reads the lines that concern us; the others belong to other programs, and may be in their own dialect.
///
/// A line of ours that was overlooked would send users to the default target.
pub(super) fn read_dot_env(text: &str) -> Result<Vec<(String, String)>, SettingsError> {
    let is_blank = |character: char| character.is_whitespace() || character == BYTE_ORDER_MARK;
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut variables = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let wrong = |problem: &str| SettingsError::DotEnv(format!("line {number} {problem}"));
        let line = line.trim_start_matches(is_blank);
        let exported = line.strip_prefix("export").filter(|rest| rest.starts_with(is_blank));
        let assignment = exported.unwrap_or(line).trim_start_matches(is_blank);
        if is_ours(assignment) {
            for variable in dotenvy::from_read_iter(assignment.as_bytes()) {
                // dotenvy's own message would repeat the line, which may hold the key.
                let wrong_value = |_| wrong("cannot be understood; put the value in single quotes");
                variables.push(variable.map_err(wrong_value)?);
            }
        } else if is_in_other_words(line) {
            return Err(wrong("sets a variable in a way that is not known here; write it as NAME=value"));
        }
    }
    Ok(variables)
}

/// Whether a line sets a variable of ours in some other way, as in `set NAME=value`.
fn is_in_other_words(line: &str) -> bool {
    let Some((begin, _)) = line.split_once('=').filter(|_| !line.starts_with('#')) else { return false };
    let Some((before, name)) = begin.trim_end().rsplit_once(OURS) else { return false };
    let is_of_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
    // Another program's variable may end as ours do, and its text may speak of them.
    name.chars().all(is_of_name) && !before.ends_with(is_of_name) && before.split_whitespace().count() < 2
}
