//! An entry of the report.

use serde::Serialize;

use crate::code::Code;
use crate::kind::Kind;

/// What a person has to do about an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It was left as it is.
    Left,
    /// It was rewritten; somebody has to look.
    Check,
}

/// An entry: one thing in one file, with all lines that it stands on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is about.
    pub kind: Kind,
    /// Why it is here.
    pub code: Code,
    /// What to do.
    pub action: Action,
    /// What it names: `useUser`, `ClerkProvider.appearance`, `CLERK_WEBHOOK_SECRET`.
    pub subject: String,
    /// The module of Clerk's, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// Where, as lines that begin with 1, in order, each once.
    pub lines: Vec<usize>,
    /// The column of the first place, in characters, beginning with 1.
    pub column: usize,
    /// One sentence.
    pub sentence: String,
    /// What could be done, if something is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
    /// More of what a person needs, a line each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
}

/// An entry whose place is still an offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The entry; its place is not filled in.
    pub finding: Finding,
    /// The bytes where it begins, in any order.
    pub places: Vec<usize>,
}

impl Found {
    /// An entry at these bytes.
    pub fn new(kind: Kind, code: Code, action: Action, subject: impl Into<String>, places: Vec<usize>) -> Self {
        let subject = subject.into();
        let sentence = first_sentence(code);
        let finding = Finding {
            kind,
            code,
            action,
            subject,
            module: None,
            lines: Vec::new(),
            column: 0,
            sentence,
            suggestion: None,
            details: Vec::new(),
        };
        Self { finding, places }
    }

    /// About a module of Clerk's.
    #[must_use]
    pub fn of(mut self, module: &str) -> Self {
        self.finding.module = Some(module.to_owned());
        self
    }

    /// With a sentence of its own.
    #[must_use]
    pub fn saying(mut self, sentence: impl Into<String>) -> Self {
        self.finding.sentence = sentence.into();
        self
    }

    /// With what could be done.
    #[must_use]
    pub fn suggesting(mut self, suggestion: Option<impl Into<String>>) -> Self {
        self.finding.suggestion = suggestion.map(Into::into);
        self
    }

    /// With more lines.
    #[must_use]
    pub fn with(mut self, details: Vec<String>) -> Self {
        self.finding.details = details;
        self
    }
}

fn first_sentence(code: Code) -> String {
    let meaning = code.meaning();
    meaning.find(". ").map_or(meaning, |end| &meaning[..=end]).to_owned()
}

/// The entries of a file: the same thing once, with all its lines, the most urgent first.
pub fn located(text: &str, found: Vec<Found>) -> Vec<Finding> {
    let starts: Vec<usize> =
        std::iter::once(0).chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1)).collect();
    let line_of = |place: usize| starts.partition_point(|start| *start <= place);
    let mut merged: Vec<Found> = Vec::new();
    for one in found {
        let same = merged.iter_mut().find(|other| {
            let (a, b) = (&other.finding, &one.finding);
            (a.code, &a.subject, &a.module, a.action) == (b.code, &b.subject, &b.module, b.action)
        });
        match same {
            Some(same) => same.places.extend(one.places),
            None => merged.push(one),
        }
    }
    let mut findings: Vec<(usize, Finding)> = merged
        .into_iter()
        .map(|Found { mut finding, mut places }| {
            places.sort_unstable();
            let first = places.first().copied().unwrap_or(0);
            let begin = starts[line_of(first).saturating_sub(1)];
            finding.column = text.get(begin..first).map_or(0, |before| before.chars().count()) + 1;
            finding.lines = places.iter().map(|place| line_of(*place)).collect();
            finding.lines.dedup();
            (first, finding)
        })
        .collect();
    findings.sort_by(|(at, a), (bt, b)| {
        (a.code != Code::AuthNotAwaited, a.kind, a.code, at, &a.subject).cmp(&(
            b.code != Code::AuthNotAwaited,
            b.kind,
            b.code,
            bt,
            &b.subject,
        ))
    });
    findings.into_iter().map(|(_, finding)| finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_thing_is_one_entry_with_its_lines() {
        let text = "a\nbé c\nd";
        let entry = |code, places| Found::new(Kind::Hook, code, Action::Left, "useUser", places);
        let found = vec![
            entry(Code::NoDocumentedEquivalent, vec![8]),
            entry(Code::NoDocumentedEquivalent, vec![6, 2]),
            entry(Code::AuthNotAwaited, vec![0]),
        ];
        let findings = located(text, found);
        assert_eq!(findings.len(), 2);
        assert_eq!(findings[0].code, Code::AuthNotAwaited, "first in its file");
        assert_eq!((findings[1].lines.as_slice(), findings[1].column), (&[2, 3][..], 1));
    }
}
