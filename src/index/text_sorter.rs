//! Sorts more texts than memory holds.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::path::{Path, PathBuf};

use super::Texts;

/// Bytes of keys and texts in memory before they are spilled.
const CAPACITY: usize = 2 * 1024 * 1024;

/// What an entry in memory takes beside its bytes.
const OVERHEAD: usize = 64;

/// This many sorted runs are merged into one.
const FAN_IN: usize = 32;

/// Takes texts in any order, each under a key, and returns them in the order of the keys. Of several under one key it keeps the
/// one that was added last.
#[derive(Debug)]
pub struct TextSorter {
    buffer: Vec<(Vec<u8>, Vec<u8>)>,
    bytes: usize,
    capacity: usize,
    directory: PathBuf,
    /// Sorted: key, text, key, text … A later run has what was added later.
    runs: Vec<Texts>,
}

impl TextSorter {
    /// An empty sorter, which spills to files without a name in `directory`.
    pub fn new(directory: &Path) -> Self {
        Self { buffer: Vec::new(), bytes: 0, capacity: CAPACITY, directory: directory.to_path_buf(), runs: Vec::new() }
    }

    /// Adds a text.
    pub fn add(&mut self, key: Vec<u8>, text: Vec<u8>) -> io::Result<()> {
        self.bytes += key.len() + text.len() + OVERHEAD;
        self.buffer.push((key, text));
        if self.bytes >= self.capacity { self.spill() } else { Ok(()) }
    }

    fn spill(&mut self) -> io::Result<()> {
        self.bytes = 0;
        let mut buffer = std::mem::take(&mut self.buffer);
        // Stable: of equal keys the last one is the last one that was added.
        buffer.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut run = Texts::new(&self.directory)?;
        for (key, text) in buffer {
            run.add(&key)?;
            run.add(&text)?;
        }
        self.runs.push(run);
        if self.runs.len() == FAN_IN {
            let mut merged = Texts::new(&self.directory)?;
            merge(&std::mem::take(&mut self.runs), |key, text| {
                merged.add(&key)?;
                merged.add(&text).map(drop)
            })?;
            self.runs.push(merged);
        }
        Ok(())
    }

    /// The texts, in the order of their keys.
    pub fn finish(mut self) -> io::Result<Texts> {
        self.spill()?;
        let mut sorted = Texts::new(&self.directory)?;
        merge(&self.runs, |_, text| sorted.add(&text).map(drop))?;
        Ok(sorted)
    }
}

/// Hands over what is in sorted runs, in order, each key once.
fn merge(runs: &[Texts], mut take: impl FnMut(Vec<u8>, Vec<u8>) -> io::Result<()>) -> io::Result<()> {
    let mut sources: Vec<_> = runs.iter().map(|run| run.iter().map(|text| text.map(|(_, text)| text))).collect();
    let mut waiting = BinaryHeap::new();
    for (number, source) in sources.iter_mut().enumerate() {
        if let Some((key, text)) = pair(source)? {
            waiting.push(Reverse((key, number, text)));
        }
    }
    let mut last: Option<(Vec<u8>, Vec<u8>)> = None;
    while let Some(Reverse((key, number, text))) = waiting.pop() {
        if let Some((key, text)) = pair(&mut sources[number])? {
            waiting.push(Reverse((key, number, text)));
        }
        match &mut last {
            Some((earlier, kept)) if *earlier == key => *kept = text,
            _ => {
                if let Some((key, text)) = last.replace((key, text)) {
                    take(key, text)?;
                }
            }
        }
    }
    last.map_or(Ok(()), |(key, text)| take(key, text))
}

fn pair(source: &mut impl Iterator<Item = io::Result<Vec<u8>>>) -> io::Result<Option<(Vec<u8>, Vec<u8>)>> {
    let Some(key) = source.next().transpose()? else { return Ok(None) };
    let text = source.next().transpose()?.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
    Ok(Some((key, text)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

        #[test]
        fn it_is_a_map_in_memory_no_matter_what_is_spilled(
            entries in proptest::collection::vec(("[a-c]{0,3}", any::<u16>()), 0..400), capacity in 1usize..2_000,
        ) {
            let mut sorter = TextSorter { capacity, ..TextSorter::new(&std::env::temp_dir()) };
            let mut expected = BTreeMap::new();
            for (key, text) in entries {
                expected.insert(key.clone(), text);
                sorter.add(key.into_bytes(), text.to_string().into_bytes()).unwrap();
            }
            let sorted = sorter.finish().unwrap();
            let found: Vec<String> =
                sorted.iter().map(|text| String::from_utf8(text.unwrap().1).unwrap()).collect();
            prop_assert_eq!(found, expected.values().map(ToString::to_string).collect::<Vec<_>>());
        }
    }
}
