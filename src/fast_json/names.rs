//! Which names the members of objects have, and which name follows which.

use wide::u8x16;

/// The most kinds of objects that are learnt.
const MOST_KINDS: usize = 32;

/// The most names that are learnt of one kind, also of members that nobody asks for.
const MOST_NAMES: usize = 256;

/// The longest name that is learnt, in bytes.
const LONGEST: usize = 64;

/// The bytes that are compared at once.
const PIECE: usize = 16;

/// The bytes of a name that are compared at first, with what stands around it.
const HEAD: usize = 2 * PIECE;

/// No name that was learnt.
const NONE: usize = usize::MAX;

/// What was learnt of all kinds of objects.
#[derive(Default)]
pub(super) struct Names {
    kinds: Vec<Kind>,
    /// The names of all kinds, in the order in which they first came, and for each kind one for the beginning of its objects.
    learnt: Vec<Learnt>,
}

/// One kind of objects.
struct Kind {
    /// The names that are asked for, by which the kind is known.
    asked: &'static [&'static str],
    /// The place before the first name of an object.
    beginning: usize,
    /// How many names were learnt of it.
    count: usize,
}

struct Learnt {
    /// A comma, the name in quotes, and its colon.
    written: Box<[u8]>,
    /// What that begins with, which is mostly all of it, to be compared at once.
    head: [u8; HEAD],
    /// Which bytes of the head are the name's, a bit for each: what is behind its end does not count.
    counts: u32,
    /// Its place among the names that are asked for.
    asked: Option<usize>,
    /// Which one came behind it the last time.
    next: usize,
    /// The place of its kind.
    kind: usize,
}

impl Learnt {
    fn new(kind: usize, name: &str, asked: Option<usize>) -> Self {
        let written = format!(",\"{name}\":").into_bytes();
        let (mut head, length) = ([0; HEAD], written.len().min(HEAD));
        head[..length].copy_from_slice(&written[..length]);
        let counts = u32::MAX >> (HEAD - length);
        Self { written: written.into_boxed_slice(), head, counts, asked, next: NONE, kind }
    }

    /// What is in place of a name before the first one, and is none.
    fn beginning(kind: usize) -> Self {
        Self { written: Box::default(), head: [0; HEAD], counts: 0, asked: None, next: NONE, kind }
    }

    /// Whether a text begins with a comma and the name; with any byte in place of the comma, if that `may_differ`.
    #[inline]
    fn begins(&self, text: &[u8], may_differ: bool) -> bool {
        // Not near the end of the text.
        if let Some(head) = text.first_chunk::<HEAD>() {
            let same = equal_bytes(head, &self.head) | u32::from(may_differ);
            let is_it = same & self.counts == self.counts;
            if !is_it || self.written.len() <= HEAD {
                return is_it;
            }
        }
        let [first, rest @ ..] = text else { return false };
        (may_differ || *first == b',') && rest.starts_with(self.quoted())
    }

    /// The name in quotes, and its colon.
    fn quoted(&self) -> &[u8] {
        self.written.get(1..).unwrap_or_default()
    }
}

/// Which bytes are the same, a bit for each.
#[inline]
fn equal_bytes(one: &[u8; HEAD], other: &[u8; HEAD]) -> u32 {
    let ((ones, _), (others, _)) = (one.as_chunks::<PIECE>(), other.as_chunks::<PIECE>());
    let same = |at: usize| u8x16::new(ones[at]).simd_eq(u8x16::new(others[at])).to_bitmask();
    same(0) | same(1) << PIECE
}

/// A name that was found.
#[derive(Clone, Copy)]
pub(super) struct Found {
    /// Its place among the learnt ones; the beginning of its kind if it is not learnt.
    pub learnt: usize,
    /// Its place among the names that are asked for.
    pub asked: Option<usize>,
    /// The bytes of the name, its quotes and its colon.
    pub length: usize,
}

impl Names {
    /// The place before the first name of an object of which these names are asked for; `None` if there are too many kinds.
    #[inline]
    pub(super) fn beginning(&mut self, asked: &'static [&'static str]) -> Option<usize> {
        let known = self.kinds.iter().find(|kind| std::ptr::eq(kind.asked, asked));
        known.map(|kind| kind.beginning).or_else(|| self.add(asked))
    }

    #[cold]
    fn add(&mut self, asked: &'static [&'static str]) -> Option<usize> {
        let (kind, beginning) = (self.kinds.len(), self.learnt.len());
        (kind < MOST_KINDS).then(|| {
            self.kinds.push(Kind { asked, beginning, count: 0 });
            self.learnt.push(Learnt::beginning(kind));
            beginning
        })
    }

    /// The name that came behind `last` the last time.
    #[inline]
    fn expected(&self, last: usize) -> Option<(usize, &Learnt)> {
        let next = self.learnt.get(last)?.next;
        Some((next, self.learnt.get(next)?))
    }

    /// That one, if it is one that is asked for and the text begins with it, behind a comma.
    #[inline]
    pub(super) fn guess_behind_comma(&self, last: usize, text: &[u8]) -> Option<(usize, usize, usize)> {
        let (next, learnt) = self.expected(last)?;
        let asked = learnt.asked?;
        learnt.begins(text, false).then_some((next, asked, learnt.written.len()))
    }

    /// That one, if it stands in the text behind one byte of any kind.
    #[inline]
    pub(super) fn guess(&self, last: usize, text: &[u8]) -> Option<Found> {
        let (next, learnt) = self.expected(last)?;
        let length = learnt.quoted().len();
        learnt.begins(text, true).then_some(Found { learnt: next, asked: learnt.asked, length })
    }

    /// Looks a name up that was not guessed, and learns that it came behind `last`.
    pub(super) fn look_up(&mut self, last: usize, name: &str) -> Option<Found> {
        let Learnt { next: expected, kind, .. } = *self.learnt.get(last)?;
        let is_it = |learnt: &Learnt| {
            learnt.kind == kind
                && learnt.written.len() == name.len() + 4
                && learnt.written.get(2..name.len() + 2) == Some(name.as_bytes())
        };
        // Where some names are left out, the one that came is a little behind the one that was expected.
        let expected = expected.min(self.learnt.len());
        let behind = self.learnt.iter().enumerate().skip(expected);
        let index = behind.chain(self.learnt.iter().enumerate().take(expected)).find(|(_, learnt)| is_it(learnt));
        let index = if let Some((index, _)) = index {
            index
        } else {
            let Kind { asked, beginning, count } = self.kinds.get_mut(kind)?;
            let place = asked.iter().position(|asked| *asked == name);
            if *count == MOST_NAMES || name.len() > LONGEST {
                return Some(Found { learnt: *beginning, asked: place, length: name.len() + 3 });
            }
            *count += 1;
            self.learnt.push(Learnt::new(kind, name, place));
            self.learnt.len() - 1
        };
        self.learnt.get_mut(last)?.next = index;
        let found = self.learnt.get(index)?;
        Some(Found { learnt: index, asked: found.asked, length: found.quoted().len() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: &[&str] = &["id", "name"];

    #[test]
    fn a_name_is_guessed_once_it_came_behind_the_one_before_it() {
        let mut names = Names::default();
        let beginning = names.beginning(ASKED).unwrap();
        assert_eq!(names.beginning(ASKED), Some(beginning));
        assert!(names.guess(beginning, b"{\"name\":1").is_none());
        let name = names.look_up(beginning, "name").unwrap();
        let other = names.look_up(name.learnt, "other").unwrap();
        assert_eq!((name.asked, other.asked), (Some(1), None));
        let guessed = names.guess(beginning, b"{\"name\":1").unwrap();
        assert_eq!((guessed.learnt, guessed.asked, guessed.length), (name.learnt, Some(1), 7));
        assert_eq!(names.guess_behind_comma(beginning, b",\"name\":1"), Some((name.learnt, 1, 8)));
        assert!(names.guess(beginning, b"{\"name\" :1").is_none());
        assert!(names.guess(name.learnt, b"{\"other\":1").is_some());
        assert!(names.guess_behind_comma(name.learnt, b",\"other\":1").is_none(), "nobody asks for it");
        assert_eq!(names.look_up(beginning, "other").unwrap().learnt, other.learnt);
        assert!(names.guess(beginning, b"{\"name\":1").is_none());
    }

    #[test]
    fn a_name_of_any_length_is_guessed_and_no_other_one() {
        for length in 0..=LONGEST {
            let mut names = Names::default();
            let name = "x".repeat(length);
            let asked: &[&str] = Box::leak(vec![&*Box::leak(name.clone().into_boxed_str())].into_boxed_slice());
            let beginning = names.beginning(asked).unwrap();
            names.look_up(beginning, &name).unwrap();
            for behind in ["", "1", "                                "] {
                let text = format!(",\"{name}\":{behind}");
                assert!(names.guess_behind_comma(beginning, text.as_bytes()).is_some(), "{text}");
                assert!(names.guess(beginning, text.as_bytes()).is_some(), "{text}");
                for changed in 0..length + 4 {
                    let mut other = text.clone().into_bytes();
                    other[changed] = b'y';
                    assert!(names.guess_behind_comma(beginning, &other).is_none(), "{text} {changed}");
                    let is_guessed = names.guess(beginning, &other).is_some();
                    assert_eq!(is_guessed, changed == 0, "what is before the name may differ: {text} {changed}");
                }
            }
        }
    }

    #[test]
    fn the_same_name_of_another_kind_is_another_one() {
        let mut names = Names::default();
        let (one, other) = (names.beginning(ASKED).unwrap(), names.beginning(&["name"]).unwrap());
        let (of_one, of_other) = (names.look_up(one, "name").unwrap(), names.look_up(other, "name").unwrap());
        assert_eq!((of_one.asked, of_other.asked), (Some(1), Some(0)));
        assert_eq!(names.guess(one, b"{\"name\":").unwrap().learnt, of_one.learnt);
        assert_eq!(names.look_up(one, "").unwrap().asked, None);
    }

    #[test]
    fn what_is_learnt_has_a_bound() {
        let mut names = Names::default();
        let beginning = names.beginning(ASKED).unwrap();
        for number in 0..2 * MOST_NAMES {
            names.look_up(beginning, &number.to_string()).unwrap();
        }
        let found = names.look_up(beginning, "id").unwrap();
        assert_eq!((found.asked, found.learnt), (Some(0), beginning));
        assert!(names.look_up(beginning, &"x".repeat(LONGEST + 1)).unwrap().asked.is_none());
        assert_eq!(names.learnt.len(), MOST_NAMES + 1);
        for _ in 0..2 * MOST_KINDS {
            names.beginning(Box::leak(vec!["id"].into_boxed_slice()));
        }
        assert_eq!(names.kinds.len(), MOST_KINDS);
    }
}
