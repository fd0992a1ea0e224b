//! Makes a plan of the records of an export.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::application::Application;
use super::domain::{Domain, RedirectUrl};
use super::enterprise_connection::EnterpriseConnection;
use super::list_entry::ListEntry;
use super::open_questions::open_questions;
use super::role::Keyed;
use super::setting::settings;
use super::template::Template;
use super::{Item, ItemKind, MissingKind, PlanInstance, TenantPlan, Verdict};
use crate::export::Kind;

/// A record that is not what the API's document says. What is in it is not repeated.
#[derive(Debug, thiserror::Error)]
#[error("it is none of {kind}: {problem}")]
pub struct UnreadableRecord {
    /// What it should be.
    pub kind: Kind,
    /// What is wrong, without a value.
    pub problem: String,
}

/// Makes a plan of the records of an export, which come in any order.
#[derive(Debug, Default)]
pub struct PlanBuilder {
    items: BTreeMap<(ItemKind, String), Item>,
}

#[derive(Deserialize)]
struct Instance {
    allowed_origins: Option<Vec<String>>,
}

impl PlanBuilder {
    /// The kinds of records that are in a plan.
    pub const KINDS: [Kind; 13] = [
        Kind::Instance,
        Kind::OrganizationSettings,
        Kind::OAuthApplicationSettings,
        Kind::Domains,
        Kind::OrganizationRoles,
        Kind::OrganizationPermissions,
        Kind::RoleSets,
        Kind::OAuthApplications,
        Kind::RedirectUrls,
        Kind::JwtTemplates,
        Kind::AllowlistIdentifiers,
        Kind::BlocklistIdentifiers,
        Kind::EnterpriseConnections,
    ];

    /// Takes a record of one of these kinds.
    pub fn add(&mut self, kind: Kind, record: &[u8]) -> Result<(), UnreadableRecord> {
        match kind {
            Kind::OAuthApplications => self.push(read::<Application>(kind, record)?.item()),
            Kind::RedirectUrls => self.push(read::<RedirectUrl>(kind, record)?.item()),
            Kind::Domains => self.push(read::<Domain>(kind, record)?.item()),
            Kind::JwtTemplates => self.push(read::<Template>(kind, record)?.item()),
            Kind::OrganizationRoles => self.push(read::<Keyed>(kind, record)?.role()),
            Kind::OrganizationPermissions => self.push(read::<Keyed>(kind, record)?.permission()),
            Kind::RoleSets => self.push(read::<Keyed>(kind, record)?.role_set()),
            Kind::AllowlistIdentifiers => self.push(read::<ListEntry>(kind, record)?.item(ItemKind::AllowlistEntry)),
            Kind::BlocklistIdentifiers => self.push(read::<ListEntry>(kind, record)?.item(ItemKind::BlocklistEntry)),
            Kind::EnterpriseConnections => self.push(read::<EnterpriseConnection>(kind, record)?.item()),
            Kind::OrganizationSettings | Kind::OAuthApplicationSettings => {
                let object: Map<String, Value> = read(kind, record)?;
                for setting in settings(kind.name(), &object) {
                    self.push(setting);
                }
            }
            Kind::Instance => {
                let why = "The target does not document from which origins browsers may call it: ask.";
                for origin in read::<Instance>(kind, record)?.allowed_origins.unwrap_or_default() {
                    self.push(Item::new(ItemKind::AllowedOrigin, origin, Verdict::ToDo, why));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The plan.
    pub fn finish(mut self, instance: PlanInstance, missing: Vec<MissingKind>) -> TenantPlan {
        open_questions().for_each(|question| self.push(question));
        TenantPlan::new(instance, missing, self.items.into_values().collect())
    }

    fn push(&mut self, item: Item) {
        self.items.insert((item.kind, item.id.clone()), item);
    }
}

pub(super) fn read<T: DeserializeOwned>(kind: Kind, record: &[u8]) -> Result<T, UnreadableRecord> {
    serde_json::from_slice(record).map_err(|error| {
        let problem = if error.is_data() { "a member is missing or of another type" } else { "it is no JSON" };
        UnreadableRecord { kind, problem: problem.to_owned() }
    })
}
