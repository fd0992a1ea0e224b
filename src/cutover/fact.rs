//! What only a person can know.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::SwitchStep;

/// What only a person can know, in the order of the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fact {
    /// Somebody tried staging by hand.
    StagingTried,
    /// The new code is deployed and tested.
    CodeDeployed,
    /// Other parties know about their clients.
    PartiesInformed,
    /// The handlers of webhooks are deployed.
    HandlersDeployed,
    /// Services that check tokens trust the target.
    ServicesSwitched,
    /// Users know that they sign in once more.
    UsersInformed,
    /// Nobody signs up at Clerk any more, or the loss is accepted.
    SignUpClosed,
    /// Records that did not move stay behind.
    RejectsAccepted,
    /// Go.
    Go,
    /// The moment of the switch.
    Flip,
    /// Who decides about the way back, and by what.
    BackDecided,
    /// No DNS record points to Clerk.
    DnsMoved,
    /// Keys of Clerk's API are revoked.
    KeysRevoked,
    /// The instance at Clerk is deleted.
    InstanceDeleted,
}

/// What an import would make untrue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// It is about nothing that an import changes.
    Else,
    /// What is at staging's target.
    StagingTarget,
    /// What is at production's target.
    Target,
    /// What was at production's target when it was switched to: imports after that change nothing about it.
    TargetBeforeTheFlip,
}

impl Fact {
    /// All of them, in order.
    pub const ALL: [Self; 14] = [
        Self::StagingTried,
        Self::CodeDeployed,
        Self::PartiesInformed,
        Self::HandlersDeployed,
        Self::ServicesSwitched,
        Self::UsersInformed,
        Self::SignUpClosed,
        Self::RejectsAccepted,
        Self::Go,
        Self::Flip,
        Self::BackDecided,
        Self::DnsMoved,
        Self::KeysRevoked,
        Self::InstanceDeleted,
    ];

    /// Its name, as it is typed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::StagingTried => "staging-tried",
            Self::CodeDeployed => "code-deployed",
            Self::PartiesInformed => "parties-informed",
            Self::HandlersDeployed => "handlers-deployed",
            Self::ServicesSwitched => "services-switched",
            Self::UsersInformed => "users-informed",
            Self::SignUpClosed => "sign-up-closed",
            Self::RejectsAccepted => "rejects-accepted",
            Self::Go => "go",
            Self::Flip => "flip",
            Self::BackDecided => "back-decided",
            Self::DnsMoved => "dns-moved",
            Self::KeysRevoked => "keys-revoked",
            Self::InstanceDeleted => "instance-deleted",
        }
    }

    /// The step that it belongs to.
    pub const fn step(self) -> SwitchStep {
        match self {
            Self::StagingTried => SwitchStep::Staging,
            Self::CodeDeployed => SwitchStep::Code,
            Self::PartiesInformed => SwitchStep::Apps,
            Self::HandlersDeployed => SwitchStep::Webhooks,
            Self::ServicesSwitched => SwitchStep::Tokens,
            Self::UsersInformed => SwitchStep::Notice,
            Self::SignUpClosed => SwitchStep::Freeze,
            Self::RejectsAccepted | Self::Go | Self::Flip => SwitchStep::Swap,
            Self::BackDecided => SwitchStep::RollBack,
            Self::DnsMoved | Self::KeysRevoked | Self::InstanceDeleted => SwitchStep::Decommission,
        }
    }

    /// Whether its step is open without it. Accepting rejects is for the case that there are some.
    pub const fn is_needed(self) -> bool {
        !matches!(self, Self::RejectsAccepted)
    }

    /// What an import would make untrue of it.
    pub const fn is_about(self) -> About {
        match self {
            Self::StagingTried => About::StagingTarget,
            Self::RejectsAccepted => About::Target,
            Self::Go => About::TargetBeforeTheFlip,
            _ => About::Else,
        }
    }

    /// What a person says by it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::StagingTried => "sign-in, sign-up and a change of organization were tried in staging",
            Self::CodeDeployed => "the new code is deployed and tested",
            Self::PartiesInformed => "other parties know of their clients, and have their new secrets",
            Self::HandlersDeployed => "handlers of webhooks for the target are deployed",
            Self::ServicesSwitched => "services that check tokens trust the target's issuer and keys",
            Self::UsersInformed => "users know when they have to sign in once more",
            Self::SignUpClosed => "sign-up at Clerk is closed, or the loss is accepted",
            Self::RejectsAccepted => "the records that did not move stay behind",
            Self::Go => "go, by the person who decides",
            Self::Flip => "the moment at which production was switched (--at)",
            Self::BackDecided => "until when the way back is open, and who decides about it",
            Self::DnsMoved => "no DNS record points to a host of Clerk",
            Self::KeysRevoked => "keys of Clerk's API are revoked",
            Self::InstanceDeleted => "the instance at Clerk is deleted",
        }
    }
}

impl FromStr for Fact {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|fact| fact.name() == text).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|fact| fact.name()).collect();
            format!("expected one of {}", names.join(", "))
        })
    }
}
