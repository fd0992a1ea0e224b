//! A small set of notices about one user.

use super::Notice;

/// The notices about one user, each at most once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notices(u32);

impl Notices {
    /// Adds a notice.
    pub fn add(&mut self, notice: Notice) {
        self.0 |= Self::bit(notice);
    }

    /// Adds a notice if the condition holds.
    pub(super) fn add_if(&mut self, condition: bool, notice: Notice) {
        if condition {
            self.add(notice);
        }
    }

    /// Adds all of the others.
    pub(crate) fn extend(&mut self, others: Self) {
        self.0 |= others.0;
    }

    /// Whether the notice was added.
    pub fn contains(self, notice: Notice) -> bool {
        self.0 & Self::bit(notice) != 0
    }

    /// The notices, in the order of [`Notice::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Notice> {
        Notice::ALL.iter().copied().filter(move |&notice| self.contains(notice))
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The set as bits, for the journal; a notice's bit is its place in [`Notice::ALL`].
    pub fn bits(self) -> u32 {
        self.0
    }

    /// The set that had these bits.
    pub fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    const fn bit(notice: Notice) -> u32 {
        1 << notice as u32
    }
}

impl From<Notice> for Notices {
    fn from(notice: Notice) -> Self {
        Self(Self::bit(notice))
    }
}

const _: () = assert!(Notice::ALL.len() <= u32::BITS as usize, "the set needs a wider integer");
