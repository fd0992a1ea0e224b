//! The diff of a dry run, in the form that `git apply` takes.

use similar::TextDiff;

use crate::lines::lines_of;
use crate::other::{hide_keys, may_show};

/// Lines around a change.
const CONTEXT: usize = 3;

/// The change of a file. Where the lines near the change hold something like a key, they are shown without it, as lines that
/// `git apply` passes over.
pub fn unified(path: &str, before: &str, after: &str, is_environment: bool) -> String {
    // Git ends a line at a line feed and nowhere else.
    let (old_lines, new_lines) = (lines_of(before), lines_of(after));
    let diff = TextDiff::configure().diff_slices(&old_lines, &new_lines);
    let (old, new) = (git_path("a/", path), git_path("b/", path));
    let hunks = hunks(&diff);
    let shows_value = || hunks.lines().any(|line| !may_show(line.get(1..).unwrap_or_default()));
    if is_environment && shows_value() {
        return masked(path, &diff, "changes of variables, without values", |line| {
            let shown = line.find('=').map_or("…", |equals| &line[..=equals]);
            let value = if line.len() > shown.len() && line.contains('=') { "…" } else { "" };
            [shown, value].concat()
        });
    }
    if hide_keys(&hunks) != hunks {
        return masked(path, &diff, "a secret key stands near these changes and is not shown", hide_keys);
    }
    format!("diff --git {old} {new}\n--- {old}\n+++ {new}\n{hunks}")
}

fn hunks<'a>(diff: &TextDiff<'a, 'a, 'a, str>) -> String {
    let mut text = String::new();
    for hunk in diff.unified_diff().context_radius(CONTEXT).iter_hunks() {
        text.extend([hunk.header().to_string().as_str(), "\n"]);
        for change in hunk.iter_changes() {
            let end = if change.value().ends_with('\n') { "" } else { "\n\\ No newline at end of file\n" };
            text.extend([change.tag().to_string().as_str(), change.value(), end]);
        }
    }
    text
}

fn masked<'a>(path: &str, diff: &TextDiff<'a, 'a, 'a, str>, why: &str, shown: impl Fn(&str) -> String) -> String {
    let mut lines = format!("# {path}: {why}; `git apply` passes over them\n");
    for change in diff.iter_all_changes() {
        let mark = match change.tag() {
            similar::ChangeTag::Equal => continue,
            similar::ChangeTag::Delete => "-",
            similar::ChangeTag::Insert => "+",
        };
        lines.extend(["#   ", mark, shown(change.value().trim_end()).as_str(), "\n"]);
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
    fn only_a_line_feed_ends_a_line() {
        let diff = unified("a.ts", "x\r1\nold\ry\n", "x\r1\nnew\ry\n", false);
        let last = unified("a.ts", "x\r", "y\r", false);
        assert!(last.ends_with("-x\r\n\\ No newline at end of file\n+y\r\n\\ No newline at end of file\n"), "{last}");
        assert!(diff.ends_with("@@ -1,2 +1,2 @@\n x\r1\n-old\ry\n+new\ry\n"), "{diff}");
    }

    #[test]
    fn no_secret_key_of_code_stands_in_a_diff() {
        let before = "old\nconst key = \"sk_live_canary1\";\n";
        let diff = unified("a.ts", before, &before.replace("old", "new"), false);
        assert_eq!(
            diff,
            "# a.ts: a secret key stands near these changes and is not shown; `git apply` passes over them\n#   -old\n#   +new\n"
        );
        let diff = unified("a.ts", before, &before.replace("const", "let"), false);
        assert!(diff.contains("#   +let key = \"…\";") && !diff.contains("canary1"), "{diff}");
    }

    #[test]
    fn values_in_comments_and_over_several_lines_are_not_shown() {
        for near in
            ["# SECRET=sk_live_canary", "#A=1a2b canary", "KEY=\"-----BEGIN\nMIIcanary==\n\"", "A= # sk_test_canary"]
        {
            let before = format!("{near}\nCLERK_SECRET_KEY=\n");
            let diff = unified(".env.example", &before, &before.replace("CLERK_", "AVNOLOGY_"), true);
            assert!(!diff.contains("canary"), "{diff}");
        }
        let hint = "# See https://example.com/?a=1\nA=your-key\nCLERK_SECRET_KEY=\n";
        assert!(unified(".env.example", hint, &hint.replace("CLERK_", "AVNOLOGY_"), true).starts_with("diff"));
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
