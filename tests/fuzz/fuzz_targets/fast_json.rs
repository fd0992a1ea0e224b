//! What is read the short way is what `serde_json` reads, after any other text.
#![no_main]

use libfuzzer_sys::fuzz_target;

mod clerk {
    pub(crate) use avnology_migrate::clerk::{Invitation, Membership, Organization, User};
}
mod fast_json {
    pub(crate) use avnology_migrate::fast_json::read;
}
#[path = "../../../src/fast_json/oracle.rs"]
mod oracle;

fuzz_target!(|texts: (&str, &str)| {
    // The second one is read with the names of the first in mind.
    oracle::assert_agreement(texts.0);
    oracle::assert_agreement(texts.1);
});
