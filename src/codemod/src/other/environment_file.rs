//! Files of environment variables. Names move, values never do.

use super::secret_key::hide_keys;
use crate::edit::Edit;
use crate::environment::{DOMAIN, PUBLISHABLE_KEY, SECRET_KEY, new_name};
use crate::lines::{ending, newline_of};
use crate::syntax::Range;

/// What kind of file of environment variables a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnvironmentFile {
    /// It shows which variables there are.
    Template,
    /// It is read when the application runs, and may hold keys.
    Real,
}

impl EnvironmentFile {
    /// By the file's name.
    pub fn of(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let rest = name.strip_prefix(".env");
        let is_environment = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', ' ', '-', '_']))
            || ending(name) == "env"
            || name.starts_with("env.example")
            || name.starts_with("env.template");
        if !is_environment || matches!(ending(name), "ts" | "js" | "mjs") {
            return None;
        }
        let shows = ["example", "template", "sample", "dist", "test", "schema", "defaults"];
        let is_template = name.split(['.', ' ', '-', '_']).any(|word| shows.contains(&word));
        Some(if is_template { Self::Template } else { Self::Real })
    }
}

/// A line that sets a variable.
#[derive(Clone, Copy, Debug)]
struct Line<'a> {
    start: usize,
    end: usize,
    name: &'a str,
    name_range: Range,
    value: Range,
}

fn lines(text: &str) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    let mut start = 0;
    for whole in text.split_inclusive('\n') {
        let end = start + whole.trim_end_matches(['\n', '\r']).len();
        if let Some(line) = line(text, start, end) {
            lines.push(line);
        }
        start += whole.len();
    }
    lines
}

fn line(text: &str, start: usize, end: usize) -> Option<Line<'_>> {
    // A mark at the beginning of the file is no part of its first line.
    let start = start + if text[start..end].starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let line = &text[start..end];
    let rest = line.trim_start();
    let rest = rest.strip_prefix("export ").map_or(rest, str::trim_start);
    let name_start = start + (line.len() - rest.len());
    let equals = rest.find('=')?;
    let name = rest[..equals].trim_end();
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_name {
        return None;
    }
    let behind = &rest[equals + 1..];
    let value = behind.trim_start();
    let value_start = end - value.len();
    let range = if let Some(quote) = value.chars().next().filter(|first| "\"'`".contains(*first)) {
        let length = value[1..].find(quote).unwrap_or(value.len() - 1);
        Range { start: value_start + 1, end: value_start + 1 + length }
    } else {
        let plain = value.find(" #").map_or(value, |comment| &value[..comment]).trim_end();
        Range { start: value_start, end: value_start + plain.len() }
    };
    Some(Line { start, end, name, name_range: Range { start: name_start, end: name_start + name.len() }, value: range })
}

/// Whether a value could be a key and not a hint such as `your-key`.
fn is_like_a_key(value: &str) -> bool {
    let is_hint = value.len() <= 48 && !value.bytes().any(|byte| byte.is_ascii_digit()) && !value.contains("sk_");
    !value.is_empty() && (!is_hint || value.contains("pk_"))
}

/// Whether a line near a change may be shown: it is blank, a comment in words, or a variable whose value is no key. A value may
/// also stand in a comment, or go on over several lines.
pub fn may_show(line: &str) -> bool {
    if hide_keys(line) != line {
        return false;
    }
    let bare = line.trim_start_matches('\u{feff}').trim();
    let without_mark = bare.trim_start_matches(['#', ' ']);
    match values(without_mark).next() {
        Some((_, value)) => !is_like_a_key(value) && !value.starts_with('='),
        None => {
            without_mark.len() != bare.len()
                || bare.is_empty()
                || bare.starts_with("@ ")
                || bare == "No newline at end of file"
        }
    }
}

/// The values that stand in a file, each with its name.
pub fn values(text: &str) -> impl Iterator<Item = (&str, &str)> {
    lines(text).into_iter().map(|line| (line.name, line.value.of(text)))
}

/// A template with the new names: a line is renamed, and where code of Clerk's still reads the variable, the new one is added
/// below.
pub fn swap_template(text: &str, is_kept: impl Fn(&str) -> bool) -> Vec<Edit> {
    let lines = lines(text);
    let has = |name: &str| lines.iter().any(|line| line.name == name);
    let newline = newline_of(text);
    let mut edits = Vec::new();
    for line in &lines {
        let Some(new) = new_name(line.name).filter(|new| !has(new)) else { continue };
        let value = line.value.of(text);
        let shown = if is_like_a_key(value) { "" } else { value };
        let before = Range { start: line.start, end: line.name_range.start }.of(text);
        if edits.is_empty() && !has(DOMAIN) {
            edits.push(Edit::insert(line.start, format!("{before}{DOMAIN}={newline}")));
        }
        if is_kept(line.name) {
            let between = Range { start: line.name_range.end, end: line.value.start }.of(text);
            let quote = between.chars().last().filter(|last| "\"'`".contains(*last));
            let closing = quote.map(String::from).unwrap_or_default();
            edits.push(Edit::insert(line.end, format!("{newline}{before}{new}{between}{shown}{closing}")));
        } else {
            edits.push(Edit::replace(line.name_range.start, line.name_range.end, new));
            if shown != value {
                edits.push(Edit::remove(line.value.start, line.value.end));
            }
        }
    }
    edits
}

/// A file that is in use gets the new names, empty, at its end; no line goes.
pub fn swap_real(text: &str) -> Vec<Edit> {
    let lines = lines(text);
    let has = |name: &str| lines.iter().any(|line| line.name == name);
    if !has(PUBLISHABLE_KEY) && !has(SECRET_KEY) {
        return Vec::new();
    }
    let newline = newline_of(text);
    let new = [Some(DOMAIN), new_name(PUBLISHABLE_KEY), new_name(SECRET_KEY)];
    let missing = new.into_iter().flatten().filter(|name| !has(name));
    let added: Vec<&str> = missing.flat_map(|name| [name, "=", newline]).collect();
    if added.is_empty() {
        return Vec::new();
    }
    let gap = if text.ends_with('\n') { "" } else { newline };
    vec![Edit::insert(text.len(), [gap, &added.concat()].concat())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::apply;

    fn template(text: &str, kept: &[&str]) -> String {
        apply(text, &swap_template(text, |name| kept.contains(&name))).expect("edits that do not meet")
    }

    #[test]
    fn a_template_gets_the_guides_names_and_no_key() {
        let text = "# Auth\nNEXT_PUBLIC_CLERK_PUBLISHABLE_KEY=pk_test_abc\nCLERK_SECRET_KEY='your-key' # secret\nA=1\n";
        let expected = "# Auth\nNEXT_PUBLIC_AVNOLOGY_DOMAIN=\nNEXT_PUBLIC_AVNOLOGY_PUBLISHABLE_KEY=\n\
                        AVNOLOGY_SECRET_KEY='your-key' # secret\nA=1\n";
        assert_eq!(template(text, &[]), expected);
        assert_eq!(template(expected, &[]), expected, "a second time changes nothing");
    }

    #[test]
    fn what_is_still_read_keeps_its_line() {
        let text = "export CLERK_SECRET_KEY=\"sk_test_1\"\r\n";
        let expected = "export NEXT_PUBLIC_AVNOLOGY_DOMAIN=\r\nexport CLERK_SECRET_KEY=\"sk_test_1\"\r\nexport AVNOLOGY_SECRET_KEY=\"\"\r\n";
        assert_eq!(template(text, &["CLERK_SECRET_KEY"]), expected);
        assert_eq!(template(expected, &["CLERK_SECRET_KEY"]), expected);
    }

    #[test]
    fn a_mark_at_the_beginning_stays_there() {
        let expected = "\u{feff}NEXT_PUBLIC_AVNOLOGY_DOMAIN=\nCLERK_SECRET_KEY=\nAVNOLOGY_SECRET_KEY=\n";
        assert_eq!(template("\u{feff}CLERK_SECRET_KEY=\n", &["CLERK_SECRET_KEY"]), expected);
    }

    #[test]
    fn comments_and_other_names_stay() {
        let text = "# CLERK_SECRET_KEY=sk_x\nMY_CLERK_SECRET_KEY=1\nCLERK_SECRET_KEY_2=2\n";
        assert_eq!(template(text, &[]), text);
    }

    #[test]
    fn a_file_in_use_only_grows() {
        let text = "CLERK_SECRET_KEY=sk_live_canary";
        let grown = apply(text, &swap_real(text)).expect("one edit");
        assert_eq!(
            grown,
            "CLERK_SECRET_KEY=sk_live_canary\nNEXT_PUBLIC_AVNOLOGY_DOMAIN=\nNEXT_PUBLIC_AVNOLOGY_PUBLISHABLE_KEY=\nAVNOLOGY_SECRET_KEY=\n"
        );
        assert!(swap_real(&grown).is_empty());
        assert!(swap_real("OTHER=1\n").is_empty());
    }

    #[test]
    fn names_say_what_a_file_is() {
        for path in [
            ".env.example",
            "apps/web/.env.template",
            ".example.env",
            ".env.local.example",
            ".env 2.example",
            ".env.test",
        ] {
            assert_eq!(EnvironmentFile::of(path), Some(EnvironmentFile::Template), "{path}");
        }
        for path in [".env", ".env.local", ".env.production", "a/prod.env"] {
            assert_eq!(EnvironmentFile::of(path), Some(EnvironmentFile::Real), "{path}");
        }
        for path in ["env.ts", ".environment", "src/env.mjs", "my.envelope", ".envrc"] {
            assert_eq!(EnvironmentFile::of(path), None, "{path}");
        }
    }

    #[test]
    fn a_hint_is_no_key() {
        for key in ["pk_test_", "sk_live_a", "whsec_1", "a1b2c3"] {
            assert!(is_like_a_key(key), "{key}");
        }
        for hint in ["", "your-key", "<secret key>", "changeme"] {
            assert!(!is_like_a_key(hint), "{hint}");
        }
    }
}
