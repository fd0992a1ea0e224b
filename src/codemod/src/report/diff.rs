//! The diff of a dry run, in the form that `git apply` takes.

use similar::TextDiff;

use crate::other::{is_like_a_key, values};

/// Lines around a change.
const CONTEXT: usize = 3;

/// The change of a file. A file of environment variables whose lines near the change hold something like a key is shown
/// without its values, as lines that `git apply` passes over.
pub fn unified(path: &str, before: &str, after: &str, is_environment: bool) -> String {
    let diff = TextDiff::from_lines(before, after);
    let (old, new) = (git_path("a/", path), git_path("b/", path));
    let hunks = diff.unified_diff().context_radius(CONTEXT).header(&old, &new).to_string();
    let holds_key = || values(before).any(|(_, value)| is_like_a_key(value) && hunks.contains(value));
    if is_environment && holds_key() {
        return masked(path, &diff);
    }
    format!("diff --git {old} {new}\n{hunks}")
}

fn masked<'a>(path: &str, diff: &TextDiff<'a, 'a, 'a, str>) -> String {
    let mut lines = format!("# {path}: changes of variables, without values; `git apply` passes over them\n");
    for change in diff.iter_all_changes() {
        let mark = match change.tag() {
            similar::ChangeTag::Equal => continue,
            similar::ChangeTag::Delete => "-",
            similar::ChangeTag::Insert => "+",
        };
        let line = change.value().trim_end();
        let shown = line.find('=').map_or("…", |equals| &line[..=equals]);
        let value = if line.len() > shown.len() && line.contains('=') { "…" } else { "" };
        lines.extend(["#   ", mark, shown, value, "\n"]);
    }
    lines
}

/// A path as git writes it: in quotes if it has unusual characters.
fn git_path(side: &str, path: &str) -> String {
    let is_usual = |byte: u8| (0x20..0x7f).contains(&byte) && byte != b'"' && byte != b'\\';
    if path.bytes().all(is_usual) {
        return format!("{side}{path}");
    }
    let mut quoted = format!("\"{side}");
    for byte in path.bytes() {
        match byte {
            b'"' | b'\\' => quoted.extend(['\\', char::from(byte)]),
            byte if is_usual(byte) => quoted.push(char::from(byte)),
            byte => quoted.extend(['\\', octal(byte >> 6), octal(byte >> 3), octal(byte)]),
        }
    }
    quoted + "\""
}

/// The last octal digit of a number.
fn octal(number: u8) -> char {
    char::from(b'0' + number % 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_has_the_header_of_git() {
        let diff = unified("a b.ts", "x\ny\n", "x\nz\n", false);
        assert_eq!(diff, "diff --git a/a b.ts b/a b.ts\n--- a/a b.ts\n+++ b/a b.ts\n@@ -1,2 +1,2 @@\n x\n-y\n+z\n");
        assert!(unified("ä", "x\n", "y\n", false).starts_with("diff --git \"a/\\303\\244\" \"b/\\303\\244\"\n"));
    }

    #[test]
    fn no_key_stands_in_a_diff() {
        let before = "# x\nDATABASE=1a2b\nCLERK_SECRET_KEY=sk_test_canary\n";
        let diff = unified(".env.example", before, "# x\nDATABASE=1a2b\nAVNOLOGY_SECRET_KEY=\n", true);
        assert!(!diff.contains("canary") && !diff.contains("1a2b"), "{diff}");
        assert!(diff.contains("-CLERK_SECRET_KEY=…") && diff.contains("+AVNOLOGY_SECRET_KEY=\n"), "{diff}");
        assert!(diff.lines().all(|line| line.starts_with('#')));
    }
}
