//! The k-way merge: several sorted sources of entries become one.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::io;

use super::sorted_file::by_bytes;

/// The entries of several sorted sources, in one sorted sequence.
pub fn merge<const N: usize, I>(sources: impl IntoIterator<Item = I>) -> Merge<N, I>
where
    I: Iterator<Item = io::Result<[u8; N]>>,
{
    let mut merge = Merge { sources: sources.into_iter().collect(), waiting: BinaryHeap::new(), failed: None };
    for (index, source) in merge.sources.iter_mut().enumerate() {
        match source.next() {
            Some(Ok(entry)) => merge.waiting.push(Reverse(NextEntry { entry, source: index })),
            Some(Err(error)) => merge.failed = Some(error),
            None => {}
        }
    }
    merge
}

/// The iterator that [`merge`] returns.
pub struct Merge<const N: usize, I> {
    sources: Vec<I>,
    /// The next entry of each source.
    waiting: BinaryHeap<Reverse<NextEntry<N>>>,
    failed: Option<io::Error>,
}

/// An entry, and the number of its source.
#[derive(PartialEq, Eq)]
struct NextEntry<const N: usize> {
    entry: [u8; N],
    source: usize,
}

impl<const N: usize> Ord for NextEntry<N> {
    fn cmp(&self, other: &Self) -> Ordering {
        by_bytes(&self.entry, &other.entry).then_with(|| self.source.cmp(&other.source))
    }
}

impl<const N: usize> PartialOrd for NextEntry<N> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<const N: usize, I: Iterator<Item = io::Result<[u8; N]>>> Iterator for Merge<N, I> {
    /// The entry, and the number of its source.
    type Item = io::Result<([u8; N], usize)>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = self.failed.take() {
            self.waiting.clear();
            return Some(Err(error));
        }
        // The next entry of the source replaces this one in place: half the work of a removal and an insertion.
        let mut first = self.waiting.peek_mut()?;
        let source = first.0.source;
        let entry = match self.sources[source].next() {
            Some(Ok(next)) => std::mem::replace(&mut first.0.entry, next),
            ended => {
                self.failed = ended.and_then(Result::err);
                PeekMut::pop(first).0.entry
            }
        };
        Some(Ok((entry, source)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn merging_is_sorting(sources in proptest::collection::vec(proptest::collection::vec(any::<[u8; 2]>(), 0..40), 0..6)) {
            let mut all: Vec<[u8; 2]> = sources.concat();
            all.sort_unstable();
            let sorted = sources.into_iter().map(|mut source| {
                source.sort_unstable();
                source.into_iter().map(Ok)
            });
            let merged: Vec<[u8; 2]> = merge(sorted).map(|entry| entry.unwrap().0).collect();
            prop_assert_eq!(merged, all);
        }
    }
}
