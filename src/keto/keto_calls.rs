//! The requests of Keto's two ports, at one pace.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use url::Url;

use super::errors::{gave_up, refused, unknown_namespace};
use super::{RelationTuple, answer};
use crate::destination::{Destination, TargetError};
use crate::http::{HttpClient, PacedRequests, Reply, ReplyOutcome, Request, is_transient};
use crate::mapping::TupleRules;
use crate::pace::{PaceGate, RetryBudget};

/// A Keto, by its read port and its write port.
#[derive(Clone, Debug)]
pub struct KetoCalls {
    pub(super) read: HttpClient,
    pub(super) write: HttpClient,
    pub(super) requests: PacedRequests,
    /// A call for what must not be sent again without looking.
    pub(super) once: PacedRequests,
}

/// The role tuples at a Keto, of identities of one target.
#[derive(Clone)]
pub struct KetoTuples {
    pub(super) calls: KetoCalls,
    /// Where the identities are that get roles.
    pub(super) users: Arc<dyn Destination>,
    pub(super) rules: TupleRules,
    /// Which relations the namespaces declare, as far as that was asked.
    pub(super) relations: Arc<Mutex<HashMap<String, bool>>>,
}

impl fmt::Debug for KetoTuples {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("KetoTuples").field("calls", &self.calls).finish_non_exhaustive()
    }
}

impl KetoCalls {
    /// Calls to this Keto at this pace.
    pub fn new(read: HttpClient, write: HttpClient, pace: Arc<PaceGate>, budget: RetryBudget) -> Self {
        let once = RetryBudget { attempts: 1, ..budget };
        Self {
            read,
            write,
            once: PacedRequests::new(Arc::clone(&pace), once, is_transient),
            requests: PacedRequests::new(pace, budget, is_transient),
        }
    }

    /// The role tuples there of the identities of `users`, in this form; an error if this is no Keto that takes them.
    pub async fn beside(self, users: Arc<dyn Destination>, rules: TupleRules) -> Result<KetoTuples, TargetError> {
        let namespace = [("namespace", rules.namespace.as_str()), ("page_size", "1")];
        let reply = self.asked(&self.read, &Request::get(self.list_url(&namespace)), is_page).await?;
        match reply.outcome {
            outcome if outcome.is_success() => {}
            ReplyOutcome::Answered { status: 400 | 404 } if answer::error_code(&reply.body).is_some() => {
                return Err(unknown_namespace(self.read.base_url(), &rules.namespace));
            }
            _ => return Err(refused(self.read.base_url(), &reply, "--keto-read-url")),
        }
        let health = Request::get(self.write.url("health/ready"));
        let reply = self.asked(&self.write, &health, |_| true).await?;
        if !reply.outcome.is_success() {
            return Err(refused(self.write.base_url(), &reply, "--keto-write-url"));
        }
        Ok(KetoTuples { calls: self, users, rules, relations: Arc::default() })
    }

    /// `relation-tuples` of the read port with these parameters.
    pub(super) fn list_url(&self, parameters: &[(&str, &str)]) -> Url {
        let mut url = self.read.url("relation-tuples");
        url.query_pairs_mut().extend_pairs(parameters);
        url
    }

    /// A request that inserts and deletes tuples, all or none of them. What is inserted is inserted before anything is deleted.
    pub(super) fn patch(&self, insert: &[RelationTuple<'_>], delete: &[RelationTuple<'_>]) -> Request {
        let action = |action: &'static str| move |tuple: &RelationTuple<'_>| serde_json::json!({ "action": action, "relation_tuple": tuple });
        let actions: Vec<_> = insert.iter().map(action("insert")).chain(delete.iter().map(action("delete"))).collect();
        let body = Bytes::from(serde_json::Value::from(actions).to_string());
        Request::patch(self.write.url("admin/relation-tuples"), body)
    }

    /// A page of the list.
    pub(super) async fn page(&self, parameters: &[(&str, &str)]) -> Result<Reply, TargetError> {
        let reply = self.asked(&self.read, &Request::get(self.list_url(parameters)), is_page).await?;
        if reply.outcome.is_success() {
            Ok(reply)
        } else {
            Err(refused(self.read.base_url(), &reply, "--keto-read-url"))
        }
    }

    /// Asks until there is an acceptable answer, or one that waiting does not change.
    pub(super) async fn asked(
        &self,
        client: &HttpClient,
        request: &Request,
        acceptable: impl Fn(&Reply) -> bool,
    ) -> Result<Reply, TargetError> {
        let answered = self.requests.send(|| client.send(request.clone()), acceptable).await;
        answered.map_err(|given_up| gave_up(client.base_url(), &given_up))
    }
}

pub(super) fn is_page(reply: &Reply) -> bool {
    answer::page(&reply.body).is_some()
}
