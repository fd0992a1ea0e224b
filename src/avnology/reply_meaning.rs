//! What an outcome means: one total, pure function. What is done about it, each caller decides: of what is created,
//! `delivery/verdict.rs`.

use crate::http::{ReplyOutcome, is_transient};

/// What an outcome means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The answer is what was asked for.
    Done,
    /// It may pass: the same request with the same idempotency key can succeed after a while.
    MayPass,
    /// It is about the content of the request: the same would get the same answer.
    OfContent,
    /// The target does not let us in (key, scope, plan, wrong URL). Not the users' fault.
    NoAccess,
}

/// The meaning of every outcome.
///
/// All our requests may be repeated: each carries an idempotency key, and `external_id` is the key at the target.
pub const fn meaning_of(outcome: ReplyOutcome) -> Meaning {
    match outcome {
        _ if outcome.is_success() => Meaning::Done,
        _ if is_transient(outcome) => Meaning::MayPass,
        ReplyOutcome::TooLarge | ReplyOutcome::Answered { status: 400 | 409 | 413 | 422 } => Meaning::OfContent,
        _ => Meaning::NoAccess,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{ProxyFault, TlsFault, Transport};

    /// One test that is the specification: every status, and every way to have none.
    #[test]
    fn meanings_over_every_outcome() {
        let mut table = Vec::new();
        let mut outcomes: Vec<(String, ReplyOutcome)> =
            (100..=599).map(|status| (status.to_string(), ReplyOutcome::Answered { status })).collect();
        outcomes.push(("unreadable".to_owned(), ReplyOutcome::Unreadable));
        outcomes.push(("too large".to_owned(), ReplyOutcome::TooLarge));
        let tls = [TlsFault::Expired, TlsFault::OtherName, TlsFault::UnknownAuthority, TlsFault::NoTls];
        let statuses = [403, 407, 502].map(|status| ProxyFault::Answered { status });
        let proxy = statuses.into_iter().chain([ProxyFault::NoAddress, ProxyFault::NoConnection, ProxyFault::TimedOut]);
        let transports = [Transport::Dns, Transport::Connect].into_iter().chain(tls.map(Transport::Tls));
        let transports =
            transports.chain([Transport::Timeout, Transport::Interrupted]).chain(proxy.map(Transport::Proxy));
        for transport in transports {
            outcomes.push((format!("{transport:?}").to_lowercase(), ReplyOutcome::Failed(transport)));
        }
        let mut run: Option<(String, String, Meaning)> = None;
        for (name, outcome) in outcomes {
            let meaning = meaning_of(outcome);
            run = match run.take() {
                Some((first, _, same)) if same == meaning => Some((first, name, same)),
                earlier => {
                    push_run(&mut table, earlier);
                    Some((name.clone(), name, meaning))
                }
            };
        }
        push_run(&mut table, run);
        insta::assert_snapshot!(table.join("\n"));
    }

    fn push_run(table: &mut Vec<String>, run: Option<(String, String, Meaning)>) {
        if let Some((first, last, meaning)) = run {
            let range = if first == last { first } else { format!("{first}..{last}") };
            table.push(format!("{range}: {meaning:?}"));
        }
    }
}
