//! Which names the members of objects have, and which name follows which.

/// The most kinds of objects that are learnt.
const MOST_KINDS: usize = 32;

/// The most names that are learnt of one kind, also of members that nobody asks for.
const MOST_NAMES: usize = 256;

/// The longest name that is learnt, in bytes.
const LONGEST: usize = 64;

/// The bytes of a word.
const WORD: usize = 8;

/// The bytes of a name that are compared at once, with its quotes and its colon.
const HEAD: usize = 32;

/// The place before the first name of an object.
pub(super) const BEGINNING: usize = 0;

/// What was learnt of all kinds of objects.
#[derive(Default)]
pub(super) struct Names {
    kinds: Vec<Kind>,
}

/// What was learnt of one kind of objects.
struct Kind {
    /// The names that are asked for, by which the kind is known.
    asked: &'static [&'static str],
    /// The names that came, in the order in which they first did, behind one for [`BEGINNING`].
    learnt: Vec<Learnt>,
}

#[derive(Default)]
struct Learnt {
    /// The name in quotes, and its colon.
    quoted: Box<[u8]>,
    /// What that begins with, which is mostly all of it, to be compared at once.
    head: [Word; HEAD / WORD],
    /// Its place among the names that are asked for.
    asked: Option<usize>,
    /// Which one came behind it the last time.
    next: usize,
}

/// Some bytes of a name, or less of them: what is behind its end does not count.
#[derive(Clone, Copy, Default)]
struct Word {
    bytes: u64,
    count: u64,
}

impl Learnt {
    fn new(name: &str, asked: Option<usize>) -> Self {
        let quoted = format!("\"{name}\":").into_bytes();
        let mut head = [Word::default(); _];
        for (word, piece) in head.iter_mut().zip(quoted.chunks(WORD)) {
            let (mut bytes, mut count) = ([0; WORD], [0; WORD]);
            bytes[..piece.len()].copy_from_slice(piece);
            count[..piece.len()].fill(0xff);
            *word = Word { bytes: u64::from_ne_bytes(bytes), count: u64::from_ne_bytes(count) };
        }
        Self { head, quoted: quoted.into_boxed_slice(), asked, next: BEGINNING }
    }

    /// Whether a text begins with the name.
    #[inline]
    fn begins(&self, text: &[u8]) -> bool {
        // Not near the end of the text.
        if let Some(head) = text.first_chunk::<HEAD>() {
            let words = head.as_chunks::<WORD>().0.iter().zip(&self.head);
            let differences = words.map(|(piece, word)| (u64::from_ne_bytes(*piece) ^ word.bytes) & word.count);
            // All words, because the names end in different ones.
            let is_it = differences.fold(0, |one, other| one | other) == 0;
            if !is_it || self.quoted.len() <= HEAD {
                return is_it;
            }
        }
        text.starts_with(&self.quoted)
    }
}

/// A name that was found.
#[derive(Clone, Copy)]
pub(super) struct Found {
    /// Its place among the learnt ones; [`BEGINNING`] if it is not learnt.
    pub learnt: usize,
    /// Its place among the names that are asked for.
    pub asked: Option<usize>,
    /// The bytes of the name, its quotes and its colon.
    pub length: usize,
}

impl Names {
    /// The kind of objects of which these names are asked for; `None` if there are too many kinds.
    #[inline]
    pub(super) fn kind(&mut self, asked: &'static [&'static str]) -> Option<usize> {
        let known = self.kinds.iter().position(|kind| std::ptr::eq(kind.asked, asked));
        known.or_else(|| self.add(asked))
    }

    #[cold]
    fn add(&mut self, asked: &'static [&'static str]) -> Option<usize> {
        (self.kinds.len() < MOST_KINDS).then(|| {
            self.kinds.push(Kind { asked, learnt: vec![Learnt::default()] });
            self.kinds.len() - 1
        })
    }

    /// The name that came behind `last` the last time, if the text begins with it.
    #[inline]
    pub(super) fn guess(&self, kind: usize, last: usize, text: &[u8]) -> Option<Found> {
        let learnt = &self.kinds.get(kind)?.learnt;
        let next = learnt.get(last)?.next;
        let learnt = learnt.get(next)?;
        let is_next = next != BEGINNING && learnt.begins(text);
        is_next.then_some(Found { learnt: next, asked: learnt.asked, length: learnt.quoted.len() })
    }

    /// Looks a name up that was not guessed, and learns that it came behind `last`.
    pub(super) fn look_up(&mut self, kind: usize, last: usize, name: &str) -> Option<Found> {
        let Kind { asked, learnt } = self.kinds.get_mut(kind)?;
        let is_it = |learnt: &Learnt| {
            learnt.quoted.len() == name.len() + 3 && learnt.quoted.get(1..=name.len()) == Some(name.as_bytes())
        };
        // Where some names are left out, the one that came is a little behind the one that was expected.
        let expected = learnt.get(last)?.next;
        let behind = learnt.iter().enumerate().skip(expected);
        let index = behind.chain(learnt.iter().enumerate().take(expected)).find(|(_, learnt)| is_it(learnt));
        let index = if let Some((index, _)) = index {
            index
        } else {
            let place = asked.iter().position(|asked| *asked == name);
            if learnt.len() > MOST_NAMES || name.len() > LONGEST {
                return Some(Found { learnt: BEGINNING, asked: place, length: name.len() + 3 });
            }
            learnt.push(Learnt::new(name, place));
            learnt.len() - 1
        };
        learnt.get_mut(last)?.next = index;
        let found = learnt.get(index)?;
        Some(Found { learnt: index, asked: found.asked, length: found.quoted.len() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: &[&str] = &["id", "name"];

    #[test]
    fn a_name_is_guessed_once_it_came_behind_the_one_before_it() {
        let mut names = Names::default();
        let kind = names.kind(ASKED).unwrap();
        assert_eq!(names.kind(ASKED), Some(kind));
        assert!(names.guess(kind, BEGINNING, b"\"name\":1").is_none());
        let name = names.look_up(kind, BEGINNING, "name").unwrap();
        let other = names.look_up(kind, name.learnt, "other").unwrap();
        assert_eq!((name.asked, other.asked), (Some(1), None));
        let guessed = names.guess(kind, BEGINNING, b"\"name\":1").unwrap();
        assert_eq!((guessed.learnt, guessed.asked, guessed.length), (name.learnt, Some(1), 7));
        assert!(names.guess(kind, BEGINNING, b"\"name\" :1").is_none());
        assert!(names.guess(kind, name.learnt, b"\"other\":1").is_some());
        assert_eq!(names.look_up(kind, BEGINNING, "other").unwrap().learnt, other.learnt);
        assert!(names.guess(kind, BEGINNING, b"\"name\":1").is_none());
    }

    #[test]
    fn a_name_of_any_length_is_guessed_and_no_other_one() {
        for length in 0..=LONGEST {
            let mut names = Names::default();
            let (kind, name) = (names.kind(ASKED).unwrap(), "x".repeat(length));
            names.look_up(kind, BEGINNING, &name).unwrap();
            for behind in ["", "1", "                                "] {
                let text = format!("\"{name}\":{behind}");
                assert!(names.guess(kind, BEGINNING, text.as_bytes()).is_some(), "{text}");
                for changed in 0..length + 3 {
                    let mut other = text.clone().into_bytes();
                    other[changed] = b'y';
                    assert!(names.guess(kind, BEGINNING, &other).is_none(), "{text} {changed}");
                }
            }
        }
    }

    #[test]
    fn what_is_learnt_has_a_bound() {
        let mut names = Names::default();
        let kind = names.kind(ASKED).unwrap();
        for number in 0..2 * MOST_NAMES {
            names.look_up(kind, BEGINNING, &number.to_string()).unwrap();
        }
        assert_eq!(names.look_up(kind, BEGINNING, "id").unwrap().asked, Some(0));
        assert!(names.look_up(kind, BEGINNING, &"x".repeat(LONGEST + 1)).unwrap().asked.is_none());
        assert_eq!(names.kinds[kind].learnt.len(), MOST_NAMES + 1);
        for _ in 0..2 * MOST_KINDS {
            names.kind(Box::leak(vec!["id"].into_boxed_slice()));
        }
        assert_eq!(names.kinds.len(), MOST_KINDS);
    }
}
