//! Which files are worth reading as code: a search of bytes, before anything is parsed.

use memchr::memmem;

/// What makes a file interesting.
const NEEDLES: [&str; 10] = [
    "@clerk/",
    "@avnology/",
    "CLERK_",
    "svix",
    "vue-clerk",
    "svelte-clerk",
    "react-clerk",
    "CustomJwtSessionClaims",
    "UserPublicMetadata",
    "ClerkAuthorization",
];

/// What is found by its text in any file.
const TEXTS: [&str; 5] = ["clerk.com", "clerk.dev", "clerk.accounts.dev", ".cl-", "@clerk/"];

/// Whether anything in a file can be of interest.
pub(super) fn is_interesting(bytes: &[u8], is_code: bool) -> bool {
    let has = |needle: &&str| memmem::find(bytes, needle.as_bytes()).is_some();
    NEEDLES.iter().chain(&TEXTS).any(|needle| has(needle) && (is_code || *needle != "svix"))
}

/// Whether a file names a package of Clerk's.
pub(super) fn names_clerk(bytes: &[u8]) -> bool {
    memmem::find(bytes, b"@clerk/").is_some()
}
