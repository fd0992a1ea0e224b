//! The methods on identities; each runs within one transaction.

use std::borrow::Cow;

use rusqlite::types::ToSql;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::Serialize;
use serde_json::value::RawValue;

use super::api_error::ApiError;
use super::call::{ApiAnswer, Call, Method};
use super::email_key::email_key;
use super::request::{BatchRequest, CreateRequest, DeleteRequest, IdentityFields, UpdateRequest};
use super::{filter, idempotency, validation};

/// The most items of a batch.
const MAX_ITEMS: usize = 1_000;

/// The most external ids of a `:batchGet`.
const MAX_IDS: usize = 100;

/// Does what a call asks for.
pub(super) fn perform(transaction: &Transaction<'_>, call: &Call) -> Result<ApiAnswer, ApiError> {
    match &call.method {
        Method::Create => idempotency::once(transaction, call, || create(transaction, &call.body)),
        Method::BatchCreate => idempotency::once(transaction, call, || batch_create(transaction, call)),
        Method::BatchUpdate => idempotency::once(transaction, call, || batch_update(transaction, call)),
        Method::BatchDelete => idempotency::once(transaction, call, || batch_delete(transaction, &call.body)),
        Method::BatchGet => batch_get(transaction, call),
        Method::List => list(transaction, call),
        Method::Get(id) => get(transaction, id).and_then(|identity| identity.answer(200)),
        Method::Update(id) => {
            let request: UpdateRequest<'_> = parse(&call.body)?;
            matches_etag(&get(transaction, id)?, call)?;
            update(transaction, id, &request)?;
            get(transaction, id).and_then(|identity| identity.answer(200))
        }
        Method::Delete(id) => {
            matches_etag(&get(transaction, id)?, call)?;
            delete(transaction, id)?;
            Ok(ApiAnswer::new(204, Vec::new()))
        }
        Method::SetState(id, state) => {
            let changed = transaction
                .prepare_cached(
                    "UPDATE identities SET state = ?2, version = version + 1, update_time = ?3 WHERE id = ?1",
                )?
                .execute((id, state, now()))?;
            if changed == 0 {
                return Err(ApiError::not_found("the identity"));
            }
            get(transaction, id).and_then(|identity| identity.answer(200))
        }
    }
}

fn parse<'a, T: serde::Deserialize<'a>>(body: &'a [u8]) -> Result<T, ApiError> {
    let text = std::str::from_utf8(body).map_err(|_| ApiError::validation("the body is not UTF-8"))?;
    // serde's message would repeat what the caller sent, so only the kind of fault and its place are reported.
    serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        ApiError::validation(format!("the body is malformed ({:?}, line {line}, column {column})", error.classify()))
    })
}

fn create(transaction: &Transaction<'_>, body: &[u8]) -> Result<ApiAnswer, ApiError> {
    let request: CreateRequest<'_> = parse(body)?;
    validation::check_new(&request.identity)?;
    let password = request.initial_password.as_deref().map(hash_password).transpose()?;
    if request.validate_only {
        return Ok(ApiAnswer::new(200, b"{}".to_vec()));
    }
    match insert(transaction, &request.identity, password.as_deref())? {
        Inserted::Created(id) => get(transaction, &id)?.answer(201),
        Inserted::Exists(_) => {
            Err(ApiError::conflict(Some("identity.external_id"), "an identity with this external_id exists"))
        }
        Inserted::Conflict(error) => Err(error),
    }
}

/// A real target would use Argon2id here. The sandbox needs bcrypt for imported hashes anyway.
fn hash_password(password: &str) -> Result<String, ApiError> {
    if password.chars().count() < 8 {
        return Err(ApiError::field("initial_password", "a password has at least 8 characters"));
    }
    bcrypt::hash(password, 10).map_err(|_| ApiError::internal(500, "the password cannot be hashed"))
}

/// One result of a batch.
#[derive(Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
enum SentResult {
    Created { id: Option<String> },
    Exists { id: String },
    Updated { id: String },
    Deleted { id: String },
    Error { error: ItemError },
}

#[derive(Serialize)]
struct ItemError {
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
}

impl From<ApiError> for SentResult {
    fn from(ApiError { code, message, field, .. }: ApiError) -> Self {
        Self::Error { error: ItemError { code, message, field } }
    }
}

fn results(results: Vec<SentResult>) -> Result<ApiAnswer, ApiError> {
    #[derive(Serialize)]
    struct Results {
        results: Vec<SentResult>,
    }
    to_answer(200, &Results { results })
}

fn to_answer(status: u16, body: &impl Serialize) -> Result<ApiAnswer, ApiError> {
    let body = serde_json::to_vec(body).map_err(|error| ApiError::internal(500, error.to_string()))?;
    Ok(ApiAnswer::new(status, body))
}

fn at_most(items: usize, limit: usize) -> Result<(), ApiError> {
    if items > limit {
        return Err(ApiError::validation(format!("at most {limit} items at a time")));
    }
    Ok(())
}

fn batch_create(transaction: &Transaction<'_>, call: &Call) -> Result<ApiAnswer, ApiError> {
    let batch: BatchRequest<'_> = parse(&call.body)?;
    at_most(batch.requests.len(), MAX_ITEMS)?;
    let mut answers = Vec::with_capacity(batch.requests.len());
    for item in batch.requests {
        let answer = if fastrand::f64() < call.item_fault {
            ApiError::internal(500, "a fault on purpose").into()
        } else {
            create_item(transaction, item, batch.validate_only)?
        };
        answers.push(answer);
    }
    results(answers)
}

/// An error of the item becomes its result. Only a failure of the database is an error of the batch.
fn create_item(transaction: &Transaction<'_>, item: &RawValue, validate_only: bool) -> Result<SentResult, ApiError> {
    let request: CreateRequest<'_> = match parse(item.get().as_bytes()) {
        Ok(request) => request,
        Err(error) => return Ok(error.into()),
    };
    if let Err(error) = validation::check_new(&request.identity) {
        return Ok(error.into());
    }
    if validate_only || request.validate_only {
        return Ok(SentResult::Created { id: None });
    }
    Ok(match insert(transaction, &request.identity, None)? {
        Inserted::Created(id) => SentResult::Created { id: Some(id) },
        Inserted::Exists(id) => SentResult::Exists { id },
        Inserted::Conflict(error) => error.into(),
    })
}

enum Inserted {
    Created(String),
    Exists(String),
    Conflict(ApiError),
}

/// Inserts an identity. It looks for the reason only if that fails.
fn insert(
    transaction: &Transaction<'_>,
    fields: &IdentityFields<'_>,
    password: Option<&str>,
) -> Result<Inserted, ApiError> {
    // A UUID of version 7 begins with the time, so new ids are added at the end of the index and not all over it.
    let id = format!("usr_{}", uuid::Uuid::now_v7());
    let credentials = fields.credentials.as_ref();
    let imported = credentials.and_then(|credentials| credentials.password.as_ref());
    let hashed = password.or_else(|| imported.map(|password| password.config.hashed_password.as_ref()));
    let oidc = credentials.and_then(|credentials| credentials.oidc.as_ref()).map(|oidc| oidc.config.get());
    let now = now();
    let inserted = transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO identities (id, external_id, email, email_key, email_verified, username, phone, phone_verified, \
             first_name, last_name, display_name, organization_id, locale, timezone, state, traits, admin_metadata, \
             hashed_password, oidc, create_time, update_time) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?20)",
        )?
        .execute(params![
            id,
            fields.external_id,
            fields.email,
            fields.email.as_deref().map(email_key),
            fields.email_verified,
            fields.username,
            fields.phone,
            fields.phone_verified,
            fields.first_name,
            fields.last_name,
            fields.display_name,
            fields.organization_id,
            fields.locale,
            fields.timezone,
            fields.state.as_deref().unwrap_or("active"),
            fields.traits.map(RawValue::get),
            fields.admin_metadata.map(RawValue::get),
            hashed,
            oidc,
            now,
        ])?;
    if inserted == 1 { Ok(Inserted::Created(id)) } else { why_not(transaction, fields) }
}

/// Which unique column prevented the insert. `external_id` is checked first: it makes a repeated import change nothing.
fn why_not(transaction: &Transaction<'_>, fields: &IdentityFields<'_>) -> Result<Inserted, ApiError> {
    if let Some(id) = find(transaction, "external_id", fields.external_id.as_deref())? {
        return Ok(Inserted::Exists(id));
    }
    let email_key = fields.email.as_deref().map(email_key);
    for (column, value, name, field) in [
        ("email_key", email_key.as_deref(), "email", "identity.email"),
        ("username", fields.username.as_deref(), "username", "identity.username"),
        ("phone", fields.phone.as_deref(), "phone", "identity.phone"),
    ] {
        if find(transaction, column, value)?.is_some() {
            let error = ApiError::conflict(Some(field), format!("another identity has this {name}"));
            return Ok(Inserted::Conflict(error));
        }
    }
    Err(ApiError::internal(500, "an identity was neither inserted nor in conflict"))
}

fn find(transaction: &Transaction<'_>, column: &str, value: Option<&str>) -> Result<Option<String>, ApiError> {
    let Some(value) = value else { return Ok(None) };
    let mut statement = transaction.prepare_cached(&format!("SELECT id FROM identities WHERE {column} = ?1"))?;
    Ok(statement.query_row([value], |row| row.get(0)).optional()?)
}

fn batch_update(transaction: &Transaction<'_>, call: &Call) -> Result<ApiAnswer, ApiError> {
    let batch: BatchRequest<'_> = parse(&call.body)?;
    at_most(batch.requests.len(), MAX_ITEMS)?;
    let update_item = |item: &RawValue| {
        let request: UpdateRequest<'_> = parse(item.get().as_bytes())?;
        let id = match &request.id {
            Some(id) => id.to_string(),
            None => find(transaction, "external_id", request.identity.external_id.as_deref())?
                .ok_or_else(|| ApiError::not_found("the identity"))?,
        };
        update(transaction, &id, &request)?;
        Ok::<_, ApiError>(SentResult::Updated { id })
    };
    results(batch.requests.into_iter().map(|item| update_item(item).unwrap_or_else(SentResult::from)).collect())
}

fn batch_delete(transaction: &Transaction<'_>, body: &[u8]) -> Result<ApiAnswer, ApiError> {
    let request: DeleteRequest = parse(body)?;
    at_most(request.ids.len(), MAX_ITEMS)?;
    let delete_item = |id: String| match delete(transaction, &id) {
        Ok(()) => SentResult::Deleted { id },
        Err(error) => error.into(),
    };
    results(request.ids.into_iter().map(delete_item).collect())
}

fn delete(transaction: &Transaction<'_>, id: &str) -> Result<(), ApiError> {
    match transaction.prepare_cached("DELETE FROM identities WHERE id = ?1")?.execute([id])? {
        0 => Err(ApiError::not_found("the identity")),
        _ => Ok(()),
    }
}

/// Sets the columns that the mask names. A named column that the body does not have becomes null.
fn update(transaction: &Transaction<'_>, id: &str, request: &UpdateRequest<'_>) -> Result<(), ApiError> {
    let fields = &request.identity;
    validation::check(fields)?;
    for (name, is_given) in [
        ("external_id", fields.external_id.is_some()),
        ("email", fields.email.is_some()),
        ("state", fields.state.is_some()),
    ] {
        if !is_given && request.update_mask.split(',').any(|masked| masked.trim() == name) {
            return Err(ApiError::validation(format!("{name} cannot be taken away")));
        }
    }
    let (mut assignments, mut values): (Vec<String>, Vec<Box<dyn ToSql + '_>>) = (Vec::new(), Vec::new());
    for name in request.update_mask.split(',').map(str::trim) {
        let text = |value: &Option<Cow<'_, str>>| -> Box<dyn ToSql> { Box::new(value.as_deref().map(str::to_owned)) };
        values.push(match name {
            "external_id" => text(&fields.external_id),
            "email" => text(&fields.email),
            "username" => text(&fields.username),
            "first_name" => text(&fields.first_name),
            "last_name" => text(&fields.last_name),
            "display_name" => text(&fields.display_name),
            "phone" => text(&fields.phone),
            "organization_id" => text(&fields.organization_id),
            "locale" => text(&fields.locale),
            "timezone" => text(&fields.timezone),
            "state" => text(&fields.state),
            "email_verified" => Box::new(fields.email_verified),
            "phone_verified" => Box::new(fields.phone_verified),
            "traits" => Box::new(fields.traits.map(RawValue::get)),
            "admin_metadata" => Box::new(fields.admin_metadata.map(RawValue::get)),
            _ => return Err(ApiError::field("update_mask", "the mask names a field that cannot be updated")),
        });
        assignments.push(format!("{name} = ?{}", values.len()));
        if name == "email" {
            values.push(Box::new(fields.email.as_deref().map(email_key)));
            assignments.push(format!("email_key = ?{}", values.len()));
        }
    }
    let time = values.len() + 1;
    let sql = format!(
        "UPDATE OR IGNORE identities SET {}, version = version + 1, update_time = ?{time} WHERE id = ?{}",
        assignments.join(", "),
        time + 1
    );
    values.push(Box::new(now()));
    values.push(Box::new(id.to_owned()));
    let changed = transaction.prepare_cached(&sql)?.execute(rusqlite::params_from_iter(values))?;
    if changed == 0 {
        get(transaction, id)?;
        return Err(ApiError::conflict(None, "another identity has this external id, email, username or phone"));
    }
    Ok(())
}

fn matches_etag(identity: &Identity, call: &Call) -> Result<(), ApiError> {
    match &call.if_match {
        Some(etag) if *etag != identity.etag() => Err(ApiError::conflict(None, "the identity has changed (ETag)")),
        _ => Ok(()),
    }
}

/// An identity as answers show it: everything but the password hash.
#[derive(Serialize)]
struct Identity {
    #[serde(skip)]
    number: i64,
    #[serde(skip)]
    version: i64,
    id: String,
    external_id: Option<String>,
    state: String,
    email: String,
    email_verified: bool,
    username: Option<String>,
    phone: Option<String>,
    phone_verified: bool,
    first_name: Option<String>,
    last_name: Option<String>,
    display_name: Option<String>,
    organization_id: Option<String>,
    locale: Option<String>,
    timezone: Option<String>,
    traits: Option<Box<RawValue>>,
    admin_metadata: Option<Box<RawValue>>,
    credentials: Shown,
    create_time: String,
    update_time: String,
}

#[derive(Serialize)]
struct Shown {
    password: Present,
    /// Null says that there are none. Without the field, a caller could not know whether they are hidden.
    oidc: Option<StoredConfig>,
}

#[derive(Serialize)]
struct StoredConfig {
    config: Box<RawValue>,
}

#[derive(Serialize)]
struct Present {
    present: bool,
}

const COLUMNS: &str = "number, version, id, external_id, state, email, email_verified, username, phone, phone_verified, \
    first_name, last_name, display_name, organization_id, locale, timezone, traits, admin_metadata, \
    hashed_password IS NOT NULL, oidc, create_time, update_time";

impl Identity {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let raw = |index| {
            Ok::<_, rusqlite::Error>(
                row.get::<_, Option<String>>(index)?.and_then(|text| RawValue::from_string(text).ok()),
            )
        };
        Ok(Self {
            number: row.get(0)?,
            version: row.get(1)?,
            id: row.get(2)?,
            external_id: row.get(3)?,
            state: row.get(4)?,
            email: row.get(5)?,
            email_verified: row.get(6)?,
            username: row.get(7)?,
            phone: row.get(8)?,
            phone_verified: row.get(9)?,
            first_name: row.get(10)?,
            last_name: row.get(11)?,
            display_name: row.get(12)?,
            organization_id: row.get(13)?,
            locale: row.get(14)?,
            timezone: row.get(15)?,
            traits: raw(16)?,
            admin_metadata: raw(17)?,
            credentials: Shown {
                password: Present { present: row.get(18)? },
                oidc: raw(19)?.map(|config| StoredConfig { config }),
            },
            create_time: row.get(20)?,
            update_time: row.get(21)?,
        })
    }

    fn etag(&self) -> String {
        format!("W/\"{}-{}\"", self.number, self.version)
    }

    fn answer(&self, status: u16) -> Result<ApiAnswer, ApiError> {
        Ok(ApiAnswer { etag: Some(self.etag()), ..to_answer(status, self)? })
    }
}

fn get(transaction: &Transaction<'_>, id: &str) -> Result<Identity, ApiError> {
    transaction
        .prepare_cached(&format!("SELECT {COLUMNS} FROM identities WHERE id = ?1"))?
        .query_row([id], Identity::from_row)
        .optional()?
        .ok_or_else(|| ApiError::not_found("the identity"))
}

fn batch_get(transaction: &Transaction<'_>, call: &Call) -> Result<ApiAnswer, ApiError> {
    let given = call.query.iter().filter(|(name, _)| name == "external_ids");
    let ids: Vec<&str> = given.flat_map(|(_, value)| value.split(',')).filter(|id| !id.is_empty()).collect();
    at_most(ids.len(), MAX_IDS)?;
    let mut statement =
        transaction.prepare_cached(&format!("SELECT {COLUMNS} FROM identities WHERE external_id = ?1"))?;
    let mut identities = Vec::with_capacity(ids.len());
    for id in ids {
        identities.extend(statement.query_row([id], Identity::from_row).optional()?);
    }
    to_answer(200, &ListedPage { identities, next_page_token: None })
}

#[derive(Serialize)]
struct ListedPage {
    identities: Vec<Identity>,
    next_page_token: Option<String>,
}

/// Lists identities in the order of their creation. The page token is the number of the last identity listed.
fn list(transaction: &Transaction<'_>, call: &Call) -> Result<ApiAnswer, ApiError> {
    let wrong = |name: &str| ApiError::validation(format!("{name} is malformed"));
    let size: usize = call.query("page_size").map_or(Ok(25), str::parse).map_err(|_| wrong("page_size"))?;
    if !(1..=100).contains(&size) {
        return Err(wrong("page_size"));
    }
    let (comparison, order) = match call.query("order_by").unwrap_or("create_time desc") {
        "create_time desc" => ("<", "DESC"),
        "create_time" | "create_time asc" => (">", "ASC"),
        _ => return Err(wrong("order_by")),
    };
    let conditions = call.query("filter").filter(|text| !text.is_empty()).map_or(Ok(Vec::new()), filter::parse)?;
    let mut clauses: Vec<String> = conditions
        .iter()
        .enumerate()
        .map(|(index, condition)| format!("{} = ?{}", condition.column(), index + 1))
        .collect();
    let mut values: Vec<String> = conditions.into_iter().map(filter::Condition::value).collect();
    if let Some(token) = call.query("page_token").filter(|token| !token.is_empty()) {
        token.parse::<i64>().map_err(|_| wrong("page_token"))?;
        values.push(token.to_owned());
        clauses.push(format!("number {comparison} CAST(?{} AS INTEGER)", values.len()));
    }
    let condition = if clauses.is_empty() { String::new() } else { format!("WHERE {}", clauses.join(" AND ")) };
    let sql = format!("SELECT {COLUMNS} FROM identities {condition} ORDER BY number {order} LIMIT {}", size + 1);
    let mut statement = transaction.prepare_cached(&sql)?;
    let rows = statement.query_map(rusqlite::params_from_iter(values), Identity::from_row)?;
    let mut identities: Vec<Identity> = rows.collect::<Result<_, _>>()?;
    let more = identities.len() > size;
    identities.truncate(size);
    let next_page_token = identities.last().filter(|_| more).map(|last| last.number.to_string());
    to_answer(200, &ListedPage { identities, next_page_token })
}

fn now() -> String {
    jiff::Timestamp::now().to_string()
}
