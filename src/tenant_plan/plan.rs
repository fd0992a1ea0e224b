//! The plan: the file that a person completes, keeps and compares.

use serde::{Deserialize, Serialize};

use super::{Item, Totals};

/// The version of the form.
pub(super) const FORMAT: u32 = 1;

/// The plan of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantPlan {
    /// The version of this form.
    pub format: u32,
    /// Whose it is.
    pub instance: PlanInstance,
    /// How many things there are.
    pub totals: Totals,
    /// What could not be looked at.
    pub missing: Vec<MissingKind>,
    /// The things, by kind and id.
    pub items: Vec<Item>,
}

/// Whose plan it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanInstance {
    /// Its id at Clerk.
    pub id: String,
    /// `production` or `development`.
    pub environment_type: String,
}

/// Something that could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingKind {
    /// The kind, as `--only` of an export calls it.
    pub kind: String,
    /// Why.
    pub reason: String,
}

impl TenantPlan {
    /// A plan of these things.
    pub(super) fn new(instance: PlanInstance, missing: Vec<MissingKind>, items: Vec<Item>) -> Self {
        Self { format: FORMAT, instance, totals: Totals::of(&items), missing, items }
    }

    /// Reads a plan.
    pub fn read(text: &[u8]) -> Result<Self, String> {
        let plan: Self = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        if plan.format > FORMAT { Err("a newer version of this program made it".to_owned()) } else { Ok(plan) }
    }

    /// Takes over what a person decided and wrote in an earlier plan of the same tenant, for things that are still there.
    pub fn keep_decisions_of(&mut self, earlier: &Self) {
        keep(&mut self.items, &earlier.items);
        self.recount();
    }

    /// Counts again after things have changed.
    pub(super) fn recount(&mut self) {
        self.totals = Totals::of(&self.items);
    }
}

fn keep(items: &mut [Item], earlier: &[Item]) {
    let earlier: std::collections::BTreeMap<_, &Item> =
        earlier.iter().map(|item| ((item.kind, item.id.as_str()), item)).collect();
    for item in items {
        let Some(before) = earlier.get(&(item.kind, item.id.as_str())) else { continue };
        item.note.clone_from(&before.note);
        if before.name == item.name && before.assigned_to.is_some() {
            item.assigned_to.clone_from(&before.assigned_to);
        }
        keep(&mut item.parts, &before.parts);
    }
}
