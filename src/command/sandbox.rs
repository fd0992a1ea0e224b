//! `avnology sandbox`: serves until a signal stops it.

use std::io::Write;

use secrecy::SecretString;

use super::target::random_key;
use crate::cli::SandboxArguments;
use crate::ignore::ignore;
use crate::sandbox::{ApiKey, Faults, RateLimit, SandboxError, SandboxOptions, start};

/// Serves a sandbox until `shutdown` completes.
pub async fn run(arguments: SandboxArguments, shutdown: impl Future<Output = ()>) -> Result<(), SandboxError> {
    let SandboxArguments { listen, db, api_key, scopes, rate, burst, no_batch, accept_gzip, fault, fault_seed } =
        arguments;
    let api_key = api_key.unwrap_or_else(random_key);
    let options = SandboxOptions {
        listen,
        database: db.clone(),
        api_keys: vec![ApiKey::new(SecretString::from(api_key.clone()), scopes)],
        batch_methods: !no_batch,
        rate_limit: rate.0.map(|per_second| RateLimit { per_second: per_second.get(), burst: burst.get() }),
        accepts_gzip: accept_gzip,
        faults: Faults::new(fault, fault_seed),
    };
    let sandbox = start(options).await?;
    let base_url = sandbox.base_url();
    // These two lines are an interface: scripts read them, and they can go into a .env file as they are.
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "AVNOLOGY_BASE_URL={base_url}\nAVNOLOGY_SECRET_KEY={api_key}")?;
    stdout.flush()?;
    drop(stdout);
    let written =
        writeln!(anstream::stderr(), "Sign-in page: {base_url}/sign-in   Database: {}   Stop: Ctrl-C", db.display());
    ignore(written, "a closed stderr must not end the sandbox");
    shutdown.await;
    sandbox.shutdown().await;
    Ok(())
}
