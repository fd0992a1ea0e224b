//! The pace: the rate of requests, how many at once, how large each, and whether any may be sent.
//!
//! ```text
//!  sender ── slot ──► admit ──► request ──► finish ──► sender
//!              ▲        ▲                      │
//!   Concurrency│        │ governor at the rate,│ PaceSignal: granted, refused or failed; how long it took;
//!              │        │ holds and probes     │ what the target says about its quota
//!              └────────┴───── controls ◄──────┘
//! ```
//!
//! Nobody needs to know the target's quota. [`RateControl`] finds it and stays just below it. The requests that the target
//! granted between two moments at which the quota was used up, divided by the time between them, are the quota. This holds
//! for every kind of window or bucket. [`ConcurrencyControl`] finds how many requests at once bring
//! more answers a second, [`BatchControl`] reacts to requests that are too large. Some targets refuse two requests that come
//! close together, even if they are few; [`Spacing`] finds that out, and then keeps requests apart to a fraction of a
//! millisecond ([`Timer`]). A refusal stops all requests once; then one request goes alone, the probe, and the others wait for
//! its answer. A target that fails every request is probed in the same way.
//!
//! The controls are pure: the time is an argument. `tests/end_to_end/scenarios.rs` runs them against many kinds of targets,
//! which `fixtures/scenarios` describes.

mod backoff;
mod batch_control;
mod concurrency_control;
mod figures;
mod gate;
mod hold;
mod limiter;
mod pace_signal;
mod permit;
mod quota;
mod rate;
mod rate_control;
mod rate_reason;
mod rules;
mod spacing;
mod state;
mod timer;
mod turn;

pub use backoff::{Backoff, RetryBudget};
pub use batch_control::BatchControl;
pub use concurrency_control::{ConcurrencyControl, ConcurrencyRules};
pub use figures::PaceFigures;
pub use gate::{PaceGate, Slot};
pub use hold::HoldReason;
pub use pace_signal::{PaceSignal, RequestResult};
pub use permit::Permit;
pub use quota::Quota;
pub use rate::{Rate, RateChoice, RateRules};
pub use rate_control::RateControl;
pub use rate_reason::RateReason;
pub use rules::PaceRules;
pub use spacing::Spacing;
pub use timer::Timer;
