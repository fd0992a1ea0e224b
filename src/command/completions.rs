//! `avnology completions`: the script by which a shell completes what is typed.

use clap::CommandFactory;
use clap_complete::Shell as Script;

use crate::cli::{Cli, Shell};
use crate::report::{StdoutError, print_exact};

/// Prints the script that makes a shell complete what is typed.
pub fn completions(shell: Shell) -> Result<(), StdoutError> {
    let script = match shell {
        Shell::Bash => Script::Bash,
        Shell::Zsh => Script::Zsh,
        Shell::Fish => Script::Fish,
        Shell::PowerShell => Script::PowerShell,
    };
    let mut text = Vec::new();
    clap_complete::generate(script, &mut Cli::command(), "avnology", &mut text);
    print_exact(&String::from_utf8_lossy(&text))
}
