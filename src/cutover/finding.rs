//! What a check found out.

use serde::{Deserialize, Serialize};

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As it should be.
    Ok,
    /// Not as it should be.
    Failed,
    /// The program cannot know it by what it was given.
    NeedsYou,
}

/// What a check found out: one sentence, and the command to type next, if there is one. No personal datum is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How it came out.
    pub outcome: Outcome,
    /// One sentence.
    pub sentence: String,
    /// The command to type next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

impl Finding {
    /// As it should be.
    pub fn ok(sentence: impl Into<String>) -> Self {
        Self { outcome: Outcome::Ok, sentence: sentence.into(), command: None }
    }

    /// Not as it should be.
    pub fn failed(sentence: impl Into<String>) -> Self {
        Self { outcome: Outcome::Failed, ..Self::ok(sentence) }
    }

    /// Somebody has to do something before it can be known.
    pub fn needs_you(sentence: impl Into<String>) -> Self {
        Self { outcome: Outcome::NeedsYou, ..Self::ok(sentence) }
    }

    /// The finding with the command to type next.
    #[must_use]
    pub fn then(self, command: impl Into<String>) -> Self {
        Self { command: Some(command.into()), ..self }
    }
}
