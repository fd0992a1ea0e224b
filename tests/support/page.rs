//! Console blocks of Markdown pages, run as a person would: each block with `run` behind its language, command by command.
//!
//! The output must be what the page shows. `…` on a line of its own stands for any lines, and within a line for any text.
//! Times, ports, hashes and ids need not be the same ([`normal`]). A command that names the id of a run on the page gets the
//! id that was printed in its place. Blocks with `file:NAME` are written to files.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::support::free_port::free_port;
use crate::support::{AVNOLOGY, Scratch};

/// The address that pages show. Tests use a free one.
const SHOWN_ADDRESS: &str = "127.0.0.1:4455";

/// For the shell: programs that are missing, or that a test must not build.
const FUNCTIONS: &str = r#"cargo() { test "$1" = run && while test "$1" != --; do shift; done && shift && avnology "$@"; }; curl() { printf '%s\n' "$@"; };"#;

/// One page, with the directory in which its commands run.
pub(crate) struct Page<'a> {
    name: &'a str,
    scratch: Scratch,
    address: String,
    /// The ids of runs that the page shows, and the ids in this run of the test.
    runs: BTreeMap<String, String>,
    code: i32,
    served: Vec<Child>,
}

impl Drop for Page<'_> {
    fn drop(&mut self) {
        for process in &mut self.served {
            drop(process.kill());
            process.wait().expect("it ends");
        }
    }
}

impl<'a> Page<'a> {
    pub(crate) fn new(name: &'a str) -> Self {
        let scratch = Scratch::new();
        let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");
        std::fs::create_dir(scratch.path("fixtures")).expect("a directory");
        for file in ["clerk_users.json", "clerk_users.csv"] {
            let path = scratch.path("fixtures").join(file);
            std::fs::copy(format!("{fixtures}/{file}"), path).expect("a fixture");
        }
        std::fs::create_dir(scratch.path("fixtures/tenant")).expect("a directory");
        for file in std::fs::read_dir(format!("{fixtures}/tenant")).expect("the tenant") {
            let file = file.expect("a file");
            let copy = scratch.path("fixtures/tenant").join(file.file_name());
            std::fs::copy(file.path(), copy).expect("a fixture");
        }
        let address = format!("127.0.0.1:{}", free_port());
        Self { name, scratch, address, runs: BTreeMap::new(), code: 0, served: Vec::new() }
    }

    /// Runs all blocks of the page that can run. Returns the number of commands.
    pub(crate) fn run(&mut self, text: &str) -> usize {
        let mut lines = text.lines();
        let mut commands = 0;
        while let Some(line) = lines.next() {
            let Some(language) = line.strip_prefix("```") else { continue };
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            if let Some((_, file)) = language.split_once("file:") {
                self.scratch.write(file, block.join("\n") + "\n");
            } else if language == "console run" {
                commands += self.block(&block);
            }
        }
        commands
    }

    fn block(&mut self, block: &[&str]) -> usize {
        let Some(first) = block.first().filter(|line| line.starts_with("$ ")) else {
            // A command to copy, without its output.
            let (printed, code) = self.execute(&block.join("\n"), 0);
            assert!(matches!(code, 0 | 3), "{}: {block:?}: {printed}", self.name);
            return 1;
        };
        let mut steps: Vec<(String, Vec<&str>)> = vec![((*first).to_owned(), Vec::new())];
        for line in &block[1..] {
            if line.starts_with("$ ") {
                steps.push(((*line).to_owned(), Vec::new()));
            } else if let Some((command, printed)) = steps.last_mut() {
                if command.ends_with('\\') {
                    *command += "\n";
                    *command += line;
                } else {
                    printed.push(line);
                }
            }
        }
        for (command, shown) in &steps {
            let (printed, code) = self.execute(&command[2..], shown.len());
            self.code = code;
            self.compare(command, shown, &printed);
        }
        steps.len()
    }

    /// Runs one command. If it ends in `&`, waits until it has printed as many lines as the page shows.
    fn execute(&mut self, command: &str, shown: usize) -> (String, i32) {
        let mut command = command.replace(SHOWN_ADDRESS, &self.address);
        for (page, real) in &self.runs {
            command = command.replace(page, real);
        }
        let last = self.served.last().map(Child::id).unwrap_or_default();
        command = command.replace("$!", &last.to_string());
        if let Some(server) = command.strip_suffix(" &") {
            let server = server.replace("avnology sandbox", &format!("avnology sandbox --listen {}", self.address));
            let mut process = self.shell(&format!("exec {server}"));
            let mut process = process.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
            let lines = BufReader::new(process.stdout.take().expect("its output")).lines().take(shown);
            let printed: Vec<String> = lines.map(|line| line.expect("a readable line")).collect();
            self.served.push(process);
            return (printed.join("\n"), 0);
        }
        let script = format!("{FUNCTIONS} exec 2>&1\n(exit {})\n{command}", self.code);
        let output = self.shell(&script).output().expect("a shell");
        let printed = String::from_utf8(output.stdout).expect("UTF-8");
        if command.starts_with("curl ") {
            return (post(&printed), 0);
        }
        (printed, output.status.code().unwrap_or(-1))
    }

    /// A shell with the environment of the other tests' commands, and the built binary in its path.
    fn shell(&self, script: &str) -> Command {
        let like = self.scratch.avnology(&[]);
        let directory = std::path::Path::new(AVNOLOGY).parent().expect("its directory").display().to_string();
        let mut command = Command::new("sh");
        command.args(["-c", script]).current_dir(self.scratch.path("")).stdin(Stdio::null());
        for (name, value) in like.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let path = std::env::vars_os().find(|(name, _)| name == "PATH").map(|(_, path)| path).unwrap_or_default();
        command.env("PATH", format!("{directory}:{}", path.to_string_lossy()));
        command
    }

    #[track_caller]
    fn compare(&mut self, command: &str, shown: &[&str], printed: &str) {
        for (page, real) in shown.iter().flat_map(|line| run_ids(line)).zip(run_ids(printed)) {
            self.runs.entry(page.to_owned()).or_insert_with(|| real.to_owned());
        }
        let expected: Vec<String> = shown.iter().map(|line| normal(line)).collect();
        let actual: Vec<String> = printed.trim_end().lines().map(normal).collect();
        let shown = shown.join("\n");
        assert!(are_alike(&expected, &actual), "{}: {command}\nshown:\n{shown}\nprinted:\n{printed}", self.name);
    }
}

/// Sends what the arguments of `curl -s URL -d BODY`, one a line, ask for.
fn post(arguments: &str) -> String {
    let arguments: Vec<&str> = arguments.lines().collect();
    let ["-s", url, "-d", body] = arguments[..] else { panic!("{arguments:?}") };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        // As curl does it with `-d`.
        let request = client.post(url).header("content-type", "application/x-www-form-urlencoded");
        let response = request.body(body.to_owned()).send().await.expect("an answer");
        response.text().await.expect("a body")
    })
}

/// The ids of runs in a text: `20261123T141835Z-20e5a1b7`.
fn run_ids(text: &str) -> Vec<&str> {
    let is_id = |word: &&str| word.len() > 16 && word.as_bytes()[8] == b'T' && word.as_bytes()[15] == b'Z';
    text.split(|character: char| !character.is_ascii_alphanumeric() && character != '-').filter(is_id).collect()
}

/// The line with `#` for what differs from run to run: hashes, ids, ports, times, seconds.
fn normal(line: &str) -> String {
    let is_of_id = |character: char| character.is_ascii_hexdigit() || "TZ.:-".contains(character);
    let mut text = String::new();
    let mut rest = line.trim_end();
    while let Some(start) = rest.find(is_of_id) {
        let (before, from) = rest.split_at(start);
        let (id, behind) = from.split_at(from.find(|character| !is_of_id(character)).unwrap_or(from.len()));
        let digits = id.chars().filter(char::is_ascii_digit).count();
        text.push_str(before);
        text.push_str(if id.len() >= 8 && digits >= 4 { "#" } else { id });
        rest = behind;
    }
    text.push_str(rest);
    let words: Vec<&str> = text.split(' ').collect();
    let is_seconds = |index: usize| words[index].parse::<f64>().is_ok() && words.get(index + 1) == Some(&"s");
    let words: Vec<&str> = (0..words.len()).map(|index| if is_seconds(index) { "#" } else { words[index] }).collect();
    let text = words.join(" ");
    // A speed is shown only if the job takes longer.
    match text.split_once("B, ").and_then(|(before, behind)| Some((before, behind.split_once("B/s)")?.1))) {
        Some((before, behind)) => format!("{before}B){behind}"),
        None => text,
    }
}

fn are_alike(expected: &[String], actual: &[String]) -> bool {
    match expected {
        [] => actual.is_empty(),
        [any, rest @ ..] if any == "…" => (0..=actual.len()).any(|skipped| are_alike(rest, &actual[skipped..])),
        [line, rest @ ..] => {
            actual.split_first().is_some_and(|(first, behind)| is_alike(line, first) && are_alike(rest, behind))
        }
    }
}

/// Whether the parts around each `…` are there, in this order, from the beginning of the line to its end.
fn is_alike(expected: &str, actual: &str) -> bool {
    let Some((first, rest)) = expected.split_once('…') else { return expected == actual };
    let Some(behind) = actual.strip_prefix(first) else { return false };
    behind.char_indices().map(|(at, _)| at).chain([behind.len()]).any(|at| is_alike(rest, &behind[at..]))
}
