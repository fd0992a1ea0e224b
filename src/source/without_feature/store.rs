//! Stands in for [`super::store`] in a build without object storage. No object can be named.

use std::future::Ready;
use std::ops::Range;
use std::time::Duration;

use url::Url;

use crate::source::object_access::{ObjectAccess, ObjectFault, Part, Version};

/// No value of this type exists.
#[derive(Debug)]
pub(super) enum Store {}

impl Store {
    pub(super) fn new(_: &Url, _: &ObjectAccess) -> Result<Self, ObjectFault> {
        Err(ObjectFault::Settings)
    }

    pub(super) fn part(&self, _: Range<u64>, _: Option<Version>, _: Duration) -> Ready<Result<Part, ObjectFault>> {
        match *self {}
    }
}
