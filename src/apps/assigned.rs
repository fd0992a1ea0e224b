//! Which redirect URLs a person assigned to which application. They may be many, and lie on disk.

use std::io;
use std::path::Path;

use crate::index::{TextLookup, TextMap};
use crate::tenant_plan::{Item, ItemKind};

/// Takes the redirect URLs of a plan.
#[derive(Debug)]
pub struct AssignedBuilder(TextMap);

/// The redirect URLs that a person assigned, by the client id of the application.
#[derive(Debug)]
pub struct Assigned(TextLookup);

impl AssignedBuilder {
    /// None yet; they will be in files without a name in `directory`.
    pub fn new(directory: &Path) -> io::Result<Self> {
        Ok(Self(TextMap::new(directory)?))
    }

    /// Takes a thing of the plan, if it is a redirect URL that is assigned.
    pub fn take(&mut self, item: &Item) -> io::Result<()> {
        match (&item.assigned_to, &item.name) {
            (Some(client), Some(url)) if item.kind == ItemKind::RedirectUrl => self.0.add(client, url.as_bytes()),
            _ => Ok(()),
        }
    }

    /// All of them.
    pub fn finish(self) -> io::Result<Assigned> {
        Ok(Assigned(self.0.finish()?))
    }
}

impl Assigned {
    /// The redirect URLs of the application with this client id.
    pub fn of(&self, client_id: &str) -> io::Result<Vec<String>> {
        let texts = self.0.get(client_id)?;
        Ok(texts.into_iter().map(|text| String::from_utf8_lossy(&text).into_owned()).collect())
    }

    /// How many there are.
    pub fn len(&self) -> u64 {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
