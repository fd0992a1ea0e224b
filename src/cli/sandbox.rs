//! `avnology sandbox`.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Args;

use super::exit_codes::exit_codes;
use crate::sandbox::Fault;

const AFTER_HELP: &str = "\
Examples:
  Serve .avnology/sandbox.db on 127.0.0.1:4455:
    avnology sandbox
  Without a rate limit, over another database:
    avnology sandbox --db rehearsal.db --rate off
  With a network that loses requests and answers:
    avnology sandbox --fault latency=20ms..80ms --fault status=503:0.05 --fault reset-after=0.02
  In place of an Avnology ID, a stand-in for Clerk's Backend API that serves an export:
    avnology sandbox --clerk clerk-export

When it listens, it prints AVNOLOGY_BASE_URL=… and AVNOLOGY_SECRET_KEY=… on standard output,
ready for a .env file; with --clerk, CLERK_API_URL=… and CLERK_SECRET_KEY=…. Try a migrated
password on its page /sign-in.

Faults (P is a probability from 0 to 1, times are like 50ms or 2s):
  latency=T[..T]                before each answer
  status=CODE:P[:retry-after=S] the sandbox answers with this status and does nothing
  reset-before=P                the connection closes before the sandbox does anything
  reset-after=P                 the sandbox does all, and the connection closes without an answer
  reset-during=P                the sandbox does all, and sends half of the answer
  garbage=P                     the sandbox does all, and answers with an HTML page and status 200
  slow-body=P:T                 sending the answer takes this long
  storm=CODE:T/T                for the first T of every T only this status, with Retry-After; storm-bare without
  item-error=P                  single items of a batch fail with a code that a retry may clear
  outage-after=N:T              after N calls every connection closes, for this long";

/// `avnology sandbox …`
#[derive(Debug, Args)]
#[command(after_help = format!("{AFTER_HELP}\n\n{}", exit_codes()))]
pub struct SandboxArguments {
    /// Serve Clerk's Backend API with the records of this export: a directory, or a file of users
    #[arg(long, value_name = "DIR", conflicts_with_all = ["scopes", "burst", "no_batch", "member_tuples", "accept_gzip"])]
    pub clerk: Option<PathBuf>,

    /// Where to listen; an address of this machine only [default: 127.0.0.1:4455, with --clerk 127.0.0.1:4456]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,

    /// The database file; the sandbox creates it if there is none [default: .avnology/sandbox.db, with --clerk
    /// .avnology/clerk.db]
    #[arg(long, value_name = "PATH")]
    pub db: Option<PathBuf>,

    /// The API key that callers need [default: a new one each time, which the sandbox prints]
    #[arg(long, value_name = "KEY")]
    pub api_key: Option<String>,

    /// What the key may do
    #[arg(
        long,
        value_name = "SCOPES",
        value_delimiter = ',',
        default_value = "\
        admin:users:read,admin:users:write,admin:orgs:read,admin:orgs:write,admin:permissions:read,admin:permissions:write,\
        admin:oauth-clients:read,admin:oauth-clients:write"
    )]
    pub scopes: Vec<String>,

    /// Requests a second that the key may make: a number, or `off` [default: 50; with --clerk, as Clerk documents, 1000
    /// in 10 s for a key that begins with `sk_live_`, and 100 in 10 s for any other]
    #[arg(long, value_name = "N", value_parser = rate)]
    pub rate: Option<RateArgument>,

    /// Requests that the key may make at once
    #[arg(long, value_name = "N", default_value = "100")]
    pub burst: NonZeroU32,

    /// Have no batch methods and no methods on OAuth clients, like a target with only the publicly documented API
    #[arg(long)]
    pub no_batch: bool,

    /// Write a tuple of each member's role by itself, as a target may do
    #[arg(long)]
    pub member_tuples: bool,

    /// Accept bodies that are compressed with gzip, and say so in a header
    #[arg(long)]
    pub accept_gzip: bool,

    /// Fail on purpose, as listed below; may be given several times
    #[arg(long, value_name = "FAULT")]
    pub fault: Vec<Fault>,

    /// The seed of the random numbers for faults
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub fault_seed: u64,
}

/// `--rate`: a number of requests a second, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateArgument(pub Option<NonZeroU32>);

fn rate(text: &str) -> Result<RateArgument, String> {
    match text {
        "off" => Ok(RateArgument(None)),
        number => number
            .strip_suffix("/s")
            .unwrap_or(number)
            .parse()
            .map(|rate| RateArgument(Some(rate)))
            .map_err(|_| "expected a number of requests a second, or `off`".to_owned()),
    }
}
