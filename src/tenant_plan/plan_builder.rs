//! Makes a plan of the records of an export.

use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::application::Application;
use super::decisions::Decisions;
use super::domain::{Domain, RedirectUrl};
use super::enterprise_connection::EnterpriseConnection;
use super::list_entry::ListEntry;
use super::open_questions::open_questions;
use super::plan::{FORMAT, PlanItems, item_text, read_item};
use super::role::Keyed;
use super::setting::settings;
use super::template::TokenTemplateRecord;
use super::url_assignment::{Assigning, UrlAssignment, UrlAssignmentError};
use super::{Item, ItemKind, MissingKind, PlanInstance, TenantPlan, Totals, Verdict};
use crate::export::ExportKind;
use crate::index::{TextSorter, Texts};

/// A record that is not what the API's document says. What is in it is not repeated.
#[derive(Debug, thiserror::Error)]
#[error("it is none of {kind}: {problem}")]
pub struct UnreadableRecord {
    /// What it should be.
    pub kind: ExportKind,
    /// What is wrong, without a value.
    pub problem: String,
}

/// Why a plan is not made of what was read.
#[derive(Debug, thiserror::Error)]
pub enum PlanBuildError {
    /// Something cannot be assigned.
    #[error(transparent)]
    UrlAssignment(#[from] UrlAssignmentError),
    /// There is no room for temporary files.
    #[error("temporary files cannot be used: {0}; make room in the directory for temporary files (TMPDIR)")]
    Temporary(#[from] io::Error),
}

/// Makes a plan of the records of an export, which come in any order. What does not fit into memory is in temporary files.
#[derive(Debug)]
pub struct PlanBuilder {
    items: TextSorter,
    directory: PathBuf,
    /// Why one of the things could not be kept.
    failed: Option<io::Error>,
}

#[derive(Deserialize)]
struct Instance {
    allowed_origins: Option<Vec<String>>,
}

impl PlanBuilder {
    /// The kinds of records that are in a plan.
    pub const KINDS: [ExportKind; 13] = [
        ExportKind::Instance,
        ExportKind::OrganizationSettings,
        ExportKind::OAuthApplicationSettings,
        ExportKind::Domains,
        ExportKind::OrganizationRoles,
        ExportKind::OrganizationPermissions,
        ExportKind::RoleSets,
        ExportKind::OAuthApplications,
        ExportKind::RedirectUrls,
        ExportKind::JwtTemplates,
        ExportKind::AllowlistIdentifiers,
        ExportKind::BlocklistIdentifiers,
        ExportKind::EnterpriseConnections,
    ];

    /// Nothing yet; temporary files go to `directory`.
    pub fn new(directory: &Path) -> Self {
        Self { items: TextSorter::new(directory), directory: directory.to_path_buf(), failed: None }
    }

    /// Takes a record of one of these kinds.
    pub fn add(&mut self, kind: ExportKind, record: &[u8]) -> Result<(), UnreadableRecord> {
        match kind {
            ExportKind::OAuthApplications => self.push(&read::<Application>(kind, record)?.item()),
            ExportKind::RedirectUrls => self.push(&read::<RedirectUrl>(kind, record)?.item()),
            ExportKind::Domains => self.push(&read::<Domain>(kind, record)?.item()),
            ExportKind::JwtTemplates => self.push(&read::<TokenTemplateRecord>(kind, record)?.item()),
            ExportKind::OrganizationRoles => self.push(&read::<Keyed>(kind, record)?.role()),
            ExportKind::OrganizationPermissions => self.push(&read::<Keyed>(kind, record)?.permission()),
            ExportKind::RoleSets => self.push(&read::<Keyed>(kind, record)?.role_set()),
            ExportKind::AllowlistIdentifiers => {
                self.push(&read::<ListEntry>(kind, record)?.item(ItemKind::AllowlistEntry));
            }
            ExportKind::BlocklistIdentifiers => {
                self.push(&read::<ListEntry>(kind, record)?.item(ItemKind::BlocklistEntry));
            }
            ExportKind::EnterpriseConnections => self.push(&read::<EnterpriseConnection>(kind, record)?.item()),
            ExportKind::OrganizationSettings | ExportKind::OAuthApplicationSettings => {
                let object: Map<String, Value> = read(kind, record)?;
                for setting in settings(kind.name(), &object) {
                    self.push(&setting);
                }
            }
            ExportKind::Instance => {
                let why = "The target does not document from which origins browsers may call it: ask.";
                for origin in read::<Instance>(kind, record)?.allowed_origins.unwrap_or_default() {
                    self.push(&Item::new(ItemKind::AllowedOrigin, origin, Verdict::ToDo, why));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The plan, with what a person decided before and says now.
    pub fn finish(
        mut self,
        (instance, missing): (PlanInstance, Vec<MissingKind>),
        earlier: Option<&Decisions>,
        assignments: &[UrlAssignment],
    ) -> Result<TenantPlan, PlanBuildError> {
        open_questions().for_each(|question| self.push(&question));
        if let Some(error) = self.failed {
            return Err(error.into());
        }
        let sorted = self.items.finish()?;
        let (mut decided, mut totals) = (Texts::new(&self.directory)?, Totals::default());
        let mut assigning = Assigning::new(assignments, &self.directory);
        for text in sorted.iter() {
            let mut item = read_item(&text?.1)?;
            if let Some(earlier) = earlier {
                earlier.apply_to(&mut item)?;
            }
            assigning.take(&mut item)?;
            totals.add(&item);
            decided.add(&item_text(&item)?)?;
        }
        assigning.finish()?;
        Ok(TenantPlan { format: FORMAT, instance, totals, missing, items: PlanItems::new(decided) })
    }

    fn push(&mut self, item: &Item) {
        // In the order of the kinds, then of the ids.
        let key = [&[item.kind as u8], item.id.as_bytes()].concat();
        let added = item_text(item).and_then(|text| self.items.add(key, text));
        if let Err(error) = added {
            self.failed.get_or_insert(error);
        }
    }
}

pub(super) fn read<T: DeserializeOwned>(kind: ExportKind, record: &[u8]) -> Result<T, UnreadableRecord> {
    serde_json::from_slice(record).map_err(|error| {
        let problem = if error.is_data() { "a member is missing or of another type" } else { "it is no JSON" };
        UnreadableRecord { kind, problem: problem.to_owned() }
    })
}
