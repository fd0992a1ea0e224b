//! How a sandbox is put together.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use secrecy::SecretString;

use super::app::{App, refuse};
use super::options::{ApiKey, SandboxError, SandboxOptions};
use super::rate_limit::RateLimiter;
use super::routes::router;
use super::server::{RunningSandbox, Site, serve_at};
use super::store::Database;
use super::webhook_deliveries::Deliveries;

/// Starts a sandbox over this database for the holder of this key, who may do everything.
pub async fn start_for(database: PathBuf, key: SecretString) -> Result<RunningSandbox, SandboxError> {
    start(SandboxOptions { api_keys: vec![ApiKey::full_access(key)], ..SandboxOptions::new(database) }).await
}

/// Starts a sandbox.
pub async fn start(options: SandboxOptions) -> Result<RunningSandbox, SandboxError> {
    let SandboxOptions {
        listen,
        database,
        api_keys,
        batch_methods,
        member_tuples,
        rate_limit,
        accepts_gzip,
        delivers_webhooks,
        faults,
    } = options;
    if !listen.ip().is_loopback() {
        return Err(SandboxError::NotLoopback(listen));
    }
    let store = Database::open(&database, delivers_webhooks)?;
    let deliveries = delivers_webhooks.then(Deliveries::new).transpose()?;
    let delivering = deliveries.clone().map(|deliveries| deliveries.run(store.clone()));
    let limiter = rate_limit.map(|limit| Mutex::new(RateLimiter::new(limit)));
    let router = router(Arc::new(App { store, api_keys, batch_methods, member_tuples, limiter, deliveries }));
    let sandbox = serve_at(listen, Site { router, faults: Arc::new(faults), accepts_gzip, refuse }).await?;
    if let Some(delivering) = delivering {
        sandbox.accompany(delivering);
    }
    Ok(sandbox)
}
