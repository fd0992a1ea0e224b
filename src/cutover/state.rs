//! What is known of a switch: the content of its file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Check, ClerkReading, Evidence, Fact, Finding, SwitchStep, Words};

/// The version of the form.
pub(super) const FORMAT: u32 = 1;

/// What is known of a switch. It has names of persons who recorded something, and no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CutoverState {
    /// The version of this form.
    pub format: u32,
    /// What runs call staging's target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staging_target: Option<String>,
    /// What runs call production's target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The files that checks read. They are named once.
    #[serde(default)]
    pub files: BTreeMap<FileUse, Vec<PathBuf>>,
    /// The client by which a sign-in is tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<TriedClient>,
    /// What checks found out last.
    #[serde(default)]
    pub checks: BTreeMap<Check, CheckRecord>,
    /// What persons said, the oldest first.
    #[serde(default)]
    pub facts: Vec<FactRecord>,
    /// The steps that are not done.
    #[serde(default)]
    pub skipped: Vec<SkipRecord>,
    /// How many users Clerk had, the last two times that it was asked after the switch.
    #[serde(default)]
    pub readings: Vec<ClerkReading>,
}

/// A client of staging's, by which a sign-in is tried up to the sign-in page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriedClient {
    /// Its id.
    pub client_id: String,
    /// One of its redirect URIs.
    pub redirect_uri: String,
}

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileUse {
    /// The plan of the tenant.
    Plan,
    /// Reports of `codemod --check`, one a code base.
    CodeReport,
    /// The report of `apps verify`.
    AppsReport,
    /// The report of `webhooks verify`.
    WebhooksReport,
    /// The report of `webhooks activate`.
    ActivateReport,
    /// The report of `webhooks try`.
    TryReport,
    /// The report of `verify --sign-in`.
    SignInReport,
    /// The report of `verify` at staging's target.
    StagingVerifyReport,
    /// The report of `verify` at production's target.
    VerifyReport,
    /// The export that is kept.
    KeptExport,
}

/// What a check found out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRecord {
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub finding: Finding,
    /// At which target, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// By which files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<Evidence>,
}

/// What a person said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactRecord {
    /// What it is about.
    pub fact: Fact,
    /// Who said it.
    pub by: Words,
    /// What they said.
    pub note: Words,
    /// When it was so.
    pub at: Timestamp,
    /// When it was recorded.
    pub recorded: Timestamp,
    /// What shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// That it does not hold any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<RemovedWord>,
}

/// That something that a person said does not hold any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemovedWord {
    /// Who said so.
    pub by: Words,
    /// Why.
    pub note: Words,
    /// When.
    pub at: Timestamp,
}

/// A step that is not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkipRecord {
    /// The step.
    pub step: SwitchStep,
    /// Who decided it.
    pub by: Words,
    /// Why.
    pub note: Words,
    /// When.
    pub at: Timestamp,
    /// That it is to be done after all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<RemovedWord>,
}

impl Default for CutoverState {
    fn default() -> Self {
        let (staging_target, target, files, client, checks) = Default::default();
        let (facts, skipped, readings) = Default::default();
        Self { format: FORMAT, staging_target, target, files, client, checks, facts, skipped, readings }
    }
}

impl CutoverState {
    /// What a person said last about a fact, if that holds.
    pub fn fact(&self, fact: Fact) -> Option<&FactRecord> {
        self.facts.iter().rev().find(|record| record.fact == fact && record.withdrawn.is_none())
    }

    /// That a step is not done, if that holds.
    pub fn skip(&self, step: SwitchStep) -> Option<&SkipRecord> {
        self.skipped.iter().rev().find(|record| record.step == step && record.withdrawn.is_none())
    }

    /// The moment of the switch, if it was recorded.
    pub fn flip(&self) -> Option<Timestamp> {
        self.fact(Fact::Flip).map(|record| record.at)
    }

    /// Takes back all that was said about a fact and still holds: what was said before the last word is no truer than that. False
    /// if nothing was.
    pub fn withdraw_fact(&mut self, fact: Fact, word: &RemovedWord) -> bool {
        let of_fact = self.facts.iter_mut().filter(|record| record.fact == fact);
        withdraw(of_fact.map(|record| &mut record.withdrawn), word)
    }

    /// Takes back that a step is not done, however often that was said. False if it was not.
    pub fn withdraw_skip(&mut self, step: SwitchStep, word: &RemovedWord) -> bool {
        let of_step = self.skipped.iter_mut().filter(|record| record.step == step);
        withdraw(of_step.map(|record| &mut record.withdrawn), word)
    }

    /// The files for a use.
    pub fn files(&self, of: FileUse) -> &[PathBuf] {
        self.files.get(&of).map_or(&[], Vec::as_slice)
    }
}

/// Puts the word to each that still holds. False if none does.
fn withdraw<'a>(all: impl Iterator<Item = &'a mut Option<RemovedWord>>, word: &RemovedWord) -> bool {
    let holding = all.filter(|withdrawn| withdrawn.is_none());
    holding.map(|withdrawn| *withdrawn = Some(word.clone())).count() > 0
}
