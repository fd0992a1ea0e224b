//! Clerk's Backend API in a few lines, for what the sandbox's stand-in does not do: a tenant that changes at chosen moments,
//! answers that are spoilt, a key that comes back in every answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use super::target::{http, scripted_target};
use super::{Run, Scratch};

/// The key that it takes.
pub const KEY: &str = "sk_test_clerkskey";

/// One record of a list, in the order of `created_at`.
#[derive(Clone, Debug)]
pub struct Item {
    pub id: String,
    pub updated_at: i64,
    pub text: String,
}

/// What is called after each answer, with the number of the request.
type Hook = Box<dyn FnMut(&mut Tenant, u64) + Send>;

/// What is asked before each answer, with the request's path: another answer, if it gives one.
type Spoiler = Box<dyn FnMut(&str) -> Option<String> + Send>;

/// A tenant.
#[derive(Default)]
pub struct Tenant {
    pub users: Vec<Item>,
    /// Other lists by their paths.
    pub lists: BTreeMap<&'static str, Vec<Item>>,
    /// Paths that the instance does not have, and the code that says so.
    pub not_offered: BTreeMap<&'static str, &'static str>,
    /// Request lines, in order.
    pub requests: Vec<String>,
    pub next: u64,
    /// Whether answers come in chunks, without their lengths.
    pub is_chunked: bool,
}

impl Tenant {
    /// A user who was created just now.
    pub fn create_user(&mut self) -> String {
        let number = self.next;
        self.next += 1;
        let (id, at) = (format!("user_{number:06}"), moment(number));
        self.users.push(Item { text: user_text(&id, number, at, 0), id: id.clone(), updated_at: at });
        id
    }

    /// Changes a user, at this moment.
    pub fn change_user(&mut self, id: &str, at: i64, version: u64) {
        let user = self.users.iter_mut().find(|user| user.id == id).expect("the user");
        let number: u64 = id.trim_start_matches("user_").parse().expect("a number");
        user.text = user_text(id, number, at, version);
        user.updated_at = at;
    }

    pub fn delete_user(&mut self, id: &str) {
        self.users.retain(|user| user.id != id);
    }

    pub fn ids(&self) -> BTreeSet<String> {
        self.users.iter().map(|user| user.id.clone()).collect()
    }
}

/// When the user with this number was created.
pub fn moment(number: u64) -> i64 {
    1_700_000_000_000 + i64::try_from(number).expect("small") * 1000
}

fn user_text(id: &str, number: u64, updated_at: i64, version: u64) -> String {
    let created_at = moment(number);
    format!(
        r#"{{"id":"{id}","object":"user","first_name":"N{number}","last_name":"v{version}","primary_email_address_id":"idn_{number}","email_addresses":[{{"id":"idn_{number}","email_address":"user{number}@example.com","verification":{{"status":"verified","strategy":"admin"}}}}],"public_metadata":{{"big":1234567890123456789012,"text":"\u00e9 }} ]"}},"created_at":{created_at},"updated_at":{updated_at}}}"#
    )
}

/// A tenant behind an address.
pub struct Clerk {
    pub url: String,
    tenant: Arc<Mutex<Tenant>>,
    hook: Arc<Mutex<Option<Hook>>>,
    spoiler: Arc<Mutex<Option<Spoiler>>>,
}

impl Clerk {
    /// A tenant with this many users and nothing else.
    pub fn with_users(users: u64) -> Self {
        let mut tenant = Tenant::default();
        for _ in 0..users {
            tenant.create_user();
        }
        Self::serve(tenant)
    }

    pub fn serve(tenant: Tenant) -> Self {
        let tenant = Arc::new(Mutex::new(tenant));
        let (hook, spoiler) = (Arc::new(Mutex::new(None::<Hook>)), Arc::new(Mutex::new(None::<Spoiler>)));
        let (of_server, its_hook, its_spoiler) = (Arc::clone(&tenant), Arc::clone(&hook), Arc::clone(&spoiler));
        let url = scripted_target(move |request| {
            let mut tenant = of_server.lock().expect("the tenant");
            let line = request.lines().next().expect("a line").to_owned();
            tenant.requests.push(line.clone());
            let number = tenant.requests.len() as u64;
            let spoilt = its_spoiler.lock().expect("the spoiler").as_mut().and_then(|spoil| spoil(&line));
            let answer = spoilt.unwrap_or_else(|| answer(&tenant, request));
            if let Some(hook) = its_hook.lock().expect("the hook").as_mut() {
                hook(&mut tenant, number);
            }
            if tenant.is_chunked { in_chunks(&answer) } else { answer }
        });
        Self { url, tenant, hook, spoiler }
    }

    pub fn tenant(&self) -> MutexGuard<'_, Tenant> {
        self.tenant.lock().expect("the tenant")
    }

    /// Changes the tenant after each answer.
    pub fn after_each(&self, hook: impl FnMut(&mut Tenant, u64) + Send + 'static) {
        *self.hook.lock().expect("the hook") = Some(Box::new(hook));
    }

    /// Answers otherwise where this says so.
    pub fn instead(&self, spoiler: impl FnMut(&str) -> Option<String> + Send + 'static) {
        *self.spoiler.lock().expect("the spoiler") = Some(Box::new(spoiler));
    }

    /// `migrate clerk export --out DIR` and more, ready to run.
    pub fn export_command(&self, scratch: &Scratch, out: &str, more: &[&str]) -> std::process::Command {
        let fixed = ["migrate", "clerk", "export", "--out", out, "--clerk-url", &self.url, "--clerk-rate", "5000/s"];
        let arguments: Vec<&str> = fixed.into_iter().chain(more.iter().copied()).collect();
        let mut command = scratch.avnology(&arguments);
        command.env("CLERK_SECRET_KEY", KEY);
        command
    }

    pub fn export(&self, scratch: &Scratch, out: &str, more: &[&str]) -> Run {
        Run::of(self.export_command(scratch, out, more).output().expect("the binary runs"))
    }
}

/// An answer that does not say how long it is.
fn in_chunks(answer: &str) -> String {
    const PIECE: usize = 16 * 1024;
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let lines = head.split("\r\n").filter(|line| !line.starts_with("content-length"));
    let head = lines.collect::<Vec<_>>().join("\r\n");
    let pieces = body.as_bytes().chunks(PIECE).map(|piece| std::str::from_utf8(piece).expect("ASCII"));
    let chunks: Vec<String> = pieces.map(|piece| format!("{:x}\r\n{piece}\r\n", piece.len())).collect();
    format!("{head}\r\ntransfer-encoding: chunked\r\n\r\n{}0\r\n\r\n", chunks.concat())
}

/// An error as Clerk writes it.
pub fn refusal(status: &str, code: &str) -> String {
    let body =
        format!(r#"{{"errors":[{{"message":"no","long_message":"no","code":"{code}"}}],"clerk_trace_id":"0123abcd"}}"#);
    http(status, "", &body)
}

fn answer(tenant: &Tenant, request: &str) -> String {
    let line = request.lines().next().expect("a line");
    let Some(target) = line.strip_prefix("GET /v1/").and_then(|rest| rest.strip_suffix(" HTTP/1.1")) else {
        return refusal("405 Method Not Allowed", "only_get_is_expected");
    };
    if !request.to_lowercase().contains(&format!("authorization: bearer {KEY}")) {
        return refusal("401 Unauthorized", "authentication_invalid");
    }
    if !request.to_lowercase().contains("clerk-api-version: 2026-05-12") {
        return refusal("400 Bad Request", "another_version_is_expected");
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let query: BTreeMap<&str, String> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name, value.replace("%2B", "+")))
        .collect();
    if let Some(code) = tenant.not_offered.get(path) {
        return refusal("403 Forbidden", code);
    }
    let empty = Vec::new();
    match path {
        "instance" => http(
            "200 OK",
            "",
            r#"{"object":"instance","id":"ins_1","environment_type":"development","allowed_origins":null}"#,
        ),
        "instance/organization_settings" | "instance/oauth_application_settings" => {
            http("200 OK", "", &format!(r#"{{"object":"{path}","enabled":true}}"#))
        }
        "users/count" => {
            http("200 OK", "", &format!(r#"{{"object":"total_count","total_count":{}}}"#, tenant.users.len()))
        }
        "users" => match page(&tenant.users, &query) {
            Some(page) => http("200 OK", "", &format!("[{}]", page.join(","))),
            None => refusal("404 Not Found", "resource_not_found"),
        },
        _ => {
            let items = tenant.lists.get(path).unwrap_or(&empty);
            let page = page(items, &query).unwrap_or_default();
            http("200 OK", "", &format!(r#"{{"data":[{}],"total_count":{}}}"#, page.join(","), items.len()))
        }
    }
}

fn page(items: &[Item], query: &BTreeMap<&str, String>) -> Option<Vec<String>> {
    let mut ordered: Vec<&Item> = items.iter().collect();
    match query.get("order_by").map(String::as_str) {
        Some("-updated_at") => ordered.sort_by_key(|item| std::cmp::Reverse(item.updated_at)),
        Some("+created_at") => {}
        _ => ordered.reverse(),
    }
    let number = |name: &str, default: usize| query.get(name).map_or(default, |text| text.parse().expect("a number"));
    let from = match query.get("starting_after") {
        Some(id) => ordered.iter().position(|item| item.id == *id)? + 1,
        None => number("offset", 0),
    };
    Some(ordered.into_iter().skip(from).take(number("limit", 10)).map(|item| item.text.clone()).collect())
}
