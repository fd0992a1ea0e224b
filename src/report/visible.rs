//! Makes text with any data in it safe for a terminal.
//!
//! Control characters move the cursor, change colours and set titles; bidirectional overrides make text look like other
//! text. Both are shown as escapes.

use std::borrow::Cow;

/// Whether a terminal would act on the character instead of showing it: C0 and C1 controls, and the characters that
/// override the direction of text (Unicode, UAX #9).
fn acts(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Text in which everything that a terminal would act on is an escape such as `\u{9b}`. Line breaks and tabs stay.
pub fn visible(text: &str) -> Cow<'_, str> {
    let acts = |character: char| acts(character) && !matches!(character, '\n' | '\t');
    escaped(text, acts, |character| character.escape_unicode().to_string())
}

/// JSON text in which the same characters are JSON escapes such as `\u009b`. Outside strings JSON has none of them, so the
/// meaning stays.
pub fn visible_json(json: &str) -> Cow<'_, str> {
    let acts = |character: char| acts(character) && !matches!(character, '\n' | '\r' | '\t');
    escaped(json, acts, |character| format!("\\u{:04x}", u32::from(character)))
}

fn escaped(text: &str, acts: impl Fn(char) -> bool, escape: impl Fn(char) -> String) -> Cow<'_, str> {
    if !text.contains(&acts) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if acts(character) {
            out.push_str(&escape(character));
        } else {
            out.push(character);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_act_on_is_shown_as_an_escape() {
        assert_eq!(
            visible("a\u{1b}[2J\u{9b}31m\u{202e}b\u{2066}c\r\n"),
            "a\\u{1b}[2J\\u{9b}31m\\u{202e}b\\u{2066}c\\u{d}\n"
        );
        assert_eq!(visible("Zoë \u{200f}שלום 🙂\n\tx"), "Zoë \u{200f}שלום 🙂\n\tx");
    }

    #[test]
    fn json_means_what_it_meant() {
        let value = serde_json::json!({"a\u{85}": "x\u{1b}\u{9f}\u{202a}\u{2069}\u{7f}y", "b": ["é\n"]});
        let json = serde_json::to_string_pretty(&value).expect("JSON");
        let shown = visible_json(&json);
        assert!(
            !shown.contains(acts) || shown.chars().filter(|&character| acts(character)).all(|it| it == '\n'),
            "{shown}"
        );
        assert!(shown.contains("\\u009f\\u202a\\u2069\\u007f"), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).expect("JSON"), value);
    }
}
