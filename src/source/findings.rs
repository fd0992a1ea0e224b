//! What was found at places of the inputs, more often than anybody wants to read.

use serde::{Deserialize, Serialize};

/// How many of each kind of finding are listed.
const LISTED: usize = 1_000;

/// How often something was found, and where first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings<T> {
    /// How often.
    pub count: u64,
    /// The first thousand, in the order of the file.
    pub first: Vec<T>,
}

impl<T> Default for Findings<T> {
    fn default() -> Self {
        Self { count: 0, first: Vec::new() }
    }
}

impl<T: Ord> Findings<T> {
    /// Adds one. They come in any order, from all threads.
    pub fn add(&mut self, finding: T) {
        self.count += 1;
        self.first.push(finding);
        if self.first.len() == 2 * LISTED {
            self.sort();
        }
    }

    /// Keeps the first ones.
    pub fn sort(&mut self) {
        self.first.sort_unstable();
        self.first.truncate(LISTED);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::source::Position;

    #[test]
    fn the_first_findings_are_kept_in_any_order() {
        let mut findings = Findings::default();
        for record in (1..=5_000).rev() {
            findings.add(Position { input: Arc::from("a"), record, line: record, offset: 0, length: 1 });
        }
        findings.sort();
        let records: Vec<u64> = findings.first.iter().map(|position| position.record).collect();
        assert_eq!((findings.count, records), (5_000, (1..=1_000).collect()));
    }
}
