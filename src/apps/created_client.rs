//! A client that was made just now.

use secrecy::SecretString;
use serde::Deserialize;

/// A client that was made just now.
#[derive(Debug)]
pub struct CreatedClient {
    /// Its id, which the target may have chosen.
    pub client_id: String,
    /// Its secret, which the target shows here and nowhere else.
    pub secret: Option<SecretString>,
}

/// Reads the answer to a request that made a client.
pub fn read_created(body: &[u8]) -> Option<CreatedClient> {
    #[derive(Deserialize)]
    struct Created {
        client_id: String,
        client_secret: Option<String>,
    }
    let Created { client_id, client_secret } = serde_json::from_slice(body).ok()?;
    Some(CreatedClient { client_id, secret: client_secret.map(SecretString::from) })
}
