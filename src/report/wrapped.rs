//! Text for people, as wide as their terminal: no word is broken where a line ends.

use std::borrow::Cow;

use terminal_size::{Height, Width};

/// Where the rest of a line begins that has no table's column.
const LEFT: usize = 2;

/// The text as wide as a terminal of this size; as it is if it goes to none.
pub(super) fn for_terminal(text: &str, size: Option<(Width, Height)>) -> Cow<'_, str> {
    match size {
        Some((Width(columns), _)) => wrapped(text, usize::from(columns)),
        None => Cow::Borrowed(text),
    }
}

/// The text in lines of at most this many characters. A word that is longer than that stays whole.
fn wrapped(text: &str, columns: usize) -> Cow<'_, str> {
    if text.lines().all(|line| width(line) <= columns) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for line in text.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        write_line(&mut out, line, columns);
        out.push_str(end);
    }
    Cow::Owned(out)
}

/// Writes a line, and behind its end the rest of it below the column in which its text begins; a word that has no room there
/// begins at the left.
fn write_line(out: &mut String, line: &str, columns: usize) {
    if width(line) <= columns {
        out.push_str(line);
        return;
    }
    let (before, text) = line.split_at(beginning(line, columns));
    let indent = width(before);
    let below = if indent > 0 { indent } else { LEFT };
    out.push_str(before);
    let mut column = indent;
    for (place, word) in text.split(' ').enumerate() {
        let width = width(word);
        let room = [below, LEFT, 0].into_iter().find(|room| room + width <= columns);
        match room {
            Some(room) if place > 0 && column + 1 + width > columns => {
                out.truncate(out.trim_end_matches(' ').len());
                out.push('\n');
                out.push_str(&" ".repeat(room));
                column = room + width;
            }
            _ => {
                let gap = usize::from(place > 0);
                out.push_str(&" ".repeat(gap));
                column += gap + width;
            }
        }
        out.push_str(word);
    }
}

/// Where the text of a line begins, in bytes: behind the last gap in its first half, since a table has gaps between its columns.
fn beginning(line: &str, columns: usize) -> usize {
    let gaps = line.match_indices("  ").map(|(at, _)| at);
    let ends = gaps.filter_map(|at| Some(at + line[at..].find(|character| character != ' ')?));
    ends.take_while(|end| width(&line[..*end]) * 5 <= columns * 3).last().unwrap_or(0)
}

/// How many characters of it are shown: colours are not.
fn width(text: &str) -> usize {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().chars().count();
    first + parts.map(|part| part.split_once('m').map_or(part, |(_, shown)| shown).chars().count()).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_is_broken_and_the_rest_stands_below_the_text() {
        let text = "Rejects: rejects.ndjson (mend the records)\n       2 no_email    the user has no address\nshort\n";
        assert_eq!(
            wrapped(text, 36),
            "Rejects: rejects.ndjson (mend the\n  records)\n       2 no_email    the user has no\n                     address\nshort\n"
        );
        assert_eq!(wrapped(text, 80), text);
        let path = "20261126 finished       /a/long/path/to/users.json -> target";
        assert_eq!(wrapped(path, 32), "20261126 finished\n  /a/long/path/to/users.json ->\n  target");
        let red = "\u{1b}[31merror:\u{1b}[0m two words";
        assert_eq!(wrapped(red, 16), red);
        assert_eq!(wrapped("a verylongwordthatfitsnowhere ü b", 10), "a verylongwordthatfitsnowhere\n  ü b");
    }

    #[test]
    fn nothing_is_lost_at_any_width() {
        let text = "  a  bb ccc   dddd\n\nüü öö ää    ß ßß\n    \n x";
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        for columns in 0..24 {
            assert_eq!(words(&wrapped(text, columns)), words(text), "{columns}");
        }
    }
}
