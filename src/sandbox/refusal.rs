//! What the server answers in place of the API whose calls it carries.

use axum::response::Response;

/// Why a call does not reach the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The request was meant for another machine.
    Misdirected,
    /// A fault on purpose, with this status.
    Fault(u16),
    /// The body is compressed in a way that is not accepted.
    Coding,
    /// The body is compressed, and cannot be unpacked.
    Corrupt,
}

/// The form in which an API says so: the answer to the request with this id.
pub(crate) type Refuse = fn(Refusal, &str) -> Response;
