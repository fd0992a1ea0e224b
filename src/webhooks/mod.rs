//! Webhooks: what becomes of Clerk's events and endpoints, and who signed a delivery. Pure, except that nothing else is asked.
//!
//! ```text
//!  endpoints file ──► Endpoint ──► WebhooksPlan ──► JSON, text      (what a person reads, completes and keeps)
//!                        └────────► Registration                    (what is asked of the target; no plan holds its secrets)
//!
//!  headers, body, secret ──► check_signature ──► fits, or the SignatureFault that says why not
//! ```
//!
//! **No secret in a plan.** The query of a URL and the values of headers may hold one. A plan has neither; `apply` takes both from
//! the endpoints file.
//!
//! **The same file, the same bytes.** A plan says nothing of when it was made, and is sorted by name.

mod clerk_event;
mod code_report;
mod endpoint;
mod endpoint_url;
mod endpoints_file;
mod headers;
mod plan;
mod plan_text;
mod planned_endpoint;
mod planned_event;
mod registration;
mod sample;
mod scheme;
mod signature;
mod signature_fault;
mod signing_secret;
mod totals;

pub use clerk_event::ClerkEvent;
pub use code_report::{CodeReport, HandlerInCode};
pub use endpoint::Endpoint;
pub use endpoint_url::{EndpointUrl, UrlFault};
pub use endpoints_file::read_endpoints;
pub use headers::Headers;
pub use plan::WebhooksPlan;
pub use plan_text::plan_text;
pub use planned_endpoint::PlannedEndpoint;
pub use planned_event::PlannedEvent;
pub use registration::{PlanMismatch, Registration};
pub use sample::SampleEvent;
pub use scheme::{Scheme, TOLERANCE};
pub use signature::{Fit, check_signature};
pub use signature_fault::SignatureFault;
pub use signing_secret::{SecretFault, SigningSecret};
