//! Lines of a text: whole lines for what is removed, and what stands around a place.

use crate::syntax::Range;

/// The ending of a file's name, without its dot.
pub fn ending(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or("", |(_, ending)| ending)
}

/// The lines with their ends, as git sees them: a line feed ends a line, and nothing else does.
pub fn lines_of(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// How the file ends its lines.
pub fn newline_of(text: &str) -> &'static str {
    match memchr::memchr(b'\n', text.as_bytes()) {
        Some(at) if at > 0 && text.as_bytes()[at - 1] == b'\r' => "\r\n",
        None if text.contains('\r') => "\r",
        _ => "\n",
    }
}

/// What stands before a place on its line, if it is blank.
pub fn indent_at(text: &str, place: usize) -> &str {
    let before = &text[..place];
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let before = before[start..].trim_start_matches('\u{feff}');
    if before.trim().is_empty() { before } else { "" }
}

/// The range with its lines, if nothing else stands on them; and one of two blank lines that would meet.
pub fn whole_lines(text: &str, range: Range) -> Range {
    let begin = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[range.end..].find('\n').map(|at| range.end + at);
    let (before, behind) = (&text[begin..range.start], &text[range.end..line_end.unwrap_or(text.len())]);
    if !before.trim_start_matches('\u{feff}').trim().is_empty() || !behind.trim().is_empty() {
        return range;
    }
    let begin = begin + (before.len() - before.trim_start_matches('\u{feff}').len());
    let Some(line_end) = line_end else { return Range { start: begin, end: text.len() } };
    let mut end = line_end + 1;
    let blank_before = text[..begin].is_empty() || text[..begin].ends_with("\n\n") || text[..begin].ends_with("\n\r\n");
    if blank_before {
        end += ["\n", "\r\n"].into_iter().find(|blank| text[end..].starts_with(blank)).map_or(0, str::len);
    }
    Range { start: begin, end }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_alone_goes_with_its_lines() {
        let cut = |text: &str, what: &str| {
            let start = text.find(what).expect("the text");
            let Range { start, end } = whole_lines(text, Range { start, end: start + what.len() });
            format!("{}{}", &text[..start], &text[end..])
        };
        assert_eq!(cut("a\n  b\nc\n", "b"), "a\nc\n");
        assert_eq!(cut("a\n\nb\n\nc\n", "b"), "a\n\nc\n");
        assert_eq!(cut("a\r\n\r\nb\r\n\r\nc\r\n", "b"), "a\r\n\r\nc\r\n");
        assert_eq!(cut("a\nb // why\nc\n", "b"), "a\n // why\nc\n");
        assert_eq!(cut("a\nb", "b"), "a\n");
        assert_eq!(cut("\u{feff}b\nc", "b"), "\u{feff}c");
    }

    #[test]
    fn the_first_line_decides_how_lines_end() {
        assert_eq!(newline_of("a\r\nb\n"), "\r\n");
        assert_eq!(newline_of("a\nb\r\n"), "\n");
        assert_eq!(newline_of(""), "\n");
        assert_eq!(newline_of("a\rb"), "\r");
    }
}
