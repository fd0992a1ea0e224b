//! The choices an administrator has about organizations.

/// What becomes of organizations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrganizationRules {
    /// How a name at the target is made for an organization that has no slug which the target takes.
    pub made_names: MadeNames,
    /// The role at the target of the member who made the organization, in place of the one that Clerk says.
    pub creator: Option<String>,
}

/// How a name at the target is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MadeNames {
    /// From what people call the organization. The second one of two that become the same is rejected.
    #[default]
    Plain,
    /// The name, and behind it a part that comes from the id at Clerk, so that it is the same in every run and no other
    /// organization has it.
    Suffix,
}
