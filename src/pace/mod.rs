//! How fast: the rate of requests, how many at once, how large each, and whether at all.
//!
//! ```text
//!  sender ── slot ──► admit ──► request ──► finish ──► sender
//!              ▲        ▲                      │
//!   Concurrency│        │ governor at the rate,│ Answer: granted, refused or failed; how long it took;
//!              │        │ holds, one at a time │ what the target says about its quota
//!              └────────┴───── controls ◄──────┘
//! ```
//!
//! Nobody has to know the target's quota. [`RateControl`] finds it and sits just under it: what was granted between two
//! moments at which the quota was used up, divided by the time between them, is the quota, with any kind of window or
//! bucket the target counts with. [`ConcurrencyControl`] looks at how long answers take, [`BatchControl`] at requests that
//! are too large. A target that refuses two requests that come close together, however few they are, is found out by
//! [`Spacing`], which then keeps them apart, to a fraction of a millisecond ([`Timer`]). A refusal holds everybody once; then
//! a single request tries, and the others wait for its answer. The same goes for a target that fails everything: it is probed, not hammered.
//!
//! The controls are pure: time comes in as an argument. `tests/end_to_end/scenarios.rs` runs them against targets of all kinds, which
//! `fixtures/scenarios` describes.

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
pub use gate::{Pace, Slot};
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
