//! `avnology migrate clerk codemod`.

use std::path::PathBuf;

use avnology_codemod::Code;
use clap::Args;

const AFTER_HELP: &str = "\
Examples:
  See what would change, and change nothing:
    avnology migrate clerk codemod --dry-run
  Change it, and write the list of what is left:
    avnology migrate clerk codemod --report clerk.md
  In CI, until nothing is left:
    avnology migrate clerk codemod --check
  What does an entry mean:
    avnology migrate clerk codemod --explain auth_not_awaited

It swaps what Avnology's guide documents: imports, the provider, components, auth() and currentUser(), the middleware in
the forms that say the same at the target, and names of variables in templates such as .env.example. It changes only files
that git tracks, byte by byte, and never writes a comment into them. Everything else of Clerk's is in the report.

Exit codes:
    0  done, and nothing is left
    1  unexpected failure (a bug); the file is named, and the others are done
    2  wrong usage, no git, or a work tree with changes (--force goes on)
    3  done, and something is left (--check: or something would change)
    5  no file could be read

The manual is `avnology help codemod`.";

/// `avnology migrate clerk codemod …`
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that is typed")]
pub struct CodemodArguments {
    /// Files, folders or patterns ('apps/*/src') [default: the working directory]
    #[arg(value_name = "PATH")]
    pub paths: Vec<String>,

    /// Print the changes as a diff that `git apply` takes, and change nothing
    #[arg(long, conflicts_with = "check")]
    pub dry_run: bool,

    /// Change nothing, print little, and end with exit code 3 if something would change or is left
    #[arg(long)]
    pub check: bool,

    /// Write the whole report to this file: Markdown (.md) or JSON (.json); may be given several times
    #[arg(long, value_name = "FILE", value_parser = report_file)]
    pub report: Vec<PathBuf>,

    /// Also go by the equivalents in this TOML file
    #[arg(long, value_name = "FILE")]
    pub rules: Option<PathBuf>,

    /// Print the built-in equivalents as a rules file, with an explanation of each key
    #[arg(long, exclusive = true)]
    pub rules_print_default: bool,

    /// Change nothing in a package.json's folder in which something would be left
    #[arg(long)]
    pub only_complete: bool,

    /// Append the new names, empty, to .env files that are in use; without it only templates change
    #[arg(long)]
    pub env: bool,

    /// Also rename the variables in CI files, Dockerfiles, turbo.json and the like
    #[arg(long)]
    pub ci: bool,

    /// Go on without git, or in a work tree with changes
    #[arg(long)]
    pub force: bool,

    /// A public path of a middleware that had no list; may be given several times [default: the guide's list]
    #[arg(long, value_name = "PATTERN", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub public_path: Vec<String>,

    /// The version with which Avnology's packages are added to package.json; without it package.json is left
    #[arg(long, value_name = "VERSION", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub package_version: Option<String>,

    /// Say what an entry of the report means and what to do
    #[arg(long, value_name = "CODE", value_parser = code, exclusive = true)]
    pub explain: Option<Code>,
}

fn report_file(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("md" | "json") => Ok(path),
        _ => Err("expected a name that ends with .md or .json".to_owned()),
    }
}

fn code(text: &str) -> Result<Code, String> {
    Code::find(text).ok_or_else(|| {
        let names: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
        format!("expected one of {}", names.join(", "))
    })
}
