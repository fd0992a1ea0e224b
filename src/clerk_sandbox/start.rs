//! How the stand-in is put together.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use secrecy::{ExposeSecret, SecretString};
use tokio_util::sync::CancellationToken;

use super::failed_call::refuse;
use super::load;
use super::rate_window::RateWindow;
use super::service::{Service, router};
use crate::sandbox::{Faults, RunningSandbox, SandboxError, Site, serve_at};

/// How to run a stand-in.
#[derive(Debug)]
pub struct ClerkSandboxOptions {
    /// Where to listen; loopback only. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The export: a directory of files by kind, or a file of users.
    pub export: PathBuf,
    /// The database file; made of the export, for the owner only, if it is not there.
    pub database: PathBuf,
    /// The key of the only caller: `sk_live_…` of a production instance, anything else of a development one.
    pub secret_key: SecretString,
    /// How often it may call.
    pub rate: RateOfKey,
    /// What goes wrong on purpose.
    pub faults: Faults,
}

/// How many requests a key may make, counted over any ten seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateOfKey {
    /// What Clerk documents for the kind of key: 1,000 of a production instance, 100 of a development one.
    Documented,
    /// Ten times this many, so that many a second.
    PerSecond(u32),
    /// Any number.
    Unlimited,
}

impl RateOfKey {
    fn window(self, is_production: bool) -> Option<RateWindow> {
        match self {
            Self::Documented => Some(RateWindow::new(if is_production { 1_000 } else { 100 })),
            Self::PerSecond(rate) => {
                Some(RateWindow::new(usize::try_from(rate).unwrap_or(usize::MAX).saturating_mul(10)))
            }
            Self::Unlimited => None,
        }
    }
}

/// Starts a stand-in, once all of the export is in its database. It fails, and leaves nothing of the database, if `stop` is
/// cancelled before.
pub async fn start(options: ClerkSandboxOptions, stop: CancellationToken) -> Result<RunningSandbox, SandboxError> {
    let ClerkSandboxOptions { listen, export, database, secret_key, rate, faults } = options;
    if !listen.ip().is_loopback() {
        return Err(SandboxError::NotLoopback(listen));
    }
    let loaded = tokio::task::spawn_blocking(move || load::open(&export, &database, &stop));
    let store = loaded.await.unwrap_or_else(|error| Err(SandboxError::Output(std::io::Error::other(error))))?;
    let is_production = secret_key.expose_secret().starts_with("sk_live_");
    let environment = if is_production { "production" } else { "development" };
    let window = rate.window(is_production).map(Mutex::new);
    let router = router(Arc::new(Service { store, secret_key, window, environment }));
    serve_at(listen, Site { router, faults: Arc::new(faults), accepts_gzip: false, refuse }).await
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    /// How many requests are admitted at once.
    fn admitted(rate: RateOfKey, is_production: bool) -> Option<usize> {
        let (mut window, now) = (rate.window(is_production)?, Instant::now());
        Some((0..20_000).take_while(|_| window.admit(now).is_ok()).count())
    }

    #[test]
    fn a_limit_is_that_of_the_kind_of_key_unless_it_is_given() {
        assert_eq!(admitted(RateOfKey::Documented, true), Some(1_000));
        assert_eq!(admitted(RateOfKey::Documented, false), Some(100));
        assert_eq!(admitted(RateOfKey::PerSecond(7), false), Some(70));
        assert_eq!(admitted(RateOfKey::Unlimited, false), None);
    }
}
