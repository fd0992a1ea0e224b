//! The only place that knows the parser: a text becomes plain facts with their places.
//!
//! The parser's interface changes with each of its versions, so all of its crates are pinned to one, and nothing outside of
//! this folder names them.

mod ancestors;
mod facts;
mod json_facts;
mod language;
mod matchers;
mod middleware;
mod middleware_facts;
mod package_json;
mod range;
mod read;
mod uses;
mod variables;
mod webhook;

pub use facts::{
    Attribute, Binding, Call, Comment, EnvironmentForm, EnvironmentUse, Facts, Import, ImportedName, ModuleForm,
    ModuleUse, ReExport, UNKNOWN_PART, Use, UseForm, WebhookFacts,
};
pub use json_facts::{JsonEntry, JsonSection, PackageJson};
pub use language::Language;
pub use middleware_facts::{LegacyList, MiddlewareCall, MiddlewareForm, RouteList};
pub use package_json::read_package_json;
pub use range::Range;
pub use read::{parses, read_facts};
