//! Choices that other rooms have, as they are typed.

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::delivery::OnExisting;
use crate::missing::OnMissing;
use crate::report::LogFormat;
use crate::results::TableFormat;

impl ValueEnum for OnExisting {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Self::Skip => "Leave it as it is, and count it if it differs from the export",
            Self::Update => "Change what differs to what the export says, and never a password",
            Self::Fail => "Reject the record as `already_exists`",
        };
        Some(PossibleValue::new(self.as_str()).help(help))
    }
}

impl ValueEnum for OnMissing {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Self::Report => "Count them, and name them in a file of the run",
            Self::Disable => {
                "Also disable users at the target, and enable those whom an earlier run disabled and who are back"
            }
            Self::Remove => {
                "Also remove memberships, with their roles, if their users and organizations are still there"
            }
        };
        Some(PossibleValue::new(self.as_str()).help(help))
    }
}

impl ValueEnum for LogFormat {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Text, Self::Json]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, help) = match self {
            Self::Text => ("text", "For people"),
            Self::Json => ("json", "One JSON object a line"),
        };
        Some(PossibleValue::new(name).help(help))
    }
}

impl ValueEnum for TableFormat {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Csv, Self::Ndjson]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, help) = match self {
            Self::Csv => ("csv", "A table with a header"),
            Self::Ndjson => ("ndjson", "One JSON object a line"),
        };
        Some(PossibleValue::new(name).help(help))
    }
}
