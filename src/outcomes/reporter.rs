//! Who is shown how a run is coming along.

use super::Ledger;

/// Shows how a run is coming along. Called by the committer only, so nothing ever interleaves.
pub trait Reporter: Send + std::fmt::Debug {
    /// The state of affairs, several times a second; and whether the run is coming to a premature end.
    fn update(&mut self, ledger: &Ledger, stopping: bool);

    /// The last state of affairs.
    fn finish(&mut self, ledger: &Ledger);
}

/// Shows nothing.
#[derive(Debug)]
pub struct Silent;

impl Reporter for Silent {
    fn update(&mut self, _: &Ledger, _: bool) {}

    fn finish(&mut self, _: &Ledger) {}
}
