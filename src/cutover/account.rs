//! How a switch stands, for people and for programs.

use jiff::Timestamp;
use serde::Serialize;

use super::{Evidence, RemovedWord, SkipRecord, SwitchStep, Words};

/// How a step or a point of it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// As it should be.
    Ok,
    /// The check failed.
    Failed,
    /// The program cannot know it by what it was given.
    NeedsYou,
    /// Nobody checked it yet.
    NotChecked,
    /// Nobody recorded it yet.
    NotRecorded,
    /// It was checked longer ago than is allowed.
    Old,
    /// What it was about has changed since.
    Stale,
    /// A person decided not to do it.
    Skipped,
    /// A step before it is open, and this one would mislead without that.
    Waits,
    /// A step with a point that is not ok.
    Open,
}

impl Standing {
    /// For people.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "FAILED",
            Self::NeedsYou => "to do",
            Self::NotChecked => "not checked",
            Self::NotRecorded => "not recorded",
            Self::Old => "old",
            Self::Stale => "stale",
            Self::Skipped => "skipped",
            Self::Waits => "waits",
            Self::Open => "open",
        }
    }
}

/// How a switch stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Account {
    /// The version of this form.
    pub format: u32,
    /// The program.
    pub tool: &'static str,
    /// Its version.
    pub version: &'static str,
    /// When this was found out.
    pub at: Timestamp,
    /// `ok` or `open`: whether all steps here are ok or skipped.
    pub status: &'static str,
    /// What runs call staging's target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub staging_target: Option<String>,
    /// What runs call production's target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The steps that were asked for.
    pub steps: Vec<StepAccount>,
    /// The files by which they were checked.
    pub inputs: Vec<CheckedInput>,
}

/// How a step stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepAccount {
    /// The step.
    pub step: SwitchStep,
    /// For people.
    pub title: &'static str,
    /// The guide's step that it belongs to.
    pub of_guide: u8,
    /// How it stands.
    pub standing: Standing,
    /// The steps before it that are open.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waits_for: Vec<SwitchStep>,
    /// Each time that it was skipped.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<SkipRecord>,
    /// What it consists of.
    pub points: Vec<PointAccount>,
}

/// How a check or a fact stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PointAccount {
    /// Its name.
    pub name: &'static str,
    /// `check` or `fact`.
    pub kind: &'static str,
    /// What it is, for people.
    pub title: &'static str,
    /// How it stands.
    pub standing: Standing,
    /// Whether its step is open without it.
    pub needed: bool,
    /// What was found out, or why it does not hold any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentence: Option<String>,
    /// The command to type next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// When it was checked, or was so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// Who recorded it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<Words>,
    /// What they said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<Words>,
    /// What shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// What was said before and taken back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub withdrawn: Vec<RemovedWord>,
}

/// A file by which something was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckedInput {
    /// The checks and facts that are about it.
    pub points: Vec<&'static str>,
    /// The file as it was then.
    #[serde(flatten)]
    pub file: Evidence,
}

impl PointAccount {
    pub(super) fn new(
        name: &'static str,
        kind: &'static str,
        title: &'static str,
        standing: Standing,
        needed: bool,
    ) -> Self {
        let (sentence, command, at, by, note, evidence, withdrawn) = Default::default();
        Self { name, kind, title, standing, needed, sentence, command, at, by, note, evidence, withdrawn }
    }
}
