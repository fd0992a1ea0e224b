//! A double of Keto: it stores an inserted tuple as often as it is inserted, as the real one does.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::support::target::{http, scripted_target};

/// `namespace:object#relation@subject` in parts.
type StoredTuple = [String; 4];

/// The parts of a tuple, as Keto calls them.
pub(crate) const PARTS: [&str; 4] = ["namespace", "object", "relation", "subject_id"];

const DECLARED: [&str; 4] = ["owner", "admin", "member", "billing"];

fn error(code: u16) -> String {
    let status = if code == 404 { "404 Not Found" } else { "400 Bad Request" };
    http(status, "", &json!({ "error": { "code": code, "message": "no" } }).to_string())
}

/// The parameters of a request's target.
fn parameters(request: &str) -> Vec<(String, String)> {
    let target = request.split(' ').nth(1).expect("a target");
    let url = url::Url::parse(&format!("http://keto{target}")).expect("a URL");
    url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

fn answer_reading(request: &str, stored: &Mutex<Vec<StoredTuple>>) -> String {
    let parameters = parameters(request);
    let parameter = |name: &str| parameters.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
    if parameter("namespace").is_some_and(|namespace| namespace != "orgs") {
        return error(404);
    }
    if request.contains("/check/openapi?") {
        let is_declared = DECLARED.contains(&parameter("relation").expect("a relation"));
        return if is_declared { http("200 OK", "", r#"{"allowed":false}"#) } else { error(400) };
    }
    let stored = stored.lock().expect("the tuples");
    let fits = |tuple: &&StoredTuple| {
        PARTS.iter().zip(*tuple).all(|(part, value)| parameter(part).is_none_or(|wanted| wanted == value))
    };
    let from: usize = parameter("page_token").map_or(0, |token| token.parse().expect("a token"));
    let size: usize = parameter("page_size").map_or(100, |size| size.parse().expect("a size"));
    let found: Vec<&StoredTuple> = stored.iter().filter(fits).collect();
    let page = found.iter().skip(from).take(size);
    let page: Vec<Value> =
        page.map(|tuple| PARTS.iter().zip(*tuple).map(|(part, value)| (*part, json!(value))).collect()).collect();
    let next = if from + size < found.len() { (from + size).to_string() } else { String::new() };
    http("200 OK", "", &json!({ "relation_tuples": page, "next_page_token": next }).to_string())
}

/// One transaction: all inserts, without a look at what is there, and then all deletes, each of all copies.
fn answer_writing(request: &str, stored: &Mutex<Vec<StoredTuple>>) -> String {
    if request.starts_with("GET /health/ready") {
        return http("200 OK", "", r#"{"status":"ok"}"#);
    }
    if request.starts_with("DELETE /admin/relation-tuples?namespace=orgs") {
        let wanted = parameters(request);
        let is_meant = |tuple: &StoredTuple| {
            PARTS
                .iter()
                .zip(tuple)
                .all(|(part, value)| wanted.iter().all(|(name, other)| name != part || other == value))
        };
        stored.lock().expect("the tuples").retain(|tuple| !is_meant(tuple));
        return http("204 No Content", "", "");
    }
    assert!(request.starts_with("PATCH /admin/relation-tuples "), "{request}");
    let body = request.split_once("\r\n").expect("a head").1;
    let body = &body[body.find('[').expect("a list")..];
    let actions: Vec<Value> = serde_json::from_str(body).expect("JSON");
    let (mut inserts, mut deletes) = (Vec::new(), Vec::new());
    for action in &actions {
        let tuple = PARTS.map(|part| action["relation_tuple"][part].as_str().unwrap_or_default().to_owned());
        if tuple.iter().any(String::is_empty) {
            return error(400);
        }
        if tuple[0] != "orgs" {
            return error(404);
        }
        if action["action"] == "insert" { inserts.push(tuple) } else { deletes.push(tuple) }
    }
    let mut stored = stored.lock().expect("the tuples");
    stored.extend(inserts);
    stored.retain(|tuple| !deletes.contains(tuple));
    http("204 No Content", "", "")
}

/// The double of a Keto, by its two ports.
pub(crate) struct KetoDouble {
    pub read: String,
    pub write: String,
    /// Requests that wrote.
    pub writes: Arc<AtomicUsize>,
}

impl KetoDouble {
    pub(crate) fn start() -> Self {
        let (writes, stored) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (to_read, counted) = (Arc::clone(&stored), Arc::clone(&writes));
        let write = scripted_target(move |request| {
            counted.fetch_add(usize::from(!request.starts_with("GET")), Ordering::Relaxed);
            answer_writing(request, &stored)
        });
        Self { read: scripted_target(move |request| answer_reading(request, &to_read)), write, writes }
    }
}
