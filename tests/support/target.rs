//! Targets that are not the sandbox, or that change what it answers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use super::{Run, Scratch};

/// A target of a few lines, for what the sandbox would never do: it answers each request as the test says.
pub fn scripted_target(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            std::thread::spawn(move || serve(stream, &*answer));
        }
    });
    url
}

/// Reads requests from a connection until it closes.
fn serve(mut stream: TcpStream, answer: &dyn Fn(&str) -> String) {
    let mut reader = BufReader::new(stream.try_clone().expect("the other half"));
    while let Some((head, body)) = read_request(&mut reader) {
        let is_last = head.contains("connection: close\r\n");
        let request = head + &String::from_utf8(body).expect("UTF-8");
        if stream.write_all(answer(&request).as_bytes()).is_err() || is_last {
            return;
        }
    }
}

/// The head of a request, without the empty line, and its body.
pub fn read_request(reader: &mut impl BufRead) -> Option<(String, Vec<u8>)> {
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return None;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
        if line == "\r\n" {
            break;
        }
        head += &line;
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((head, body))
}

pub fn http(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
}

/// Answers the preflight and creates every item of a batch, apart from what `special` answers itself.
pub fn obliging(request: &str, special: impl Fn(&str) -> Option<String>) -> String {
    if request.starts_with("GET") {
        return http("200 OK", "", r#"{"identities":[]}"#);
    }
    if request.contains("validate_only\":true") {
        return http("200 OK", "", r#"{"results":[{"status":"created"}]}"#);
    }
    special(request).unwrap_or_else(|| {
        let results = vec![r#"{"status":"created"}"#; request.matches(r#"{"identity":{"#).count()];
        http("200 OK", "", &format!("{{\"results\":[{}]}}", results.join(",")))
    })
}

pub fn import_into(scratch: &Scratch, url: &str, file: &str, more: &[&str]) -> Run {
    let fixed = ["migrate", "clerk", "--import", file, "--output", "json", "--progress", "none", "--base-url", url];
    let arguments: Vec<&str> = fixed.into_iter().chain(more.iter().copied()).collect();
    let mut command = scratch.avnology(&arguments);
    command.env("AVNOLOGY_SECRET_KEY", "sk_test_scripted");
    Run::of(command.output().expect("the binary runs"))
}

/// What happens to a request on its way to the target and back.
pub enum Way {
    /// It arrives, and so does the answer.
    Through,
    /// It arrives with another head, as a gateway may change it.
    As(String),
    /// It does not arrive, and this is the answer. `None` closes the connection.
    Instead(String),
    /// It arrives, and the answer becomes this. `None` closes the connection.
    Afterwards(Box<dyn FnOnce(String) -> String>),
    /// The answer never comes.
    Silence {
        /// Whether the request arrives.
        committed: bool,
    },
}

/// A proxy before a target, which decides about each request by its head and body.
pub fn proxy(target: &str, decide: impl Fn(&str, &[u8]) -> Way + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    let (target, decide) = (target.trim_start_matches("http://").to_owned(), Arc::new(decide));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (target, decide) = (target.clone(), Arc::clone(&decide));
            std::thread::spawn(move || pass(stream, &target, &*decide));
        }
    });
    url
}

fn pass(mut stream: TcpStream, target: &str, decide: &dyn Fn(&str, &[u8]) -> Way) {
    let mut reader = BufReader::new(stream.try_clone().expect("the other half"));
    while let Some((head, body)) = read_request(&mut reader) {
        let forward = |head: &str| {
            let mut there = TcpStream::connect(target).expect("the target");
            let head = format!("{head}connection: close\r\n\r\n");
            there.write_all(&[head.as_bytes(), &body].concat()).expect("it takes the request");
            let mut answer = String::new();
            there.read_to_string(&mut answer).expect("it answers");
            answer
        };
        let answer = match decide(&head, &body) {
            Way::Through => forward(&head),
            Way::As(head) => forward(&head),
            Way::Instead(answer) => answer,
            Way::Afterwards(spoil) => spoil(forward(&head)),
            Way::Silence { committed } => {
                if committed {
                    forward(&head);
                }
                std::thread::sleep(std::time::Duration::from_secs(3));
                String::new()
            }
        };
        if stream.write_all(answer.as_bytes()).is_err() || answer.is_empty() || answer.contains("connection: close") {
            return;
        }
    }
}
