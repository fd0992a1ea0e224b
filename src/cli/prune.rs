//! `avnology migrate clerk runs prune`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::OutputFormat;

/// `avnology migrate clerk runs prune`
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
#[derive(Debug, Args)]
pub struct PruneArguments {
    /// Only runs that began longer ago than this: 90d (days), 12w (weeks) or 36h (hours)
    #[arg(long, value_name = "AGE", value_parser = age)]
    pub older_than: Duration,

    /// Leave the N newest runs as they are, however old
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub keep: usize,

    /// Remove only the files with personal data, and keep what else there is: the report, the counts, the settings
    #[arg(long)]
    pub personal_data: bool,

    /// Also remove what is needed to resume a run
    #[arg(long)]
    pub give_up_resume: bool,

    /// Also remove what is needed to undo a run
    #[arg(long)]
    pub give_up_undo: bool,

    /// Remove nothing, and show what would be removed
    #[arg(long)]
    pub dry_run: bool,

    /// Where runs are kept [default: .avnology/runs]
    #[arg(long, value_name = "DIR")]
    pub runs_dir: Option<PathBuf>,

    /// What to print on standard output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub output: OutputFormat,
}

/// Reads an age.
fn age(text: &str) -> Result<Duration, String> {
    let expected = || "expected a number and a unit, as in 90d, 12w or 36h".to_owned();
    let (number, hours) = [("h", 1), ("d", 24), ("w", 7 * 24)]
        .into_iter()
        .find_map(|(unit, hours)| Some((text.strip_suffix(unit)?, hours)))
        .ok_or_else(expected)?;
    let number: u64 = number.parse().map_err(|_| expected())?;
    number.checked_mul(hours * 3600).map(Duration::from_secs).ok_or_else(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_has_a_unit() {
        let hours = |text: &str| age(text).ok().map(|age| age.as_secs() / 3600);
        assert_eq!([hours("36h"), hours("2d"), hours("1w"), hours("0d")], [Some(36), Some(48), Some(168), Some(0)]);
        assert_eq!([hours("90"), hours("d"), hours("-1d"), hours("1.5d"), hours("99999999999999999d")], [None; 5]);
    }
}
