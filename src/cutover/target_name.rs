//! What runs and reports call a target.

/// Whether what a report calls its target is what runs call theirs, which say what kind it is, too.
pub(super) fn is_same_target(of_runs: &str, of_report: &str) -> bool {
    let plain = |name: &str| name.trim_end_matches('/').to_owned();
    let (of_runs, of_report) = (plain(of_runs), plain(of_report));
    of_runs == of_report || of_runs.strip_suffix(&of_report).is_some_and(|kind| kind.ends_with('+'))
}
