//! What an application asks a person for, and is then given: one row, from the first request to the last token.

use rusqlite::{OptionalExtension, Row, Transaction, params};

use crate::sandbox::api_error::ApiError;
use crate::sandbox::secret::{digest_of, new_secret};

/// How far a grant is. Each phase has a secret of its own, so that none can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The person has to sign in.
    SignIn,
    /// The person has to agree.
    Consent,
    /// The application has a code for it.
    Code,
    /// The code was used.
    Given,
}

impl Phase {
    fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Consent => "consent",
            Self::Code => "code",
            Self::Given => "given",
        }
    }
}

/// How long people may take for a page, and applications to use a code, in seconds.
pub(super) const PATIENCE: i64 = 600;

/// What an application asks a person for.
#[derive(Debug)]
pub(super) struct Grant {
    pub id: String,
    pub client_id: String,
    pub redirect_uri: String,
    pub scope: String,
    pub state: Option<String>,
    pub nonce: Option<String>,
    pub code_challenge: String,
    /// Whose it is, from when that person signed in; of an application's own grant nobody's.
    pub identity_id: Option<String>,
    pub signed_in_unix: Option<i64>,
}

const COLUMNS: &str = "id, client_id, redirect_uri, scope, state, nonce, code_challenge, identity_id, signed_in_unix";

impl Grant {
    /// What a client asks for, of nobody yet.
    pub(super) fn of_client(client_id: &str, scope: &str) -> Self {
        Self {
            id: uuid::Uuid::now_v7().to_string(),
            client_id: client_id.to_owned(),
            redirect_uri: String::new(),
            scope: scope.to_owned(),
            state: None,
            nonce: None,
            code_challenge: String::new(),
            identity_id: None,
            signed_in_unix: None,
        }
    }

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            client_id: row.get(1)?,
            redirect_uri: row.get(2)?,
            scope: row.get(3)?,
            state: row.get(4)?,
            nonce: row.get(5)?,
            code_challenge: row.get(6)?,
            identity_id: row.get(7)?,
            signed_in_unix: row.get(8)?,
        })
    }

    /// Whether a scope is part of it.
    pub(super) fn has_scope(&self, scope: &str) -> bool {
        self.scope.split(' ').any(|granted| granted == scope)
    }
}

/// The time in seconds.
pub(super) fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// Begins a grant in this phase and returns the phase's secret. What has expired goes.
pub(super) fn begin(transaction: &Transaction<'_>, grant: &Grant, phase: Phase) -> Result<String, ApiError> {
    let (secret, now) = (new_secret()?, now());
    for table in ["oauth_grants", "oauth_tokens"] {
        transaction.execute(&format!("DELETE FROM {table} WHERE expires_unix <= ?1"), [now])?;
    }
    let sql = format!(
        "INSERT INTO oauth_grants ({COLUMNS}, phase, secret_digest, expires_unix) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
    );
    transaction.prepare_cached(&sql)?.execute(params![
        grant.id,
        grant.client_id,
        grant.redirect_uri,
        grant.scope,
        grant.state,
        grant.nonce,
        grant.code_challenge,
        grant.identity_id,
        grant.signed_in_unix,
        phase.name(),
        digest_of(&secret),
        now + PATIENCE,
    ])?;
    Ok(secret)
}

/// The grant with this secret, if it is in this phase.
pub(super) fn find(transaction: &Transaction<'_>, secret: &str, phase: Phase) -> Result<Option<Grant>, ApiError> {
    let sql =
        format!("SELECT {COLUMNS} FROM oauth_grants WHERE secret_digest = ?1 AND phase = ?2 AND expires_unix > ?3");
    let mut statement = transaction.prepare_cached(&sql)?;
    Ok(statement.query_row(params![digest_of(secret), phase.name(), now()], Grant::from_row).optional()?)
}

/// The grant with this id.
pub(super) fn with_id(transaction: &Transaction<'_>, id: &str) -> Result<Option<Grant>, ApiError> {
    let sql = format!("SELECT {COLUMNS} FROM oauth_grants WHERE id = ?1");
    Ok(transaction.prepare_cached(&sql)?.query_row([id], Grant::from_row).optional()?)
}

/// Takes a grant into its next phase and returns that one's secret.
pub(super) fn advance(transaction: &Transaction<'_>, id: &str, phase: Phase) -> Result<String, ApiError> {
    let secret = new_secret()?;
    let sql = "UPDATE oauth_grants SET phase = ?2, secret_digest = ?3, expires_unix = ?4 WHERE id = ?1";
    transaction.prepare_cached(sql)?.execute(params![id, phase.name(), digest_of(&secret), now() + PATIENCE])?;
    Ok(secret)
}

/// Notes who signed in.
pub(super) fn sign_in(transaction: &Transaction<'_>, id: &str, identity_id: &str) -> Result<(), ApiError> {
    let sql = "UPDATE oauth_grants SET identity_id = ?2, signed_in_unix = ?3 WHERE id = ?1";
    transaction.prepare_cached(sql)?.execute(params![id, identity_id, now()])?;
    Ok(())
}

/// Notes that the code of a grant was used. The grant is kept as long as its tokens, so that the code is known if it comes again.
pub(super) fn spend(transaction: &Transaction<'_>, id: &str, kept_until: i64) -> Result<(), ApiError> {
    let sql = "UPDATE oauth_grants SET phase = ?2, expires_unix = max(expires_unix, ?3) WHERE id = ?1";
    transaction.prepare_cached(sql)?.execute(params![id, Phase::Given.name(), kept_until])?;
    Ok(())
}

/// Ends a grant, and its tokens with it.
pub(super) fn end(transaction: &Transaction<'_>, id: &str) -> Result<(), ApiError> {
    transaction.prepare_cached("DELETE FROM oauth_tokens WHERE grant_id = ?1")?.execute([id])?;
    transaction.prepare_cached("DELETE FROM oauth_grants WHERE id = ?1")?.execute([id])?;
    Ok(())
}
