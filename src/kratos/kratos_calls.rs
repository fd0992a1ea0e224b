//! The requests of Kratos' admin API that may be repeated, at one pace.

use std::sync::Arc;

use bytes::Bytes;
use url::Url;

use super::KratosOptions;
use super::errors::{gave_up, refused};
use crate::destination::TargetError;
use crate::http::{BaseUrl, HttpClient, PacedRequests, Reply, Request, is_transient};
use crate::keto::KetoCalls;
use crate::pace::{PaceGate, RetryBudget};

/// A Kratos, by its admin API.
#[derive(Clone, Debug)]
pub struct KratosCalls {
    pub(super) http: HttpClient,
    pub(super) requests: PacedRequests,
    pub(super) options: Arc<KratosOptions>,
    /// Where the roles of its users go, if anywhere.
    pub(super) keto: Option<KetoCalls>,
}

/// With what an answer shows of how somebody signs in.
const WITH_CREDENTIALS: [(&str, &str); 2] = [("include_credential", "password"), ("include_credential", "oidc")];

impl KratosCalls {
    /// Calls to this Kratos at this pace.
    pub fn new(http: HttpClient, options: Arc<KratosOptions>, pace: Arc<PaceGate>, budget: RetryBudget) -> Self {
        Self { http, requests: PacedRequests::new(pace, budget, is_transient), options, keto: None }
    }

    /// These calls with a Keto beside them, for the roles of its users.
    #[must_use]
    pub fn with_keto(self, keto: Option<KetoCalls>) -> Self {
        Self { keto, ..self }
    }

    pub(super) fn target(&self) -> &BaseUrl {
        self.http.base_url()
    }

    pub(super) fn key(&self) -> Option<&str> {
        self.options.key.trait_name()
    }

    /// `admin/identities`, asked for with these parameters and with credentials.
    pub(super) fn list_url<'p>(&self, parameters: impl IntoIterator<Item = (&'p str, &'p str)>) -> Url {
        let mut url = self.http.url("admin/identities");
        url.query_pairs_mut().extend_pairs(parameters).extend_pairs(WITH_CREDENTIALS);
        url
    }

    /// The identity with this external id, with credentials, of a Kratos that has such ids.
    pub(super) fn external_url(&self, external_id: &str) -> Option<Url> {
        let mut url = self.http.url("admin/identities/by/external");
        url.path_segments_mut().ok()?.push(external_id);
        url.query_pairs_mut().extend_pairs(WITH_CREDENTIALS);
        Some(url)
    }

    /// `admin/identities/{id}`.
    pub(super) fn identity_url(&self, id: &str) -> Url {
        self.http.url(&format!("admin/identities/{id}"))
    }

    /// The identity with this id, with credentials.
    pub(super) fn identity_request(&self, id: &str) -> Request {
        let mut url = self.identity_url(id);
        url.query_pairs_mut().extend_pairs(WITH_CREDENTIALS);
        Request::get(url)
    }

    /// The batch that creates identities.
    pub(super) fn batch(&self, body: Bytes) -> Request {
        Request::patch(self.http.url("admin/identities"), body).with_answer()
    }

    /// Asks until there is an acceptable answer, or one that waiting does not change.
    pub(super) async fn retried(
        &self,
        request: &Request,
        acceptable: impl Fn(&Reply) -> bool,
    ) -> Result<Reply, TargetError> {
        let answered = self.requests.send(|| self.http.send(request.clone()), acceptable).await;
        answered.map_err(|given_up| gave_up(self.target(), &given_up))
    }

    /// Asks until there is an answer of success that is acceptable.
    pub(super) async fn ask(
        &self,
        request: &Request,
        acceptable: impl Fn(&Reply) -> bool,
    ) -> Result<Reply, TargetError> {
        let reply = self.retried(request, acceptable).await?;
        if reply.outcome.is_success() { Ok(reply) } else { Err(refused(self.target(), &reply)) }
    }
}
