//! The findings of sign-ins with test accounts.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use serde::Serialize;

use crate::exit::ExitStatus;
use crate::human::{count, plural};
use crate::outcomes::StopReason;

/// How many places are shown for each kind of finding.
const FIRST_PLACES: usize = 10;

/// What should not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SignInProblem {
    /// The account's own password was refused.
    PasswordRefused,
    /// The account is not disabled by the list, and is at the target.
    IsDisabled,
    /// The target refused the account for another reason.
    RefusedOtherwise,
    /// A disabled account signed in.
    DisabledSignedIn,
    /// A wrong password signed in.
    WrongPasswordSignedIn,
    /// Nobody knows what became of a try.
    Unanswered,
}

impl SignInProblem {
    const fn sentence(self) -> &'static str {
        match self {
            Self::PasswordRefused => "not signed in: the target refused the password",
            Self::IsDisabled => "not signed in: the account is disabled or locked",
            Self::RefusedOtherwise => "not signed in: the target refused for another reason",
            Self::DisabledSignedIn => "signed in although the account has to be disabled",
            Self::WrongPasswordSignedIn => "signed in with a wrong password",
            Self::Unanswered => "without an answer; it is not known if the try counted",
        }
    }
}

/// How often something was found, and in which lines first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
struct CountedLines {
    count: u64,
    /// Lines of the list.
    first: Vec<u64>,
}

/// The findings of sign-ins with test accounts.
#[derive(Debug)]
pub struct SignInAccount {
    list: String,
    accounts: u64,
    tried: u64,
    pub(super) signed_in: u64,
    pub(super) wrong_refused: u64,
    pub(super) disabled_refused: u64,
    problems: BTreeMap<SignInProblem, CountedLines>,
    /// Why it ended before the list did.
    pub(super) stopped: Option<StopReason>,
}

impl SignInAccount {
    pub(super) fn new(list: &str, accounts: usize) -> Self {
        Self {
            list: list.to_owned(),
            accounts: accounts as u64,
            tried: 0,
            signed_in: 0,
            wrong_refused: 0,
            disabled_refused: 0,
            problems: BTreeMap::new(),
            stopped: None,
        }
    }

    pub(super) fn tried(&mut self) {
        self.tried += 1;
    }

    pub(super) fn problem(&mut self, problem: SignInProblem, place: u64) {
        let places = self.problems.entry(problem).or_default();
        places.count += 1;
        if places.first.len() < FIRST_PLACES {
            places.first.push(place);
        }
    }

    /// Returns 0 only if each account did what it should.
    pub fn exit_status(&self) -> ExitStatus {
        match &self.stopped {
            Some(StopReason::Interrupted(signal)) => ExitStatus::of_signal(*signal),
            Some(StopReason::Target(error)) => ExitStatus::of_target(error),
            Some(_) => ExitStatus::Unexpected,
            None if self.problems.is_empty() => ExitStatus::Success,
            None => ExitStatus::Rejected,
        }
    }

    /// Writes the summary for people. It names lines of the list, never a person.
    pub fn write_summary(&self, out: &mut String) -> fmt::Result {
        let how = if self.stopped.is_some() { "Sign-ins STOPPED" } else { "Sign-ins tried" };
        writeln!(out, "{how}: {} of {}.\n", count(self.tried), plural(self.accounts, "test account"))?;
        for (number, what) in [
            (self.signed_in, "signed in with the password"),
            (self.wrong_refused, "refused with a wrong password"),
            (self.disabled_refused, "refused, as disabled accounts should be"),
        ] {
            writeln!(out, "  {:>14} {what}", count(number))?;
        }
        for (problem, CountedLines { count: number, first }) in &self.problems {
            writeln!(out, "  {:>14} {}", count(*number), problem.sentence())?;
            for place in first {
                writeln!(out, "  {:>14}   {}: line {place}", "", self.list)?;
            }
            let more = number - first.len() as u64;
            if more > 0 {
                writeln!(out, "  {:>14}   and {} more", "", count(more))?;
            }
        }
        Ok(())
    }

    /// One line about what is not as it should be, if anything.
    pub fn exceptions(&self) -> Option<String> {
        let problems = self.problems.iter();
        let problems: Vec<_> =
            problems.map(|(problem, places)| format!("{} {}", count(places.count), problem.sentence())).collect();
        (!problems.is_empty()).then(|| problems.join(", "))
    }

    /// Why it ended early.
    pub fn reason(&self) -> Option<String> {
        self.stopped.as_ref().map(ToString::to_string)
    }

    /// The findings for programs.
    pub fn report<'a>(&'a self, target: &'a str) -> SignInReport<'a> {
        SignInReport {
            tool: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            target,
            status: if self.stopped.is_none() { "finished" } else { "stopped" },
            reason: self.reason(),
            exit_code: self.exit_status().code(),
            accounts: self.accounts,
            tried: self.tried,
            signed_in: self.signed_in,
            wrong_password_refused: self.wrong_refused,
            disabled_refused: self.disabled_refused,
            problems: &self.problems,
        }
    }
}

/// The findings as JSON.
#[derive(Debug, Serialize)]
pub struct SignInReport<'a> {
    tool: &'static str,
    version: &'static str,
    target: &'a str,
    status: &'static str,
    reason: Option<String>,
    exit_code: u8,
    accounts: u64,
    tried: u64,
    signed_in: u64,
    wrong_password_refused: u64,
    disabled_refused: u64,
    problems: &'a BTreeMap<SignInProblem, CountedLines>,
}
