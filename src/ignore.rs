//! Failures that are ignored on purpose, each with its reason.

/// Ignores how something ended, and says in the code `why` nobody has to know.
pub(crate) fn ignore<T, E>(result: Result<T, E>, _why: &'static str) {
    drop(result);
}
