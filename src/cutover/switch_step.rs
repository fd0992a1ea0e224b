//! The steps of the switch, as the guide has them.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The steps of the switch, in the order in which they are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SwitchStep {
    /// A staging environment against the target.
    Staging,
    /// The code of the applications.
    Code,
    /// OAuth applications and redirect URLs.
    Apps,
    /// Webhooks.
    Webhooks,
    /// Token templates and those who check tokens.
    Tokens,
    /// Everybody signs in once more.
    Notice,
    /// What changes at Clerk until the switch.
    Freeze,
    /// The variables in production.
    Swap,
    /// The way back.
    RollBack,
    /// The end of the instance at Clerk.
    Decommission,
}

impl SwitchStep {
    /// All of them, in order.
    pub const ALL: [Self; 10] = [
        Self::Staging,
        Self::Code,
        Self::Apps,
        Self::Webhooks,
        Self::Tokens,
        Self::Notice,
        Self::Freeze,
        Self::Swap,
        Self::RollBack,
        Self::Decommission,
    ];

    /// Its name, as it is typed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Staging => "staging",
            Self::Code => "code",
            Self::Apps => "apps",
            Self::Webhooks => "webhooks",
            Self::Tokens => "tokens",
            Self::Notice => "notice",
            Self::Freeze => "freeze",
            Self::Swap => "swap",
            Self::RollBack => "roll-back",
            Self::Decommission => "decommission",
        }
    }

    /// For headings.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Staging => "Point a staging environment at the target",
            Self::Code => "Move the code",
            Self::Apps => "Move applications and redirect URLs",
            Self::Webhooks => "Move webhooks",
            Self::Tokens => "Move token templates",
            Self::Notice => "Prepare users for signing in once more",
            Self::Freeze => "Bring what has changed at Clerk",
            Self::Swap => "Swap the variables in production",
            Self::RollBack => "Know the way back",
            Self::Decommission => "Decommission Clerk",
        }
    }

    /// The number of the guide's step that it belongs to.
    pub const fn of_guide(self) -> u8 {
        match self {
            Self::Staging | Self::Code | Self::Apps | Self::Webhooks | Self::Tokens => 1,
            Self::Notice | Self::Freeze => 2,
            Self::Swap | Self::RollBack => 3,
            Self::Decommission => 4,
        }
    }

    /// The steps without which this one would mislead, if it were called ok.
    pub const fn needs(self) -> &'static [Self] {
        match self {
            Self::Swap => &[Self::Staging],
            Self::Decommission => &[Self::Swap],
            _ => &[],
        }
    }
}

impl FromStr for SwitchStep {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|step| step.name() == text).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|step| step.name()).collect();
            format!("expected one of {}", names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cutover::{Check, Fact};

    #[test]
    fn names_are_the_same_in_files_and_typed_and_each_is_used_once() {
        let in_file = |value: serde_json::Value| value.as_str().expect("a name").to_owned();
        let mut names = Vec::new();
        for step in SwitchStep::ALL {
            assert_eq!(in_file(serde_json::to_value(step).expect("JSON")), step.name());
            assert_eq!(step.name().parse(), Ok(step));
        }
        for check in Check::ALL {
            assert_eq!(in_file(serde_json::to_value(check).expect("JSON")), check.name());
            names.push(check.name());
        }
        for fact in Fact::ALL {
            assert_eq!(in_file(serde_json::to_value(fact).expect("JSON")), fact.name());
            names.push(fact.name());
            assert!(
                SwitchStep::ALL.iter().all(|step| step.name() != fact.name()),
                "`record` takes both: {}",
                fact.name()
            );
        }
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        for step in SwitchStep::ALL {
            assert!(Fact::ALL.iter().any(|fact| fact.step() == step), "{}: a person answers for it", step.name());
        }
    }
}
