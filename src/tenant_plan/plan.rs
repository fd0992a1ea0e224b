//! The plan: the file that a person completes, keeps and compares. Its things lie on disk, for there may be many.

use std::cell::RefCell;
use std::io::{self, Write};

use serde::ser::{Error as _, SerializeSeq};
use serde::{Deserialize, Serialize, Serializer};

use super::{Item, Totals};
use crate::index::Texts;

/// The version of the form.
pub(super) const FORMAT: u32 = 1;

/// The plan of a tenant.
#[derive(Debug, Serialize)]
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
    pub(super) items: PlanItems,
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
    /// Writes the plan as JSON.
    pub fn write_json(&self, out: impl Write) -> io::Result<()> {
        let written = serde_json::to_writer_pretty(out, self);
        // What went wrong with the disk says more than that it could not be written as JSON.
        self.items.failed.take().map_or_else(|| written.map_err(Into::into), Err)
    }
}

/// The things of a plan, as JSON on disk.
#[derive(Debug)]
pub(super) struct PlanItems {
    texts: Texts,
    failed: RefCell<Option<io::Error>>,
}

impl PlanItems {
    pub(super) fn new(texts: Texts) -> Self {
        Self { texts, failed: RefCell::default() }
    }

    /// All of them, one at a time.
    pub(super) fn iter(&self) -> impl Iterator<Item = io::Result<Item>> {
        self.texts.iter().map(|text| read_item(&text?.1))
    }
}

/// A thing, as it lies on disk.
pub(super) fn read_item(text: &[u8]) -> io::Result<Item> {
    serde_json::from_slice(text).map_err(Into::into)
}

/// A thing, as it lies on disk.
pub(super) fn item_text(item: &Item) -> io::Result<Vec<u8>> {
    serde_json::to_vec(item).map_err(Into::into)
}

impl Serialize for PlanItems {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for item in self.iter() {
            match item {
                Ok(item) => list.serialize_element(&item)?,
                Err(error) => {
                    let said = S::Error::custom(&error);
                    *self.failed.borrow_mut() = Some(error);
                    return Err(said);
                }
            }
        }
        list.end()
    }
}
