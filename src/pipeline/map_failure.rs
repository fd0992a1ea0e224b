//! Why a chunk could not be mapped. It says nothing about its records.

use std::io;

use crate::outcomes::StopReason;

/// Why a chunk could not be mapped.
#[derive(Debug)]
pub(super) enum MapFailure {
    /// Something that lies on disk for this run cannot be read or written.
    Temporary(io::Error),
    /// The id map cannot be read.
    IdMap(io::Error),
}

impl From<io::Error> for MapFailure {
    fn from(error: io::Error) -> Self {
        Self::Temporary(error)
    }
}

impl From<MapFailure> for StopReason {
    fn from(failure: MapFailure) -> Self {
        match failure {
            MapFailure::Temporary(error) => Self::Temporary(error),
            MapFailure::IdMap(error) => Self::IdMap(error),
        }
    }
}
