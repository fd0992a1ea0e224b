//! The time as rows and answers have it.

/// Now, as RFC 3339.
pub(super) fn now() -> String {
    jiff::Timestamp::now().to_string()
}
