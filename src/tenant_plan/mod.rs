//! What of a tenant beside its users moves, and how: applications, redirect URLs, domains, token templates, roles, lists,
//! settings. Pure: records of an export in, a plan out.
//!
//! ```text
//!  record of a kind ──► PlanBuilder ── one Item each, with its parts ──► TenantPlan ──► JSON, Markdown
//!                          │                                               ▲
//!                          └ application, template, domain, …              └ decisions of a person: --assign, an edited plan
//! ```
//!
//! **Token templates** are taken further apart than a plan has them: [`TokenTemplate`] is the form from which somebody can build a
//! claim resolver, and `evaluate` is what such a resolver has to reproduce.
//!
//! **Each thing once.** Each thing in a record that somebody has to decide about is one [`Item`], or a part of one, with one
//! [`Verdict`] and one sentence. [`Totals`] count them.
//!
//! **Many things.** They are sorted on disk, and read, counted and written one at a time.
//!
//! **The same tenant, the same bytes.** Items are sorted by kind and id, and nothing in a plan says when it was made.
//!
//! **No secret.** An item holds only what is named here: no member of a record is copied because it is there. Entries of
//! allow and block lists go by Clerk's id, for they are addresses of persons.

mod application;
mod claim;
mod consumer;
mod decisions;
mod domain;
mod enterprise_connection;
mod evaluate;
mod item;
mod item_kind;
mod list_entry;
mod markdown;
mod open_questions;
mod plan;
mod plan_builder;
mod plan_reader;
mod redirect_uri;
mod role;
mod scope;
mod setting;
mod shortcode;
mod source;
mod template;
mod token_claim;
mod token_example;
mod token_template;
mod tokens_text;
mod totals;
mod url_assignment;
mod user_values;

pub use decisions::Decisions;
pub use item::{Item, Verdict, Warning};
pub use item_kind::ItemKind;
pub use plan::{MissingKind, PlanInstance, TenantPlan};
pub use plan_builder::{PlanBuildError, PlanBuilder, UnreadableRecord};
pub use plan_reader::{PlanReadError, read_plan};
pub use redirect_uri::judge;
pub use shortcode::{ClaimPiece, ClaimText, Operand};
pub use token_claim::{ClaimForm, FormOperand, FormPiece, TokenClaim};
pub use token_example::{Example, ExampleUser};
pub use token_template::TokenTemplate;
pub use tokens_text::tokens_text;
pub use totals::Totals;
pub use url_assignment::{UrlAssignment, UrlAssignmentError};
