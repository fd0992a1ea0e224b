//! The settings of sign-ins with test accounts.

use std::path::PathBuf;
use std::sync::Arc;

use super::connection::Connection;
use super::named_files::NamedFiles;
use super::output::OutputSettings;
use super::runs::runs_directory;
use super::target::TargetSettings;
use super::{Environment, SettingsError, VerifySettings};
use crate::cli::VerifyArguments;
use crate::http::{BaseUrl, Proxy};

/// What sign-ins need.
#[derive(Clone, Debug)]
pub struct SignInSettings {
    /// Where people sign in.
    pub target: TargetSettings,
    /// Where they do so if it is a Kratos, and the proxy on the way there.
    pub kratos_public: Option<(BaseUrl, Option<Arc<Proxy>>)>,
    /// How the target is reached, and how fast.
    pub connection: Connection,
    /// Where the output goes.
    pub output: OutputSettings,
    /// The list of accounts; `-` is standard input, or a person who types.
    pub accounts: PathBuf,
}

/// Which of the two was typed.
#[derive(Clone, Debug)]
pub enum VerifyOrSignIn {
    /// A comparison.
    Verify(Box<VerifySettings>),
    /// Sign-ins.
    SignIn(Box<SignInSettings>),
}

impl VerifyOrSignIn {
    /// Resolves what was typed.
    pub fn resolve(
        arguments: VerifyArguments,
        output: OutputSettings,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        match arguments.sign_in.clone() {
            None => VerifySettings::resolve(arguments, output, environment).map(Box::new).map(Self::Verify),
            Some(accounts) => sign_in(accounts, arguments, output, environment).map(Box::new).map(Self::SignIn),
        }
    }
}

fn sign_in(
    accounts: PathBuf,
    arguments: VerifyArguments,
    output: OutputSettings,
    environment: &Environment,
) -> Result<SignInSettings, SettingsError> {
    let VerifyArguments { target, kratos_public_url, options, .. } = arguments;
    let target = TargetSettings::resolve(target, environment)?;
    let kratos_public = match (target.kratos_choice(), kratos_public_url) {
        (Some(_), Some(url)) => {
            let proxy = environment.proxy(&url)?.map(Arc::new);
            Some((url, proxy))
        }
        (None, None) => None,
        _ => return Err(SettingsError::KratosPublicAddress),
    };
    let connection = Connection::of_run(&options, None, environment)?;
    let runs = runs_directory(options.runs_dir, environment)?;
    let files = NamedFiles::new(&output).sign_in(&accounts).target(&target);
    files.certificates(connection.certificates.as_deref()).check(&runs, environment)?;
    output.without_page()?;
    Ok(SignInSettings { target, kratos_public, connection, output, accounts })
}
