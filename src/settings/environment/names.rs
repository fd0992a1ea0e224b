//! Which variables concern us, by their names.

use crate::cli::{CLERK_SECRET_KEY, CLERK_URL};

/// Where programs keep state between runs, by the XDG Base Directory Specification.
pub(super) const STATE_HOME: &str = "XDG_STATE_HOME";

/// Our own variables begin with it.
pub(super) const OURS: &str = "AVNOLOGY_";

/// Whether a text begins with the name of a variable that concerns us.
pub(super) fn is_ours(name: &str) -> bool {
    let of_clerk = [Some(CLERK_SECRET_KEY), CLERK_URL.variable];
    name.starts_with(OURS)
        || name == STATE_HOME
        || is_of_store(name)
        || of_clerk.into_iter().flatten().any(|ours| name.starts_with(ours))
}

/// Whether it is how a store of inputs is reached.
pub(super) fn is_of_store(name: &str) -> bool {
    ["AWS_", "AZURE_", "GOOGLE_", "IDENTITY_ENDPOINT"].iter().any(|prefix| name.starts_with(prefix))
}
