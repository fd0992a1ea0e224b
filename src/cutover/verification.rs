//! What a comparison of the target with an export found.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;

use crate::human::count;
use crate::kind::Kind;

/// What a comparison found, of all kinds of records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// When it was made.
    pub at: Timestamp,
    /// At which target, if that is said.
    pub target: Option<String>,
    /// Which kinds of records were compared.
    pub kinds: BTreeSet<Kind>,
    /// Whether it came to its end.
    pub is_finished: bool,
    /// Whether only selected users were compared.
    pub is_selection: bool,
    /// Identities that were compared.
    pub checked: u64,
    /// Records that are not at the target.
    pub missing: u64,
    /// Records that are different there.
    pub different: u64,
    /// Identities that are there and not in the export.
    pub extra: u64,
    /// Identities that are there and should not be: twice, or of a record that cannot be sent.
    pub wrong: u64,
}

impl Verification {
    /// Reads the JSON of a comparison: its report, or the part of it in the report of a run. Nothing if it is none.
    pub fn read(report: &Value, made: Timestamp) -> Option<Self> {
        let at = report["at"].as_str().and_then(|at| at.parse().ok()).unwrap_or(made);
        let of_kinds = report["kinds"].as_object().into_iter().flatten();
        let of_kinds = of_kinds.filter_map(|(name, part)| Some((name.parse().ok()?, part)));
        // What is beside the kinds is about the users, if they were compared.
        let all = std::iter::once((Kind::User, report)).chain(of_kinds);
        let (kinds, parts): (BTreeSet<Kind>, Vec<&Value>) = all.filter(|(_, part)| part["checked"].is_u64()).unzip();
        let mut targets = std::iter::once(&report["target"]).chain(parts.iter().map(|part| &part["target"]));
        let target = targets.find_map(Value::as_str).map(str::to_owned);
        let sum = |pointer: &str| parts.iter().filter_map(|part| part.pointer(pointer)?.as_u64()).sum();
        (!parts.is_empty()).then(|| Self {
            at,
            target,
            kinds,
            is_finished: parts.iter().all(|part| part["status"] == "finished"),
            is_selection: parts.iter().any(|part| !part["selection"].is_null()),
            checked: sum("/checked"),
            missing: sum("/missing/count"),
            different: sum("/different/count"),
            extra: sum("/extra/count"),
            wrong: sum("/present_but_rejected/count") + sum("/present_twice/count"),
        })
    }

    /// What does not agree, if anything. Of an export of changes the others at the target are no surprise.
    pub fn problem(&self, is_of_changes: bool) -> Option<String> {
        if !self.is_finished {
            return Some("the comparison was stopped before its end".to_owned());
        }
        if self.is_selection {
            return Some("only selected users were compared".to_owned());
        }
        let extra = if is_of_changes { 0 } else { self.extra };
        let counts = [
            (self.missing, "missing at the target"),
            (self.different, "different there"),
            (extra, "there and not in the export"),
            (self.wrong, "there twice, or by a record that cannot be sent"),
        ];
        let found = counts.iter().filter(|(number, _)| *number > 0);
        found.map(|(number, what)| format!("{} {what}", count(*number))).reduce(|one, other| format!("{one}, {other}"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_kinds_count_and_extras_only_beside_a_whole_export() {
        let report = json!({
            "status": "finished", "checked": 9, "missing": { "count": 0 }, "different": { "count": 0 }, "extra": { "count": 4 },
            "kinds": { "organizations": { "status": "finished", "checked": 2, "missing": { "count": 0 } } },
        });
        let found = Verification::read(&report, Timestamp::UNIX_EPOCH).expect("a comparison");
        assert_eq!((found.checked, found.problem(true)), (11, None));
        assert_eq!(found.problem(false), Some("4 there and not in the export".to_owned()));
        let mut worse = report.clone();
        worse["kinds"]["organizations"]["missing"]["count"] = 1.into();
        let found = Verification::read(&worse, Timestamp::UNIX_EPOCH).expect("a comparison");
        assert_eq!(found.problem(true), Some("1 missing at the target".to_owned()));
        let mut stopped = report.clone();
        stopped["kinds"]["organizations"]["status"] = "stopped".into();
        let found = Verification::read(&stopped, Timestamp::UNIX_EPOCH).expect("a comparison");
        assert!(found.problem(true).is_some());
        assert_eq!(Verification::read(&json!({ "status": "finished" }), Timestamp::UNIX_EPOCH), None);
    }

    #[test]
    fn a_comparison_without_users_says_so_and_at_which_target_it_was() {
        let part = json!({ "status": "finished", "checked": 2, "target": "https://staging" });
        let report = json!({ "kinds": { "organizations": part } });
        let found = Verification::read(&report, Timestamp::UNIX_EPOCH).expect("a comparison");
        assert_eq!(found.target.as_deref(), Some("https://staging"));
        assert_eq!(found.kinds, BTreeSet::from([Kind::Organization]));
    }
}
