//! Moves a code base from Clerk's packages to Avnology's: what is documented is swapped, everything else is listed.
//!
//! Nothing is guessed, no file is printed anew, and a second run changes nothing. [`run`] is the whole; the other modules are
//! pure.
//!
//! ```text
//!  git: tracked files                                                     rim
//!    └─ each by itself, on all cores: read → facts → edits and entries    syntax, swap, other, project::analyse
//!         └─ all together: variables, package.json, complete folders      project::plan
//!              └─ each new text is made and parsed                        rim
//!                   └─ written, or shown as a diff; the account           rim, report
//! ```
//!
//! | module | what is in it |
//! |---|---|
//! | [`rules`] | which name moves where: the documented ones, and the customer's own |
//! | [`syntax`] | the only place that knows the parser: text to plain facts with their places |
//! | [`swap`] | one file of code: facts to edits and entries |
//! | [`other`] | files that are not code |
//! | [`project`] | all files together |
//! | [`report`] | the account, as a summary, Markdown, JSON, a diff |
//! | [`rim`] | git, the work tree, threads |
//! | [`code`], [`kind`], [`finding`] | what an entry of the report says |
//! | [`edit`], [`lines`], [`environment`], [`texts`] | changes by byte range, lines, names of variables, what is found by its text |

pub mod code;
pub mod edit;
pub mod environment;
pub mod finding;
pub mod kind;
pub mod lines;
pub mod other;
pub mod project;
pub mod report;
pub mod rim;
pub mod rules;
pub mod swap;
pub mod syntax;
pub mod texts;

pub use code::Code;
pub use project::Asked;
pub use report::{Account, json, markdown, summary};
pub use rim::{CodemodError, Fault, Mode, Options, Outcome, run};
pub use rules::{DEFAULT_RULES, Rules, RulesError};
