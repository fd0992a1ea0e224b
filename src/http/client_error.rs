//! Why a client cannot be set up.

use super::KeyFault;

/// Why a client cannot be set up. Nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The key is none.
    #[error("the key cannot be used: {0}")]
    Key(#[from] KeyFault),
    /// The certificates to trust cannot be read.
    #[error("the certificates in `{path}` cannot be used: {problem}")]
    Certificates {
        /// The file.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The HTTP library refuses the settings.
    #[error("the HTTP client cannot be set up")]
    Library(#[source] reqwest::Error),
}
