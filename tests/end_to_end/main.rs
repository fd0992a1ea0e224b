//! The built binary and the library from the outside, in one program, which is compiled in a fifth of the time of one a file.
//!
//! One promise a file. A test of one's own process (`allocations`), of power cuts (`crash`) or of a feature that is not on by
//! default (`object_storage`) has a program of its own.

#[path = "../support/mod.rs"]
mod support;

#[path = "../../fixtures/generate_export/export.rs"]
mod export;
#[path = "../../fixtures/generate_export/user.rs"]
mod user;

mod addresses;
mod changed;
mod cli;
#[cfg(feature = "codemod")]
mod codemod;
mod consequence;
mod csv;
mod csv_programs;
mod damaged;
mod duplicates;
mod faults;
mod flat;
mod gateways;
mod hostile;
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
mod nightly;
mod old_runs;
mod outputs;
mod ownership;
mod pages;
mod passwords;
mod persons;
mod predicted;
mod probe;
mod proxies;
mod reading;
mod replay;
mod run_files;
mod runs;
mod sandbox;
mod scenarios;
mod scheduled;
mod sender;
mod shapes;
mod shards;
mod sweep;
mod undo;
mod verify;
