//! What to do about an outcome: one total, pure function.

use crate::http::{ReplyOutcome, is_transient};

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The answer is what was asked for.
    Done,
    /// Send the same request again with the same idempotency key, after a while.
    Retry,
    /// Something about the content: send halves, until the item at fault is alone and is rejected.
    Isolate,
    /// The target does not want us (key, scope, plan, wrong URL): stop the run resumably. Not the users' fault.
    Refused,
}

/// Decides over every outcome.
///
/// All our requests may be repeated: each carries an idempotency key, and `external_id` is the key at the target.
pub const fn decide(outcome: ReplyOutcome) -> Decision {
    match outcome {
        _ if outcome.is_success() => Decision::Done,
        _ if is_transient(outcome) => Decision::Retry,
        ReplyOutcome::TooLarge | ReplyOutcome::Answered { status: 400 | 409 | 413 | 422 } => Decision::Isolate,
        _ => Decision::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{ProxyFault, TlsFault, Transport};

    /// One test that is the specification: every status, and every way to have none.
    #[test]
    fn decisions_over_every_outcome() {
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
        let mut run: Option<(String, String, Decision)> = None;
        for (name, outcome) in outcomes {
            let decision = decide(outcome);
            run = match run.take() {
                Some((first, _, same)) if same == decision => Some((first, name, same)),
                earlier => {
                    push_run(&mut table, earlier);
                    Some((name.clone(), name, decision))
                }
            };
        }
        push_run(&mut table, run);
        insta::assert_snapshot!(table.join("\n"));
    }

    fn push_run(table: &mut Vec<String>, run: Option<(String, String, Decision)>) {
        if let Some((first, last, decision)) = run {
            let range = if first == last { first } else { format!("{first}..{last}") };
            table.push(format!("{range}: {decision:?}"));
        }
    }
}
