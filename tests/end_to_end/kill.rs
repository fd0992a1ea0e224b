//! Kill -9 at random moments of the importer, of its target, or of both, and the same command again until it finishes. After
//! any kill, every record ends in exactly one place, and none is at the target twice.
//!
//! CI runs a few dozen kills. `AVNOLOGY__KILLS=1000 cargo test --release --test end_to_end kill -- --nocapture` runs a thousand.

use crate::support;

use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use support::{Run, Sandbox, Scratch, assert_all_in_one_place, mixed_export};

const USERS: usize = 1_200;

/// Answers get lost after the commit, too, and single items fail for a while.
const FAULTS: [&str; 6] =
    ["--fault", "latency=2ms..15ms", "--fault", "reset-after=0.03", "--fault", "item-error=0.002"];

/// How many kills: `AVNOLOGY__KILLS`, or as many as CI has time for.
pub(crate) fn wanted_kills() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "a knob of this test alone")]
    std::env::var("AVNOLOGY__KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(48)
}

/// What was killed.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    program_kills: u64,
    target_kills: u64,
    pub(crate) runs: u64,
}

impl Tally {
    pub(crate) fn kills(&self) -> u64 {
        self.program_kills + self.target_kills
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.program_kills += other.program_kills;
        self.target_kills += other.target_kills;
        self.runs += other.runs;
    }

    /// Kills the program, its target or both at random moments, `most` times at most. What the program printed, if it came to an
    /// end of its own.
    pub(crate) fn kill(
        &mut self,
        dice: &mut fastrand::Rng,
        most: u64,
        mut program: Child,
        mut restart_target: impl FnMut(),
    ) -> Option<Output> {
        self.runs += 1;
        while self.kills() < most {
            std::thread::sleep(Duration::from_millis(dice.u64(5..160)));
            if program.try_wait().expect("its state").is_some() {
                break;
            }
            let (kill_program, kill_target) =
                [(true, false), (true, false), (false, true), (true, true)][dice.usize(..4)];
            if kill_program {
                program.kill().expect("it can be killed");
                self.program_kills += 1;
            }
            if kill_target {
                restart_target();
                self.target_kills += 1;
            }
            if kill_program {
                break;
            }
        }
        let output = program.wait_with_output().expect("it ends");
        output.status.code().is_some().then_some(output)
    }
}

/// Starts a program of which the output is kept.
pub(crate) fn spawn(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts")
}

/// Imports one export with kills in between, at most `kills` of them, and checks the end.
fn round(dice: &mut fastrand::Rng, kills: u64, flags: &[&str]) -> Tally {
    let scratch = Scratch::new();
    let faults: Vec<&str> = FAULTS.iter().chain(flags).copied().collect();
    let mut sandbox = Sandbox::start(&scratch, &faults);
    let (text, good) = mixed_export(USERS);
    // Larger, so that the export has several chunks and reading resumes in its middle.
    let padding = format!("\"private_metadata\":{{\"padding\":\"{}\"}},\"first_name\"", "x".repeat(900));
    let text = text.replace("\"first_name\"", &padding);
    let file = scratch.write("users.json", text);
    let mut tally = Tally::default();
    let run = loop {
        // Each time there are other batches: only the journal knows which ones were in flight.
        let batch_size = dice.usize(7..14).to_string();
        let more = ["--batch-size", &batch_size, "--concurrency", "3", "--rate", "1000/s", "--max-wait", "60"];
        let importer = spawn(&mut scratch.import_command(&sandbox, &file, &more));
        if let Some(output) = tally.kill(dice, kills, importer, || sandbox.restart(&scratch, &faults)) {
            break Run::of(output);
        }
    };
    let run = run.expect_code(3);
    assert_all_in_one_place(&scratch, &sandbox, &run, USERS, &good);
    assert_eq!(run.count("created"), good.len() as u64, "a lost answer is given again, never guessed: {}", run.stdout);
    let id = run.report()["run"].as_str().expect("a run").to_owned();
    let listed = scratch.run(&["migrate", "clerk", "runs", "ids", &id]).expect_code(0);
    let mut listed: Vec<&str> = listed.stdout.lines().skip(1).filter_map(|line| line.rsplit(',').next()).collect();
    listed.sort_unstable();
    assert_eq!(listed, sandbox.column("id"), "the ids of all, each once");
    tally
}

#[expect(clippy::print_stdout, reason = "figures for a person who runs it by hand")]
fn harness(seed: u64, wanted: u64, flags: &[&str]) {
    let mut dice = fastrand::Rng::with_seed(seed);
    let (mut total, mut rounds) = (Tally::default(), 0);
    while total.kills() < wanted {
        let tally = round(&mut dice, 12.min(wanted - total.kills()), flags);
        total.add(&tally);
        rounds += 1;
    }
    println!("{rounds} imports of {USERS} records, {total:?}: none lost, none doubled");
}

#[test]
fn nothing_is_lost_or_doubled_by_kills() {
    harness(1, wanted_kills(), &[]);
}

#[test]
fn nothing_is_lost_or_doubled_by_kills_without_batch_methods() {
    harness(2, wanted_kills() / 6, &["--no-batch"]);
}
