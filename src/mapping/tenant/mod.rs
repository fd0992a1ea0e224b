//! Organizations, memberships, role tuples and invitations: what records of an export become, beside users.
//!
//! ```text
//! Organization ─► {"organization":{external_id, name, display_name, slug, metadata, admin_metadata}}   organization
//! Membership ──┬► {"membership":{organization_id, user_id, role, metadata}}                            membership
//!              └► {"permission":{namespace, object, relation, subject}}                                role_tuple
//! Invitation ──► {"invitation":{organization_id, email, role, expires_at, send_email, metadata}}       invitation
//! ```
//!
//! Whom a record refers to, the target calls otherwise than Clerk: [`TargetIds`] knows that, of those whom the steps before have met.
//! Without it, in a dry run, Clerk's ids stand in their place.

mod inline_memberships;
mod invitation;
mod json_record;
mod member;
mod membership;
mod no_tenant_form;
mod organization;
mod organization_of_user;
mod organization_rules;
mod organizations_in_records;
mod reference;
mod role;
mod role_counts;
mod role_tuple;
mod slug;
mod target_ids;
#[cfg(test)]
mod tests;
mod tuple_rules;

pub use inline_memberships::{
    InlineMembership, inline_memberships, lists_all_memberships, membership_keys, membership_pair,
};
pub use invitation::InvitationMapper;
pub use membership::MembershipMapper;
pub use organization::OrganizationMapper;
pub use organization_of_user::OrganizationOfUser;
pub use organization_rules::{MadeNames, OrganizationRules};
pub use organizations_in_records::{OrganizationNames, inline_organizations, organization_of_membership};
pub use reference::Reference;
pub use role_counts::RoleCounts;
pub use role_tuple::TupleMapper;
pub use target_ids::{TargetId, TargetIds};
pub use tuple_rules::TupleRules;
