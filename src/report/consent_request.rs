//! What a person is asked before the first import into a target.

use std::fmt;

use super::Forecast;
use crate::human::{count, plural};

/// What a person is asked before the first import into a target.
#[derive(Clone, Copy, Debug)]
pub struct ConsentRequest<'a> {
    /// The target.
    pub target: &'a str,
    /// What the key says about itself.
    pub key: &'a str,
    /// Records of the inputs; unknown of a pipe.
    pub records: Option<u64>,
    /// Records that are known to be rejected.
    pub rejects: u64,
    /// What becomes of users who are there already: `skip`, `update` or `fail`.
    pub on_existing: &'a str,
    /// What it would take, if that is known.
    pub forecast: Option<Forecast>,
}

impl fmt::Display for ConsentRequest<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "This is the first import into {}, with {}.", self.target, self.key)?;
        match self.records {
            None => writeln!(out, "How many users there are is not known: a pipe can be read only once.")?,
            Some(records) => {
                let users = plural(records.saturating_sub(self.rejects), "user");
                let rejects = match self.rejects {
                    0 => String::new(),
                    rejects => format!(" {} of {} would be rejected.", count(rejects), plural(records, "record")),
                };
                writeln!(out, "It would send {users}.{rejects}")?;
            }
        }
        if let Some(forecast) = &self.forecast {
            let mut line = String::new();
            forecast.write(&mut line)?;
            out.write_str(&line)?;
        }
        let existing = match self.on_existing {
            "update" => "changed to what the export says",
            "fail" => "rejected",
            _ => "left as they are",
        };
        writeln!(out, "Users who are there already are {existing}; --dry-run --check-target shows who that is.")?;
        out.write_str("Import them?")
    }
}
