//! One request and its reply, in no vendor's words: connections, TLS, proxies, keys, what is kept of an answer, and when a
//! request is repeated.
//!
//! ```text
//!  vendor's client ── Request ──► HttpClient ──► the other side
//!        ▲                          │ key, request id, compression; no redirect
//!        └──────── Reply ◄──────────┘ outcome, Retry-After, quota, as much of the body as is kept
//!
//!  PacedRequests: waits for its turn, sends, and sends again until there is an answer or the retry budget is used up.
//!  A batch that is created does not go by it: `delivery` decides itself what is sent again.
//! ```
//!
//! A vendor's client is a room of its own ([`crate::avnology`]). It brings the paths, reads the bodies, says which outcomes
//! are transient ([`TransientRule`]; [`is_transient`] is the usual one), and puts a [`GaveUp`] into words for a person.

mod answer_room;
mod base_url;
mod body;
mod client;
mod client_error;
mod compression;
mod gave_up;
mod key;
mod options;
mod outcome;
mod paced_requests;
mod plain_poster;
mod proxy;
mod read_reply;
mod repeating_list;
mod reply;
mod request;
mod request_id;
mod retry;
mod retry_after;
mod shorten;
mod transport;

pub use answer_room::{answers_side_by_side, memory_of_answers};
pub use base_url::{BaseUrl, BaseUrlError};
pub use body::{Body, HeldRoom};
pub use client::HttpClient;
pub use client_error::ClientError;
pub use gave_up::GaveUp;
pub use key::{KeyFault, KeySource, check_key};
pub use options::{ClientOptions, Timeouts};
pub use outcome::{ReplyOutcome, TlsFault, TransientRule, Transport, is_transient, was_not_tried};
pub use paced_requests::PacedRequests;
pub use plain_poster::PlainPoster;
pub use proxy::{Proxy, ProxyAddressError, ProxyFault, check_proxy};
pub(crate) use repeating_list::RepeatingList;
pub use reply::Reply;
pub use request::{Keep, Request};
pub(crate) use request_id::shown_request_id;
pub use retry::{retry_until_answered, retry_while};
