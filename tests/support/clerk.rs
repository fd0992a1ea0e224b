//! The stand-in for Clerk's Backend API as a process of its own.

use std::net::SocketAddr;
use std::process::Child;

use reqwest::Method;
use serde_json::Value;

use super::{Run, Scratch, start_server};

/// The key of a stand-in, unless a test gives another one.
pub const CLERK_KEY: &str = "sk_test_stand_in";

/// `avnology sandbox --clerk EXPORT` as a process of its own. Killed, by its id, when dropped.
pub struct ClerkSandbox {
    pub process: Child,
    address: SocketAddr,
    pub key: String,
    http: reqwest::Client,
    runtime: tokio::runtime::Runtime,
}

/// An answer, read to its end.
pub struct ClerkAnswer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: String,
}

impl ClerkSandbox {
    /// Starts one on a free port, over the database `clerk.db` of the scratch directory, without a rate limit unless `more`
    /// sets one.
    pub fn start(scratch: &Scratch, export: &str, more: &[&str]) -> Self {
        Self::start_at(scratch, "127.0.0.1:0", export, more)
    }

    /// Ends this one abruptly and starts another one in its place: the same address, the same database.
    pub fn replace(self, scratch: &Scratch, export: &str, more: &[&str]) -> Self {
        let address = self.address.to_string();
        drop(self);
        Self::start_at(scratch, &address, export, more)
    }

    fn start_at(scratch: &Scratch, address: &str, export: &str, more: &[&str]) -> Self {
        let mut arguments = vec!["sandbox", "--clerk", export, "--listen", address, "--db", "clerk.db"];
        if !more.contains(&"--api-key") {
            arguments.extend(["--api-key", CLERK_KEY]);
        }
        if !more.contains(&"--rate") {
            arguments.extend(["--rate", "off"]);
        }
        arguments.extend(more);
        let (process, [address, key]) =
            start_server(scratch, &arguments, ["CLERK_API_URL=http://", "CLERK_SECRET_KEY="]);
        // The runtime stands still between calls, so a kept connection would not learn that the other side has closed it.
        let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().expect("a client");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { process, address: address.parse().expect("an address"), key, http, runtime }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// `migrate clerk export --out DIR` and more.
    pub fn export(&self, scratch: &Scratch, out: &str, more: &[&str]) -> Run {
        let url = self.url();
        let fixed = ["migrate", "clerk", "export", "--out", out, "--clerk-url", &url, "--clerk-rate", "5000/s"];
        let arguments: Vec<&str> = fixed.into_iter().chain(more.iter().copied()).collect();
        let mut command = scratch.avnology(&arguments);
        Run::of(command.env("CLERK_SECRET_KEY", &self.key).output().expect("the binary runs"))
    }

    /// The answer to a call; a path begins with `/v1/` or `/sandbox/`.
    pub fn call(&self, method: Method, path: &str, body: Option<&str>) -> ClerkAnswer {
        self.call_with(&format!("Bearer {}", self.key), method, path, body)
    }

    pub fn call_with(&self, authorization: &str, method: Method, path: &str, body: Option<&str>) -> ClerkAnswer {
        self.runtime.block_on(async {
            let mut request = self.http.request(method, format!("{}{path}", self.url()));
            if !authorization.is_empty() {
                request = request.header("authorization", authorization);
            }
            if let Some(body) = body {
                request = request.header("content-type", "application/json").body(body.to_owned());
            }
            let response = request.send().await.expect("an answer");
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            ClerkAnswer { status, headers, body: response.text().await.expect("a body") }
        })
    }

    /// What a `GET` answers; it has to be 200.
    #[track_caller]
    pub fn get(&self, path: &str) -> Value {
        self.call(Method::GET, path, None).expect(200)
    }
}

impl ClerkAnswer {
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

impl Drop for ClerkSandbox {
    fn drop(&mut self) {
        self.process.kill().expect("the stand-in can be ended");
        self.process.wait().expect("the stand-in ends");
    }
}
