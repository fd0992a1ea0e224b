//! Rewrites one import statement: which names are cut, which are renamed, which move to another statement.

use crate::edit::Edit;
use crate::lines::newline_of;
use crate::syntax::{Comment, Import, Range};

/// A name of an import with all that belongs to it: the comma behind it, comments beside it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    /// All of it; the segments of a statement follow one another without a gap.
    pub range: Range,
    /// Whether a comment is in it.
    pub has_comment: bool,
    /// Whether a comment at its end needs its own line.
    ends_with_line_comment: bool,
    /// Whether it has a comma.
    comma: Option<usize>,
}

/// The segments of the names in the braces.
pub(super) fn segments(text: &str, import: &Import, comments: &[Comment]) -> Vec<Segment> {
    let Some(braces) = import.braces else { return Vec::new() };
    let inside: Vec<&Comment> = comments.iter().filter(|comment| braces.holds(comment.range)).collect();
    let in_comment = |at: usize| inside.iter().any(|comment| comment.range.start <= at && at < comment.range.end);
    let mut segments = Vec::new();
    let mut start = braces.start;
    for (index, name) in import.names.iter().enumerate() {
        let limit = import.names.get(index + 1).map_or(braces.end, |next| next.range.start);
        let between = Range { start: name.range.end, end: limit }.of(text);
        let comma = between.match_indices(',').map(|(at, _)| name.range.end + at).find(|at| !in_comment(*at));
        let mut end = comma.map_or(name.range.end, |comma| comma + 1);
        // Comments that begin on the same line belong to this name.
        let line_end = memchr::memchr2(b'\n', b'\r', &text.as_bytes()[end..limit]).map_or(limit, |at| end + at);
        let mut beside = inside.iter().filter(|comment| end <= comment.range.start && comment.range.start < line_end);
        // Where the next name is on this line, too, a comment between them belongs to the next one.
        let next_is_here = import.names.get(index + 1).is_some_and(|next| next.range.start <= line_end);
        let last = beside.rfind(|_| !next_is_here);
        if let Some(last) = last {
            end = last.range.end;
        }
        let range = Range { start, end };
        let has_comment = inside.iter().any(|comment| range.holds(comment.range));
        let ends_with_line_comment = last.is_some_and(|comment| comment.is_line)
            || (comma.is_none() && inside.iter().any(|comment| comment.is_line && comment.range.end == end));
        segments.push(Segment { range, has_comment, ends_with_line_comment, comma });
        start = end;
    }
    segments
}

/// Cuts names out of the braces; `keeps` has one answer a name, and at least one of them is yes.
pub(super) fn cut(text: &str, import: &Import, segments: &[Segment], keeps: &[bool]) -> Vec<Edit> {
    let Some(braces) = import.braces else { return Vec::new() };
    let mut edits: Vec<Edit> = segments
        .iter()
        .zip(keeps)
        .filter(|(_, keeps)| !**keeps)
        .map(|(segment, _)| Edit::remove(segment.range.start, segment.range.end))
        .collect();
    let Some(last_kept) = keeps.iter().rposition(|keeps| *keeps) else { return edits };
    let (Some(kept), Some(last)) = (segments.get(last_kept), segments.last()) else { return edits };
    if let (true, None, Some(comma)) = (last_kept + 1 < segments.len(), last.comma, kept.comma) {
        edits.push(Edit::remove(comma, comma + 1));
    }
    // The end of a line that went with a name: a comment before it would go on over what is behind.
    let tail = Range { start: last.range.end, end: braces.end };
    let kept = segments.iter().zip(keeps).filter(|(_, keeps)| **keeps).map(|(segment, _)| segment);
    let next = kept.clone().skip(1).map(|segment| segment.range).chain([tail]);
    for (segment, next) in kept.zip(next) {
        let begins_a_line = next.of(text).trim_start_matches([' ', '\t']).starts_with(['\n', '\r']);
        if segment.ends_with_line_comment && segment.range.end != next.start && !begins_a_line {
            edits.push(Edit::insert(next.start, newline_of(text)));
        }
    }
    edits
}

/// A name as it stands in a new statement: its text, and the comments beside it.
#[derive(Debug)]
pub(super) struct NewName {
    /// The name, with `type` and `as`.
    pub text: String,
    /// Comments before it.
    before: String,
    /// Comments behind it.
    behind: String,
}

impl NewName {
    /// A name that takes its comments along.
    pub(super) fn new(text: String, source: &str, name: Range, segment: &Segment) -> Self {
        if !segment.has_comment {
            return Self { text, before: String::new(), behind: String::new() };
        }
        let part = |start, end| Range { start, end }.of(source).trim();
        let before = part(segment.range.start, name.start);
        let Some(comma) = segment.comma else {
            return Self { text, before: before.to_owned(), behind: part(name.end, segment.range.end).to_owned() };
        };
        let (first, behind) = (part(name.end, comma), part(comma + 1, segment.range.end));
        // What stands between the name and its comma goes above it if it could not stand beside what is behind the comma.
        if first.is_empty() || (behind.is_empty() && !first.contains("//")) {
            let behind = if first.is_empty() { behind } else { first };
            return Self { text, before: before.to_owned(), behind: behind.to_owned() };
        }
        let before = if before.is_empty() { first.to_owned() } else { format!("{before}\n{first}") };
        Self { text, before, behind: behind.to_owned() }
    }

    /// A name without comments.
    pub(super) fn plain(text: String) -> Self {
        Self { text, before: String::new(), behind: String::new() }
    }

    fn has_comment(&self) -> bool {
        !self.before.is_empty() || !self.behind.is_empty()
    }
}

/// How the statement that names come from is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style<'a> {
    /// Its quote.
    pub quote: char,
    /// Whether it ends with a semicolon.
    pub has_semicolon: bool,
    /// Whether it is `import type`.
    pub is_type: bool,
    /// Before it on its line.
    pub indent: &'a str,
    /// How the file ends its lines.
    pub newline: &'static str,
}

impl Style<'_> {
    /// A statement of its own, without the end of its line.
    pub(super) fn statement(&self, module: &str, names: &[NewName]) -> String {
        let Self { quote, indent, newline, .. } = self;
        let import = if self.is_type { "import type" } else { "import" };
        let semicolon = if self.has_semicolon { ";" } else { "" };
        let names = if names.iter().any(NewName::has_comment) {
            let lines: Vec<String> = names
                .iter()
                .map(|NewName { text, before, behind }| {
                    let before = match before.as_str() {
                        "" => String::new(),
                        before => format!("{indent}  {before}{newline}"),
                    };
                    let space = if behind.is_empty() { "" } else { " " };
                    format!("{before}{indent}  {text},{space}{behind}{newline}")
                })
                .collect();
            format!("{newline}{}{indent}", lines.concat())
        } else {
            let names: Vec<&str> = names.iter().map(|name| name.text.as_str()).collect();
            format!(" {} ", names.join(", "))
        };
        format!("{import} {{{names}}} from {quote}{module}{quote}{semicolon}")
    }
}
