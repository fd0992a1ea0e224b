//! `avnology sandbox`: serves until a signal stops it.

use std::io::Write;
use std::path::PathBuf;

use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use super::shared::target::random_key;
use crate::clerk_sandbox::{self, ClerkSandboxOptions, RateOfKey};
use crate::cli::SandboxArguments;
use crate::ignore::ignore;
use crate::sandbox::{ApiKey, Faults, RateLimit, RunningSandbox, SandboxError, SandboxOptions, start};

/// Serves a sandbox until `shutdown` completes.
pub async fn run(arguments: SandboxArguments, shutdown: impl Future<Output = ()>) -> Result<(), SandboxError> {
    let stop = CancellationToken::new();
    let mut shutdown = std::pin::pin!(shutdown);
    let mut starting = std::pin::pin!(start_any(arguments, stop.clone()));
    // A large export takes a while to be copied. What is there of the copy goes before the process does.
    let sandbox = tokio::select! {
        started = starting.as_mut() => started?,
        () = &mut shutdown => {
            stop.cancel();
            ignore(starting.await, "it was stopped");
            return Ok(());
        }
    };
    shutdown.await;
    sandbox.shutdown().await;
    Ok(())
}

async fn start_any(arguments: SandboxArguments, stop: CancellationToken) -> Result<RunningSandbox, SandboxError> {
    match arguments.clerk.clone() {
        None => start_avnology(arguments).await,
        Some(export) => start_clerk(export, arguments, stop).await,
    }
}

async fn start_avnology(arguments: SandboxArguments) -> Result<RunningSandbox, SandboxError> {
    let database = arguments.db.unwrap_or_else(|| ".avnology/sandbox.db".into());
    let api_key = arguments.api_key.unwrap_or_else(random_key);
    let (default, burst) = (RateLimit::default(), arguments.burst.get());
    let rate_limit = match arguments.rate {
        None => Some(RateLimit { burst, ..default }),
        Some(rate) => rate.0.map(|per_second| RateLimit { per_second: per_second.get(), burst }),
    };
    let options = SandboxOptions {
        listen: arguments.listen.unwrap_or_else(|| ([127, 0, 0, 1], 4455).into()),
        database: database.clone(),
        api_keys: vec![ApiKey::new(SecretString::from(api_key.clone()), arguments.scopes)],
        batch_methods: !arguments.no_batch,
        member_tuples: arguments.member_tuples,
        rate_limit,
        accepts_gzip: arguments.accept_gzip,
        delivers_webhooks: arguments.deliver_webhooks,
        faults: Faults::new(arguments.fault, arguments.fault_seed),
    };
    let sandbox = start(options).await?;
    let base_url = sandbox.base_url();
    print(
        &format!("AVNOLOGY_BASE_URL={base_url}\nAVNOLOGY_SECRET_KEY={api_key}"),
        &format!("Sign-in page: {base_url}/sign-in   Database: {}   Stop: Ctrl-C", database.display()),
    )?;
    Ok(sandbox)
}

async fn start_clerk(
    export: PathBuf,
    arguments: SandboxArguments,
    stop: CancellationToken,
) -> Result<RunningSandbox, SandboxError> {
    let database = arguments.db.unwrap_or_else(|| ".avnology/clerk.db".into());
    let secret_key = arguments.api_key.unwrap_or_else(random_key);
    let options = ClerkSandboxOptions {
        listen: arguments.listen.unwrap_or_else(|| ([127, 0, 0, 1], 4456).into()),
        export: export.clone(),
        database: database.clone(),
        secret_key: SecretString::from(secret_key.clone()),
        rate: match arguments.rate {
            None => RateOfKey::Documented,
            Some(rate) => rate.0.map_or(RateOfKey::Unlimited, |rate| RateOfKey::PerSecond(rate.get())),
        },
        faults: Faults::new(arguments.fault, arguments.fault_seed),
    };
    let sandbox = clerk_sandbox::start(options, stop).await?;
    let base_url = sandbox.base_url();
    print(
        &format!("CLERK_API_URL={base_url}\nCLERK_SECRET_KEY={secret_key}"),
        &format!("Export: {}   Database: {}   Stop: Ctrl-C", export.display(), database.display()),
    )?;
    Ok(sandbox)
}

/// Says where a sandbox listens: to scripts, to which these lines are an interface and which can put them into a .env file
/// as they are, and to a person.
fn print(for_scripts: &str, for_people: &str) -> Result<(), SandboxError> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{for_scripts}")?;
    stdout.flush()?;
    drop(stdout);
    ignore(writeln!(anstream::stderr(), "{for_people}"), "a closed stderr must not end the sandbox");
    Ok(())
}
