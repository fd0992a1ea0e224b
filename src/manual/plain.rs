//! A page as a terminal shows it. The pages keep to a small part of Markdown, so this is no reader of all of it.

/// The width of a terminal.
const COLUMNS: usize = 80;

/// The page without the marks of Markdown: links are their text, code is indented, and the pages that it refers to are
/// listed at the end. Lines stay as they are broken in the file.
pub fn plain(page: &str) -> String {
    let mut text = String::with_capacity(page.len());
    let mut see_also = Vec::new();
    let mut is_code = false;
    for line in page.lines() {
        if line.starts_with("```") {
            is_code = !is_code;
        } else if is_code {
            push(&mut text, &["    ", line]);
        } else if let Some((label, _)) = definition(line) {
            see_also.push(label);
        } else if let Some(heading) = line.strip_prefix("# ") {
            push(&mut text, &[&heading.to_uppercase()]);
        } else if let Some(heading) = line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#')) {
            push(&mut text, &[heading]);
            push(&mut text, &[&"-".repeat(heading.chars().count())]);
        } else if !is_rule_of_a_table(line) {
            push(&mut text, &[without_links(line).trim_start_matches("| ").trim_end_matches(" |")]);
        }
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    push_list(&mut text, "\nSee also: avnology help ", &see_also);
    text
}

/// Adds the items behind a heading, as many a line as fit a terminal; nothing if there are none.
fn push_list(text: &mut String, heading: &str, items: &[&str]) {
    let mut line = heading.to_owned();
    for (place, item) in items.iter().enumerate() {
        if line.len() + item.len() + 1 > COLUMNS {
            push(text, &[&line]);
            "    ".clone_into(&mut line);
        }
        let comma = if place + 1 < items.len() { ", " } else { "" };
        line.extend([item, comma]);
    }
    if !items.is_empty() {
        push(text, &[&line]);
    }
}

fn push(text: &mut String, parts: &[&str]) {
    let line = parts.concat();
    text.push_str(line.trim_end());
    text.push('\n');
}

/// The label and the target of a line like `[runs]: runs.md`.
pub(super) fn definition(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix('[')?.split_once("]: ")
}

/// The line between the header of a table and its rows.
fn is_rule_of_a_table(line: &str) -> bool {
    line.starts_with('|') && line.contains('-') && line.chars().all(|character| "|-: ".contains(character))
}

/// The line with `text` in place of `[text]` and `[text][label]`; what is in backticks stays as it is.
fn without_links(line: &str) -> String {
    let mut parts = line.split('`');
    let mut text = links_as_text(parts.next().unwrap_or_default());
    let mut is_code = true;
    for part in parts {
        text.push('`');
        text.push_str(&if is_code { part.to_owned() } else { links_as_text(part) });
        is_code = !is_code;
    }
    text
}

fn links_as_text(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, (link, after))) =
        rest.split_once('[').and_then(|(before, after)| Some((before, after.split_once(']')?)))
    {
        text.push_str(before);
        text.push_str(link);
        rest = after.strip_prefix('[').and_then(|label| label.split_once(']')).map_or(after, |(_, behind)| behind);
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_left_out_and_code_is_kept() {
        let page = "# Runs\n\nAs [said][pace], `[RUN…]` and [runs] are it.\n\n## Two\n\n| a | b |\n|---|---|\n| `x` | y |\n\n\
                    ```console run\n$ avnology [x]\n```\n\n[pace]: pace.md\n[runs]: runs.md\n";
        let expected = "RUNS\n\nAs said, `[RUN…]` and runs are it.\n\nTwo\n---\n\na | b\n`x` | y\n\n    $ avnology [x]\n\n\
                        See also: avnology help pace, runs\n";
        assert_eq!(plain(page), expected);
    }

    #[test]
    fn a_long_list_of_pages_is_broken_behind_a_comma() {
        let pages = [("metrics", "metrics.md"); 9].map(|(label, page)| format!("[{label}]: {page}\n")).concat();
        let expected = "X\n\nSee also: avnology help metrics, metrics, metrics, metrics, metrics, metrics,\n    \
                        metrics, metrics, metrics\n";
        assert_eq!(plain(&format!("# X\n\n{pages}")), expected);
    }
}
