//! From when on changes are wanted.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{ExportDirectory, ExportError, Manifest};

/// By how much more is read than was asked for: the clocks of this machine and of the API may differ, and a change takes a
/// moment until lists have it.
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);

/// From when on changes are wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Since {
    /// The moment.
    pub moment: Timestamp,
    /// The earlier export that was begun then, if one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub export: Option<PathBuf>,
}

/// What `--since` may be, as it is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SinceArgument {
    /// A moment.
    Moment(Timestamp),
    /// A directory.
    Export(PathBuf),
}

impl FromStr for SinceArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(moment) = text.parse::<Timestamp>() {
            return Ok(Self::Moment(moment));
        }
        let midnight = |date: Date| date.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp());
        if let Some(moment) = text.parse::<Date>().ok().and_then(|date| midnight(date).ok()) {
            return Ok(Self::Moment(moment));
        }
        if Path::new(text).is_dir() {
            return Ok(Self::Export(PathBuf::from(text)));
        }
        Err("expected the directory of an earlier export, or a time such as 2026-11-23T03:00:00Z or 2026-11-23"
            .to_owned())
    }
}

impl Since {
    /// What was typed: of an earlier export the moment at which it was begun.
    pub fn resolve(argument: SinceArgument) -> Result<Self, ExportError> {
        match argument {
            SinceArgument::Moment(moment) => Ok(Self { moment, export: None }),
            SinceArgument::Export(path) => {
                let directory = ExportDirectory::new(path.clone());
                match Manifest::read(&directory)? {
                    Some(manifest) => Ok(Self { moment: manifest.started, export: Some(path) }),
                    None => Err(ExportError::NotFinished { path }),
                }
            }
        }
    }

    /// Users who were changed at this moment or later are exported, in milliseconds since 1970.
    pub(super) fn first_millisecond(&self) -> i64 {
        self.moment.as_millisecond().saturating_sub(i64::try_from(OVERLAP.as_millis()).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_a_day_or_a_directory() {
        let moment = |text: &str| match text.parse() {
            Ok(SinceArgument::Moment(moment)) => moment.to_string(),
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(moment("2026-11-23T03:00:00Z"), "2026-11-23T03:00:00Z");
        assert_eq!(moment("2026-11-23T03:00:00+02:00"), "2026-11-23T01:00:00Z");
        assert_eq!(moment("2026-11-23"), "2026-11-23T00:00:00Z");
        assert!("yesterday".parse::<SinceArgument>().is_err());
        let directory = tempfile::tempdir().expect("a directory");
        let text = directory.path().to_str().expect("UTF-8");
        assert_eq!(text.parse(), Ok(SinceArgument::Export(directory.path().to_path_buf())));
    }

    #[test]
    fn a_little_more_is_read_than_was_asked_for() {
        let since = Since { moment: "2026-11-23T03:10:00Z".parse().expect("a moment"), export: None };
        let expected: Timestamp = "2026-11-23T03:00:00Z".parse().expect("a moment");
        assert_eq!(since.first_millisecond(), expected.as_millisecond());
    }
}
