//! The settings of commands about signed deliveries of webhooks: those that a handler gets, and those that it got.

use std::path::PathBuf;
use std::sync::Arc;

use secrecy::SecretString;

use super::named_files::NamedFiles;
use super::output::OutputSettings;
use super::runs::runs_directory;
use super::{Environment, SettingsError};
use crate::cli::{
    CACERT, KeyForm, OutputFormat, SchemeName, SecretFileArguments, TryArguments, VerifySignatureArguments,
};
use crate::files::read_private;
use crate::http::{BaseUrl, Proxy};
use crate::webhooks::{EndpointUrl, Scheme, SigningSecret};

/// What trying a handler needs.
#[derive(Clone, Debug)]
pub struct TrySettings {
    /// The handler.
    pub url: EndpointUrl,
    /// What samples are signed with.
    pub key: SecretString,
    /// The key is what the secret holds, decoded.
    pub decoded: Option<Vec<u8>>,
    /// The event of the sample.
    pub event: String,
    /// How it is signed.
    pub scheme: Scheme,
    /// Further certificates to trust.
    pub certificates: Option<PathBuf>,
    /// The proxy on the way.
    pub proxy: Option<Arc<Proxy>>,
    /// Where the output goes.
    pub output: OutputSettings,
}

impl TrySettings {
    /// Resolves what was typed.
    pub fn resolve(
        arguments: TryArguments,
        output: OutputSettings,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let TryArguments { url, secret, event, scheme, key_form, cacert, output: _ } = arguments;
        let certificates = environment.or_variable(cacert, CACERT)?;
        let files = NamedFiles::new(&output).certificates(certificates.as_deref());
        let files = files.reads("--secret-file", &secret.secret_file);
        files.check(&runs_directory(None, environment)?, environment)?;
        output.without_page()?;
        let signing = read_secret(&secret)?;
        let scheme = match scheme {
            SchemeName::Avnology => Scheme::Avnology,
            SchemeName::Clerk => Scheme::Clerk,
        };
        let wants_decoded = scheme == Scheme::Clerk || key_form == KeyForm::Decoded;
        let decoded = if wants_decoded {
            let no_base64 = || SettingsError::Secret {
                path: secret.secret_file.clone(),
                problem: "behind `whsec_` is no base64, so there is no key to decode".to_owned(),
            };
            Some(signing.decoded_key().ok_or_else(no_base64)?)
        } else {
            None
        };
        // Where a proxy is on the way is decided by the origin alone.
        let origin: Option<BaseUrl> = url.url().origin().ascii_serialization().parse().ok();
        let proxy = origin.map(|origin| environment.proxy(&origin)).transpose()?.flatten().map(Arc::new);
        Ok(Self { url, key: signing.into_text(), decoded, event, scheme, certificates, proxy, output })
    }
}

/// What checking one signature needs.
#[derive(Clone, Debug)]
pub struct VerifySignatureSettings {
    /// The secret.
    pub secret: SigningSecret,
    /// Headers that were typed.
    pub header: Vec<String>,
    /// A file of headers.
    pub headers: Option<PathBuf>,
    /// How far its time may be from now, in seconds.
    pub tolerance: u64,
    /// What standard output gets.
    pub format: OutputFormat,
}

impl VerifySignatureSettings {
    /// Resolves what was typed.
    pub fn resolve(arguments: VerifySignatureArguments) -> Result<Self, SettingsError> {
        let VerifySignatureArguments { secret, header, headers, tolerance, output } = arguments;
        Ok(Self { secret: read_secret(&secret)?, header, headers, tolerance, format: output })
    }
}

fn read_secret(arguments: &SecretFileArguments) -> Result<SigningSecret, SettingsError> {
    let SecretFileArguments { secret_file, endpoint } = arguments;
    let wrong = |problem: String| SettingsError::Secret { path: secret_file.clone(), problem };
    let text = read_private(secret_file).map_err(|error| wrong(error.to_string()))?;
    SigningSecret::in_file(&text, endpoint.as_deref()).map_err(|fault| wrong(fault.to_string()))
}
