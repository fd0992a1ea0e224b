//! What is read: options of the import and of what compares with it.

use std::path::PathBuf;

use clap::Args;

use crate::kind::Kind;

/// What is read.
#[derive(Debug, Args)]
pub struct InputArguments {
    /// The export: one file or several, `-` for standard input, a URL such as `s3://bucket/users.json`, or the directory of an
    /// `export`, with all of a tenant. `clerk://` reads the same from Clerk's API, with the key in `CLERK_SECRET_KEY`
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub import: Vec<PathBuf>,

    /// Organizations: files as for --import
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub organizations: Vec<PathBuf>,

    /// Memberships of organizations, with their roles: files as for --import
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub memberships: Vec<PathBuf>,

    /// Invitations to organizations: files as for --import. No e-mail is sent
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub invitations: Vec<PathBuf>,

    /// Only these steps, as in `users,organizations`, of: users, organizations, memberships, tuples, invitations
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub steps: Vec<Kind>,

    /// The Dashboard's CSV with the passwords; exports of the Backend API and of Clerk's CLI have none
    #[arg(long, value_name = "FILE")]
    pub passwords: Option<PathBuf>,
}

impl InputArguments {
    /// Whether no input was named. The config file may name them, so that the parser alone cannot say this.
    pub fn is_empty(&self) -> bool {
        let Self { import, organizations, memberships, invitations, .. } = self;
        [import, organizations, memberships, invitations].iter().all(|files| files.is_empty())
    }
}
