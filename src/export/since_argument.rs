//! From when on changes are wanted, as it is typed.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{ExportDirectory, ExportError, Manifest, Since};

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

impl SinceArgument {
    /// What it means: of an earlier export the moment at which it was begun.
    pub fn resolve(self) -> Result<Since, ExportError> {
        match self {
            Self::Moment(moment) => Ok(Since { moment, export: None }),
            Self::Export(path) => {
                let directory = ExportDirectory::new(path.clone());
                match Manifest::read(&directory)? {
                    Some(manifest) => Ok(Since { moment: manifest.started, export: Some(path) }),
                    None => Err(ExportError::NotFinished { path }),
                }
            }
        }
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
}
