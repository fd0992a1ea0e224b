//! What the program checks.

use serde::{Deserialize, Serialize};

use super::SwitchStep;

/// What the program checks, in the order of the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// Staging's target answers and takes its key.
    StagingTarget,
    /// It gives the keys that tokens are checked with.
    StagingKeys,
    /// A sign-in for a client begins there, and for no other address than the client's.
    StagingClient,
    /// The last import into it is finished.
    StagingImport,
    /// It left no rejects.
    StagingRejects,
    /// A comparison found the same there as in the export.
    StagingVerified,
    /// Test accounts sign in there.
    StagingSignIn,
    /// Nothing of Clerk's is left in the code.
    Code,
    /// Each redirect URL and domain of the plan has an answer.
    ApplicationPlan,
    /// The clients at the target are as the plan has them.
    Clients,
    /// The endpoints at the target are as their plan has them.
    Endpoints,
    /// A handler takes a signed delivery and refuses a false one.
    Handler,
    /// Each template of the plan has an answer.
    TemplatePlan,
    /// How many users have changed at Clerk since the last import.
    Changes,
    /// Production's target answers, takes its key, and is not staging's.
    Target,
    /// It gives the keys that tokens are checked with.
    Keys,
    /// The last import into it is finished.
    Import,
    /// It left no rejects.
    Rejects,
    /// A comparison found the same there as in the export.
    Verified,
    /// Endpoints of webhooks are active.
    EndpointsActive,
    /// After the switch, nothing changes at Clerk any more.
    ClerkStill,
    /// What the way back would cost is known.
    Back,
    /// Thirty days have passed since the switch.
    Retention,
    /// An export of Clerk's data is kept, and is as it was written.
    KeptExport,
}

impl Check {
    /// All of them, in order.
    pub const ALL: [Self; 24] = [
        Self::StagingTarget,
        Self::StagingKeys,
        Self::StagingClient,
        Self::StagingImport,
        Self::StagingRejects,
        Self::StagingVerified,
        Self::StagingSignIn,
        Self::Code,
        Self::ApplicationPlan,
        Self::Clients,
        Self::Endpoints,
        Self::Handler,
        Self::TemplatePlan,
        Self::Changes,
        Self::Target,
        Self::Keys,
        Self::Import,
        Self::Rejects,
        Self::Verified,
        Self::EndpointsActive,
        Self::ClerkStill,
        Self::Back,
        Self::Retention,
        Self::KeptExport,
    ];

    /// Its stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::StagingTarget => "staging-target",
            Self::StagingKeys => "staging-keys",
            Self::StagingClient => "staging-client",
            Self::StagingImport => "staging-import",
            Self::StagingRejects => "staging-rejects",
            Self::StagingVerified => "staging-verified",
            Self::StagingSignIn => "staging-sign-in",
            Self::Code => "code",
            Self::ApplicationPlan => "application-plan",
            Self::Clients => "clients",
            Self::Endpoints => "endpoints",
            Self::Handler => "handler",
            Self::TemplatePlan => "template-plan",
            Self::Changes => "changes",
            Self::Target => "target",
            Self::Keys => "keys",
            Self::Import => "import",
            Self::Rejects => "rejects",
            Self::Verified => "verified",
            Self::EndpointsActive => "endpoints-active",
            Self::ClerkStill => "clerk-still",
            Self::Back => "back",
            Self::Retention => "retention",
            Self::KeptExport => "kept-export",
        }
    }

    /// The step that it belongs to.
    pub const fn step(self) -> SwitchStep {
        match self {
            Self::StagingTarget
            | Self::StagingKeys
            | Self::StagingClient
            | Self::StagingImport
            | Self::StagingRejects
            | Self::StagingVerified
            | Self::StagingSignIn => SwitchStep::Staging,
            Self::Code => SwitchStep::Code,
            Self::ApplicationPlan | Self::Clients => SwitchStep::Apps,
            Self::Endpoints | Self::Handler => SwitchStep::Webhooks,
            Self::TemplatePlan => SwitchStep::Tokens,
            Self::Changes => SwitchStep::Freeze,
            Self::Target
            | Self::Keys
            | Self::Import
            | Self::Rejects
            | Self::Verified
            | Self::EndpointsActive
            | Self::ClerkStill => SwitchStep::Swap,
            Self::Back => SwitchStep::RollBack,
            Self::Retention | Self::KeptExport => SwitchStep::Decommission,
        }
    }

    /// Whether it is about the target whose address is given with the command.
    pub const fn is_about_the_target(self) -> bool {
        matches!(
            self,
            Self::StagingTarget
                | Self::StagingKeys
                | Self::StagingClient
                | Self::StagingImport
                | Self::StagingRejects
                | Self::StagingVerified
                | Self::StagingSignIn
                | Self::Changes
                | Self::Target
                | Self::Keys
                | Self::Import
                | Self::Rejects
                | Self::Verified
                | Self::EndpointsActive
                | Self::ClerkStill
                | Self::Back
        )
    }

    /// Whether an import makes it untrue.
    pub(super) const fn is_about_imports(self) -> bool {
        self.is_about_the_target()
            && !matches!(
                self,
                Self::StagingTarget
                    | Self::StagingKeys
                    | Self::StagingClient
                    | Self::Target
                    | Self::Keys
                    | Self::EndpointsActive
            )
    }

    /// What it looks for, in a few words.
    pub const fn title(self) -> &'static str {
        match self {
            Self::StagingTarget => "staging's target answers and takes the key",
            Self::StagingKeys => "staging's target gives keys to check tokens with",
            Self::StagingClient => "a sign-in for a client begins there, and for its own addresses only",
            Self::StagingImport => "the last import into staging's target is finished",
            Self::StagingRejects | Self::Rejects => "no rejects are left of it",
            Self::StagingVerified | Self::Verified => "a comparison found the same as in the export",
            Self::StagingSignIn => "test accounts sign in",
            Self::Code => "nothing of Clerk's is left in the code",
            Self::ApplicationPlan => "each redirect URL and domain of the plan has an answer",
            Self::Clients => "clients at the target are as the plan has them",
            Self::Endpoints => "endpoints at the target are as their plan has them",
            Self::Handler => "a handler takes a signed delivery and refuses a false one",
            Self::TemplatePlan => "each token template of the plan has an answer",
            Self::Changes => "Clerk has no change that is not at the target",
            Self::Target => "production's target answers, takes the key, and is not staging's",
            Self::Keys => "production's target gives keys to check tokens with",
            Self::Import => "the last import into production's target is finished",
            Self::EndpointsActive => "endpoints of webhooks are active at production's target",
            Self::ClerkStill => "nothing changes at Clerk after the switch",
            Self::Back => "what the way back costs is known",
            Self::Retention => "thirty days have passed since the switch",
            Self::KeptExport => "an export of Clerk's data is kept, and is as it was written",
        }
    }
}
