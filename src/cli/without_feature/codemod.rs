//! Stands in for `avnology migrate clerk codemod` in a build without it: the answer to every command line is how to get it.

use std::ffi::OsString;

use clap::Args;

/// `avnology migrate clerk codemod …`
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub struct CodemodArguments {
    /// What another build would take
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub ignored: Vec<OsString>,
}
