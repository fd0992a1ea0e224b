//! Finds where the elements of a JSON array begin and end, without building a tree.
//!
//! An element is everything between two separators (`[`, `,`, `]`) at the array's own level, without the white space around
//! it. Inside an element brackets are matched and strings are skipped. The parser that gets the bytes decides whether they
//! are well-formed JSON. So a bad element costs one reject, and the elements after it are still found.
//!
//! Recovery is limited to what the brackets show. A closing bracket that does not fit closes the nearest opener of its kind
//! inside the element, or is a part of the element without a meaning. The boundaries are lost only if the array's end comes
//! while a `{` of an element is still open ([`FrameStep::Lost`]).
//!
//! The framer is a pure state machine over absolute offsets. It can stop at any byte and continue with the next buffer.

use memchr::memchr3;

use super::Extent;
use super::block::{BLOCK, Block, StringState};
use super::frame::{AtEnd, Bounds, FrameStep, Framer};
use super::nesting::Nesting;
use super::record::to_index;
use super::source_error::EXPORT_AGAIN;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FrameState {
    /// Behind the opening bracket: an element or the closing bracket may follow.
    First,
    /// Behind a comma: an element must follow.
    Next,
    /// Inside an element, outside its strings.
    Inside,
    /// Inside a string of an element.
    Text,
    /// Behind a backslash in a string.
    Escape,
}

/// [`Framer`] for the elements of an array, starting behind its `[`.
#[derive(Debug)]
pub(super) struct ElementFramer {
    cursor: u64,
    line: u64,
    state: FrameState,
    /// The unfinished element; `end` is one past its last byte that is not white space.
    element: Bounds,
    /// What is open inside the element. Nesting that is too deep for the parser is still followed, so that such an element
    /// is one reject.
    openers: Nesting,
    /// Whether the element's last closing bracket closed the element itself.
    closed: bool,
    elements: u64,
}

impl ElementFramer {
    /// A framer for an array whose `[` is just before `offset`, on `line`.
    pub(super) fn new(offset: u64, line: u64) -> Self {
        Self {
            cursor: offset,
            line,
            state: FrameState::First,
            element: Bounds { start: offset, end: offset, line },
            openers: Nesting::default(),
            closed: false,
            elements: 0,
        }
    }

    /// A framer for the array of a further page, whose `[` is just before `offset`, behind this many elements of others.
    pub(super) fn of_page(offset: u64, line: u64, elements: u64) -> Self {
        Self { elements, ..Self::new(offset, line) }
    }

    /// A framer that resumes at the start of the element with this number. It is there for certain: where a `]` stands, it is the
    /// one that is missing behind a comma.
    pub(super) fn resume(offset: u64, line: u64, number: u64) -> Self {
        Self { elements: number - 1, state: FrameState::Next, ..Self::new(offset, line) }
    }

    fn begin(&mut self, at: u64) {
        self.element = Bounds { start: at, end: at, line: self.line };
        self.state = FrameState::Inside;
        self.closed = false;
        self.openers.clear();
    }

    fn missing(&mut self, at: u64) -> FrameStep {
        self.elements += 1;
        FrameStep::Record(Bounds { start: at, end: at, line: self.line })
    }

    /// Handles a byte outside strings. Returns a step if the byte begins or ends something.
    fn outside(&mut self, byte: u8, at: u64) -> Option<FrameStep> {
        match (self.state, byte) {
            (_, b' ' | b'\t' | b'\r') => return None,
            (_, b'\n') => {
                self.line += 1;
                return None;
            }
            (FrameState::First, b']') => return Some(FrameStep::End),
            // The bracket is not consumed: after the missing element the array ends as usual.
            (FrameState::Next, b']') => {
                self.state = FrameState::First;
                self.cursor = at;
                return Some(self.missing(at));
            }
            (FrameState::First | FrameState::Next, b',') => {
                self.state = FrameState::Next;
                return Some(self.missing(at));
            }
            // The byte is not consumed: it is the first one of the element.
            (FrameState::First | FrameState::Next, _) => {
                self.begin(at);
                self.cursor = at;
                return Some(FrameStep::Begins(at));
            }
            (FrameState::Inside, b',') if self.openers.is_empty() => {
                self.state = FrameState::Next;
                self.elements += 1;
                return Some(FrameStep::Record(self.element));
            }
            (FrameState::Inside, b']') if self.openers.is_empty() => {
                self.state = FrameState::First;
                self.cursor = at;
                self.elements += 1;
                return Some(FrameStep::Record(self.element));
            }
            _ => {}
        }
        self.element.end = at + 1;
        self.take_byte(byte)
    }

    /// Handles a byte that belongs to the element.
    fn take_byte(&mut self, byte: u8) -> Option<FrameStep> {
        match byte {
            b'"' => self.state = FrameState::Text,
            b'{' | b'[' => self.openers.open(byte),
            b'}' => {
                self.close(b'{');
            }
            b']' if !self.close(b'[') => return Some(FrameStep::Lost(self.element)),
            _ => {}
        }
        None
    }

    /// Closes the nearest opener of this kind. Returns false if there is none.
    fn close(&mut self, opener: u8) -> bool {
        let closed = self.openers.close(opener);
        if closed {
            self.closed = self.openers.is_empty();
        }
        closed
    }
}

impl ElementFramer {
    /// Goes through the brackets of an element, 64 bytes at a time, until the element ends, a step is found, or fewer bytes
    /// remain. Returns the index of the next byte.
    ///
    /// Nearly all bytes of an export pass here. What is between elements is read byte by byte.
    fn blocks(&mut self, bytes: &[u8], mut index: usize, base: u64) -> (usize, Option<FrameStep>) {
        let mut string = match self.state {
            FrameState::Text => StringState { text: true, escape: false },
            FrameState::Escape => StringState { text: true, escape: true },
            FrameState::Inside | FrameState::First | FrameState::Next => StringState::default(),
        };
        while let (false, Some(block)) = (self.openers.is_empty(), bytes[index..].first_chunk::<BLOCK>()) {
            let Some(found) = Block::of(block, string) else { break };
            let mut brackets = found.brackets;
            while brackets != 0 {
                let at = brackets.trailing_zeros();
                brackets &= brackets - 1;
                let bracket = block[at as usize];
                if self.openers.pass(bracket) {
                    continue;
                }
                let step = self.take_byte(bracket);
                if step.is_some() || self.openers.is_empty() {
                    self.line += u64::from((found.line_breaks & ((1 << at) - 1)).count_ones());
                    self.state = FrameState::Inside;
                    index += at as usize + 1;
                    self.element.end = base + index as u64;
                    // `take_byte` made the step before the end of the element moved.
                    let lost = |_| FrameStep::Lost(self.element);
                    return (index, step.map(lost));
                }
            }
            // Counting bits takes a while, and most blocks have none.
            if found.line_breaks != 0 {
                self.line += u64::from(found.line_breaks.count_ones());
            }
            string = found.end;
            index += BLOCK;
            self.element.end = base + index as u64;
        }
        self.state = match string {
            StringState { text: false, .. } => FrameState::Inside,
            StringState { escape: false, .. } => FrameState::Text,
            StringState { escape: true, .. } => FrameState::Escape,
        };
        (index, None)
    }
}

impl Framer for ElementFramer {
    fn step(&mut self, bytes: &[u8], base: u64) -> FrameStep {
        let mut index = to_index(self.cursor.saturating_sub(base));
        // Up to this index, bytes are read one by one.
        let mut bytewise_until = 0;
        while index < bytes.len() {
            if index >= bytewise_until && !self.openers.is_empty() && bytes.len() - index >= BLOCK {
                let (next, step) = self.blocks(bytes, index, base);
                self.cursor = base + next as u64;
                if let Some(step) = step {
                    return step;
                }
                // The element goes on, so the next block has bytes that can only be read one by one.
                bytewise_until = if self.openers.is_empty() { next } else { next + BLOCK };
                index = next;
                continue;
            }
            let (byte, at) = (bytes[index], base + index as u64);
            match self.state {
                FrameState::Text => {
                    // Strings are most of an export: jump to the next byte that can matter.
                    let Some(jump) = memchr3(b'"', b'\\', b'\n', &bytes[index..]) else {
                        break;
                    };
                    index += jump;
                    match bytes[index] {
                        b'"' => self.state = FrameState::Inside,
                        b'\\' => self.state = FrameState::Escape,
                        // A string must not have a line break, and the parser will say so. It is counted to keep later
                        // positions correct.
                        _ => self.line += 1,
                    }
                    self.element.end = base + index as u64 + 1;
                }
                FrameState::Escape => {
                    self.line += u64::from(byte == b'\n');
                    self.element.end = at + 1;
                    self.state = FrameState::Text;
                }
                FrameState::First | FrameState::Next | FrameState::Inside => {
                    self.cursor = at + 1;
                    if let Some(step) = self.outside(byte, at) {
                        return step;
                    }
                }
            }
            index += 1;
        }
        self.cursor = base + bytes.len() as u64;
        FrameStep::More
    }

    fn skip(&mut self, extent: Extent) {
        self.cursor = self.element.start + u64::from(extent.bytes);
        self.line += u64::from(extent.line_breaks);
        self.element.end = self.cursor;
        self.closed = true;
    }

    fn finish(&mut self) -> AtEnd {
        let (whole, inside) = match self.state {
            FrameState::First if self.elements == 0 => (None, "before the first record".to_owned()),
            FrameState::First | FrameState::Next => (None, "between records".to_owned()),
            FrameState::Inside if self.closed && self.openers.is_empty() => {
                self.elements += 1;
                self.state = FrameState::Next;
                (Some(self.element), "behind a record, before the array's closing `]`".to_owned())
            }
            FrameState::Inside | FrameState::Text | FrameState::Escape => {
                let Bounds { start, line, .. } = self.element;
                (None, format!("inside record {} (starts at line {line}, byte offset {start})", self.elements + 1))
            }
        };
        AtEnd::Truncated { whole, inside, repair: EXPORT_AGAIN }
    }

    fn cursor(&self) -> (u64, u64) {
        (self.cursor, self.line)
    }

    fn unfinished(&self) -> Option<Bounds> {
        match self.state {
            FrameState::First | FrameState::Next => None,
            FrameState::Inside => Some(self.element),
            FrameState::Text | FrameState::Escape => Some(Bounds { end: self.cursor, ..self.element }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames `text` (the inside of an array and its closing bracket), which arrives in pieces of `piece` bytes.
    fn frames(text: &str, piece: usize) -> (Vec<String>, Option<FrameStep>) {
        let mut framer = ElementFramer::new(0, 1);
        let mut seen = Vec::new();
        let mut available = 0;
        loop {
            match framer.step(&text.as_bytes()[..available], 0) {
                FrameStep::More if available == text.len() => return (seen, None),
                FrameStep::More => available = (available + piece).min(text.len()),
                FrameStep::Begins(_) => {}
                FrameStep::Record(bounds) => {
                    seen.push(bounds.of(text).to_owned());
                }
                step => return (seen, Some(step)),
            }
        }
    }

    #[test]
    fn elements_are_found_with_any_size_of_buffers() {
        let cases: &[(&str, &[&str])] = &[
            ("]", &[]),
            (" \n ]", &[]),
            (r#"{"a":1}]"#, &[r#"{"a":1}"#]),
            (r#" {"a":"}],{\"\\"} , {"b":[{},[]]} ]"#, &[r#"{"a":"}],{\"\\"}"#, r#"{"b":[{},[]]}"#]),
            ("1, null ,\"x\"]", &["1", "null", "\"x\""]),
            ("{},,{}]", &["{}", "", "{}"]),
            ("{},]", &["{}", ""]),
            (",{}]", &["", "{}"]),
            ("{} {} , {}]", &["{} {}", "{}"]),
            (r#"{"a":[1,2}, {"b":1}]"#, &[r#"{"a":[1,2}"#, r#"{"b":1}"#]),
            ("{\"a\":1}}, {}]", &["{\"a\":1}}", "{}"]),
        ];
        for (text, expected) in cases {
            for piece in 1..=text.len() {
                let (seen, end) = frames(text, piece);
                assert_eq!(&seen, expected, "{text} in pieces of {piece}");
                assert_eq!(end, Some(FrameStep::End), "{text} in pieces of {piece}");
            }
        }
    }

    #[test]
    fn an_element_that_never_closes_loses_the_structure() {
        let (seen, end) = frames(r#"{}, {"a":{"b":1}, {"c":2}]"#, 3);
        assert_eq!(seen, ["{}"]);
        assert_eq!(end, Some(FrameStep::Lost(Bounds { start: 4, end: 26, line: 1 })));
    }

    #[test]
    fn lines_are_counted_inside_and_between_elements() {
        let text = "\n{\n\"a\":1},\n\n{}]";
        let mut framer = ElementFramer::new(0, 1);
        let steps = [(); 5].map(|()| framer.step(text.as_bytes(), 0));
        let [FrameStep::Begins(1), FrameStep::Record(first), FrameStep::Begins(12), FrameStep::Record(second), end] =
            steps
        else {
            panic!("{steps:?}")
        };
        assert_eq!((first.line, second.line, end), (2, 5, FrameStep::End));
    }
}
