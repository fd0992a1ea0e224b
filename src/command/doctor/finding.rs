//! What is found out about one thing.

use serde::Serialize;

use crate::exit::ExitStatus;

/// How one thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Health {
    /// As it should be.
    Ok,
    /// Worth knowing; nothing is wrong.
    Note,
    /// Something has to be done.
    Wrong,
}

/// What is found out about one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct DoctorFinding {
    /// The thing.
    pub about: &'static str,
    /// How it is.
    pub health: Health,
    /// What was found, and if something is wrong, what to do.
    pub text: String,
    /// The exit code that it leads to.
    #[serde(skip)]
    pub status: ExitStatus,
}

/// The width of the longest name of a thing, and of what stands before it.
const NAMES: usize = 15;
const MARKS: usize = 7;

/// Lines are no longer than this.
const WIDTH: usize = 80;

impl DoctorFinding {
    pub(super) fn ok(about: &'static str, text: impl Into<String>) -> Self {
        Self { about, health: Health::Ok, text: text.into(), status: ExitStatus::Success }
    }

    pub(super) fn note(about: &'static str, text: impl Into<String>) -> Self {
        Self { health: Health::Note, ..Self::ok(about, text) }
    }

    pub(super) fn wrong(about: &'static str, text: impl Into<String>) -> Self {
        Self { health: Health::Wrong, status: ExitStatus::Usage, ..Self::ok(about, text) }
    }

    /// For people: lines of at most 80 columns, broken between words.
    pub(super) fn write(&self, out: &mut String) {
        let mark = match self.health {
            Health::Ok => "ok",
            Health::Note => "note",
            Health::Wrong => "WRONG",
        };
        let mut line = format!("{mark:<MARKS$}{:<NAMES$}", self.about);
        let mut is_begin = true;
        for word in self.text.split(' ') {
            if !is_begin && line.chars().count() + 1 + word.chars().count() > WIDTH {
                out.push_str(&line);
                out.push('\n');
                line = " ".repeat(MARKS + NAMES);
            } else if !is_begin {
                line.push(' ');
            }
            line.push_str(word);
            is_begin = false;
        }
        out.push_str(&line);
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_and_no_word_within() {
        let long = "x".repeat(70);
        let mut text = String::new();
        DoctorFinding::wrong("target", format!("{} {long} end", "word ".repeat(20).trim_end())).write(&mut text);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("WRONG  target         word word"), "{text}");
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH || line.trim() == long), "{text}");
        assert!(lines[1..].iter().all(|line| line.starts_with(&" ".repeat(MARKS + NAMES))), "{text}");
        let joined = lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
        assert!(joined.ends_with(&format!("word {long} end")), "{joined}");
    }
}
