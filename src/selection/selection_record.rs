//! A selection as `run.json` knows it again. No personal datum is in it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How the users of a run were chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelectionRecord {
    /// The list of `--only`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<ListRecord>,
    /// SHA-256 of the condition of `--where`, in hexadecimal: what is compared in it can be personal data.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// How many users were drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<u64>,
    /// Which draw it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// How many users were skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip: Option<u64>,
    /// How many users were taken at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
}

/// A list of users.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListRecord {
    /// How many lines of it name a user.
    pub entries: u64,
    /// SHA-256 of the list, in hexadecimal.
    pub sha256: String,
}

impl fmt::Display for SelectionRecord {
    /// The options, without personal data.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { only, condition, sample, seed, skip, limit } = self;
        let options = [
            only.as_ref().map(|list| format!("--only with {}", list.entries)),
            condition.as_ref().map(|_| "--where".to_owned()),
            sample.map(|users| format!("--sample {users}")),
            seed.filter(|seed| *seed > 0).map(|seed| format!("--seed {seed}")),
            skip.map(|skip| format!("--skip {skip}")),
            limit.map(|limit| format!("--limit {limit}")),
        ];
        let options: Vec<String> = options.into_iter().flatten().collect();
        formatter.write_str(&options.join(", "))
    }
}
