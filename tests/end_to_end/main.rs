//! The built binary and the library from the outside, in one program: it is built in a fifth of the time of one program a
//! file.
//!
//! One promise a file. Tests that need a process of their own (`allocations`), power cuts (`crash`) or a feature that is not
//! on by default (`object_storage`) have programs of their own.

#[path = "../support/mod.rs"]
mod support;

#[path = "../../fixtures/generate_export/export.rs"]
mod export;
#[path = "../../fixtures/generate_export/tenant.rs"]
mod tenant;
#[path = "../../fixtures/generate_export/user.rs"]
mod user;

mod addresses;
mod applied;
mod apps;
mod changed;
mod check_target;
mod clerk_deleted;
mod clerk_document;
mod clerk_export;
mod clerk_export_kill;
mod clerk_round_trip;
mod clerk_sandbox;
mod cli;
#[cfg(feature = "codemod")]
mod codemod;
#[cfg(target_os = "linux")]
mod consent;
mod consequence;
mod csv;
mod csv_programs;
mod cutover;
mod cutover_imports;
mod damaged;
#[cfg(target_os = "linux")]
mod displays;
mod doctor;
mod duplicates;
mod faults;
mod flat;
mod from_clerk;
mod gateways;
mod grants;
mod home_organization;
mod hostile;
mod housekeeping;
mod ids;
mod import;
mod keys;
mod kill;
mod large_answers;
mod listing;
mod manual;
mod mapping;
mod mapping_file;
mod memory;
mod merge;
mod missing;
mod missing_memberships;
mod nightly;
mod old_runs;
mod organizations;
mod outputs;
mod ownership;
mod pages;
mod passwords;
mod persons;
mod predicted;
mod probe;
mod proxies;
mod reading;
mod recognized;
mod replay;
mod report;
mod results;
mod run_files;
mod runs;
mod sandbox;
mod sandbox_oauth;
mod sandbox_organizations;
mod scenarios;
mod scheduled;
mod selection;
mod sender;
mod shapes;
mod shards;
mod shared_first_pass;
#[cfg(feature = "shell")]
mod shell;
mod sign_in;
mod sums;
mod sweep;
mod tenant_changes;
mod tenant_dry_run;
mod tenant_inputs;
mod tenant_kill;
mod tenant_plan;
mod tenant_sweep;
mod tokens;
mod undo;
mod verdict;
mod verify;
mod version;
mod watched;
mod webhooks;
