//! `avnology completions`.

use clap::{Args, ValueEnum};

/// `avnology completions …`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  In this shell only:
    source <(avnology completions bash)
  From now on:
    avnology completions bash > ~/.local/share/bash-completion/completions/avnology
    avnology completions zsh > \"${fpath[1]}/_avnology\"
    avnology completions fish > ~/.config/fish/completions/avnology.fish
    avnology completions powershell >> $PROFILE")]
pub struct CompletionsArguments {
    /// The shell that the script is for
    #[arg(value_enum)]
    pub shell: Shell,
}

/// A shell that can complete what is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// Bash
    Bash,
    /// Zsh
    Zsh,
    /// Fish
    Fish,
    /// PowerShell
    #[value(name = "powershell")]
    PowerShell,
}
