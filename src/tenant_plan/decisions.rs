//! What a person decided and wrote in an earlier plan of the same tenant, which stays when the plan is made again.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;

use super::plan::{item_text, read_item};
use super::plan_reader::{PlanReadError, read_plan};
use super::{Item, PlanInstance};
use crate::index::{TextLookup, TextMap};

/// The things of an earlier plan of which something is decided. They may be many, and lie on disk.
#[derive(Debug)]
pub struct Decisions {
    instance: PlanInstance,
    items: TextLookup,
}

impl Decisions {
    /// Reads them from a plan; what is kept goes to files without a name in `directory`.
    pub fn read(plan: impl Read, directory: &Path) -> Result<Self, PlanReadError> {
        let mut map = TextMap::new(directory)?;
        let instance = read_plan(plan, &mut |item| {
            if item.all().iter().any(|item| is_decided(item)) {
                map.add(&key(&item), &item_text(&item)?)
            } else {
                Ok(())
            }
        })?;
        Ok(Self { instance, items: map.finish()? })
    }

    /// Whose plan it was.
    pub fn instance(&self) -> &PlanInstance {
        &self.instance
    }

    /// Takes over what was decided about a thing and its parts.
    pub(super) fn apply_to(&self, item: &mut Item) -> io::Result<()> {
        if self.items.is_empty() {
            return Ok(());
        }
        let Some(text) = self.items.get(&key(item))?.pop() else { return Ok(()) };
        keep(item, &read_item(&text)?);
        Ok(())
    }
}

fn is_decided(item: &Item) -> bool {
    item.note.is_some() || item.assigned_to.is_some()
}

fn key(item: &Item) -> String {
    format!("{:?} {}", item.kind, item.id)
}

fn keep(item: &mut Item, before: &Item) {
    item.note.clone_from(&before.note);
    if before.name == item.name && before.assigned_to.is_some() {
        item.assigned_to.clone_from(&before.assigned_to);
    }
    let earlier: BTreeMap<_, &Item> = before.parts.iter().map(|part| ((part.kind, part.id.as_str()), part)).collect();
    for part in &mut item.parts {
        if let Some(before) = earlier.get(&(part.kind, part.id.as_str())) {
            keep(part, before);
        }
    }
}
