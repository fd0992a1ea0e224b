//! The pace against targets of all kinds, on a paused clock: what `fixtures/scenarios` describes, minutes in milliseconds.
//! With `--nocapture` it prints a table of what was measured; `AVNOLOGY__SCENARIO` names the only scenario to run, and
//! `AVNOLOGY__SEED` sets the seed.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "simulated seconds and counts are small"
)]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt::Write;
use std::num::NonZeroU32;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use avnology_migrate::pace::{
    ConcurrencyRules, PaceGate, PaceRules, PaceSignal, Quota, RateRules, RequestResult, Timer,
};
use serde::Deserialize;
use tokio::task::LocalSet;
use tokio::time::{Instant, advance, sleep};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    about: String,
    server: Server,
    #[serde(default)]
    machine: Machine,
    run: Run,
    expect: Expect,
}

/// The machine that keeps the pace.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Machine {
    /// How often other processes use the processor, and for how long, least and most: all timers in between are late.
    busy: Option<Busy>,
    /// How long it takes to make a request durable after its turn came, least and most.
    #[serde(default)]
    durable_ms: [u64; 2],
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Busy {
    every_ms: u64,
    for_ms: [u64; 2],
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Server {
    limit: Limit,
    /// Requests a second; none without a limit.
    #[serde(default)]
    rate: f64,
    #[serde(default)]
    says: Says,
    latency_ms: f64,
    /// How long a request travels to it, least and most.
    #[serde(default)]
    way_ms: [u64; 2],
    /// More requests at once than this take longer in proportion.
    knee: Option<f64>,
    /// It makes requests durable, which takes this long, and meanwhile those that come wait for the next time, all together.
    together_ms: Option<f64>,
    #[serde(default)]
    changes: Vec<Change>,
    ramp: Option<Ramp>,
    outage: Option<Outage>,
}

#[derive(Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Limit {
    None,
    FixedWindow { window_s: f64 },
    SlidingWindow { window_s: f64 },
    TokenBucket { burst: f64 },
    LeakyBucket { queue: f64 },
}

#[derive(Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Says {
    #[default]
    Nothing,
    RetryAfter,
    XRateLimit,
    Standard,
}

#[derive(Clone, Deserialize)]
struct Change {
    at_s: f64,
    rate: f64,
}

#[derive(Clone, Deserialize)]
struct Ramp {
    from_s: f64,
    to_s: f64,
    rate: f64,
}

#[derive(Clone, Deserialize)]
struct Outage {
    at_s: f64,
    for_s: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    minutes: u64,
    /// The value of `--rate`.
    #[serde(default = "auto")]
    rate: String,
    settled_after_s: f64,
}

fn auto() -> String {
    "auto".to_owned()
}

/// Ranges, least and most.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    /// The share of the quota that was used after settling.
    quota_use: [f64; 2],
    /// The share of the requests that was refused after settling.
    refused: [f64; 2],
    /// The mean concurrency after settling.
    concurrency: Option<[f64; 2]>,
    /// From when on each half minute uses 95 % of its quota, or what is expected if that is less.
    settles_within_s: f64,
    /// The longest time that any sender waited for its turn.
    longest_wait_s: f64,
    failed_at_most: Option<usize>,
    /// After an outage.
    resumes_within_s: Option<f64>,
}

impl Server {
    /// The quota at a time, in requests a second.
    fn rate(&self, at: f64) -> f64 {
        let changed = self.changes.iter().rfind(|change| change.at_s <= at).map_or(self.rate, |change| change.rate);
        self.ramp.as_ref().map_or(changed, |ramp| {
            let done = ((at - ramp.from_s) / (ramp.to_s - ramp.from_s)).clamp(0.0, 1.0);
            changed + done * (ramp.rate - changed)
        })
    }

    fn is_down(&self, at: f64) -> bool {
        self.outage.as_ref().is_some_and(|outage| (outage.at_s..outage.at_s + outage.for_s).contains(&at))
    }

    /// What may be granted between two times.
    fn allowed(&self, from: f64, to: f64) -> f64 {
        let steps = ((to - from) * 10.0).round();
        let middle = |step: f64| from + (step + 0.5) * (to - from) / steps;
        (0..steps as u64).map(|step| self.rate(middle(step as f64)) * (to - from) / steps).sum()
    }
}

/// A target on the paused clock.
struct Target {
    server: Server,
    start: Instant,
    /// Tokens of a bucket, or requests in a queue, and the time of that.
    level: f64,
    level_at: f64,
    /// Requests that were granted in the window.
    window: VecDeque<f64>,
    under_way: f64,
    /// When the last requests will be durable, and whether others wait for the next time.
    durable_at: f64,
    others_wait: bool,
    granted: Vec<f64>,
    refused: Vec<f64>,
    failed: Vec<f64>,
}

impl Target {
    fn new(server: Server) -> Self {
        let level = if let Limit::TokenBucket { burst } = server.limit { burst } else { 0.0 };
        let (granted, refused, failed) = (Vec::new(), Vec::new(), Vec::new());
        let start = Instant::now();
        Self {
            server,
            start,
            level,
            level_at: 0.0,
            window: VecDeque::new(),
            under_way: 0.0,
            durable_at: 0.0,
            others_wait: false,
            granted,
            refused,
            failed,
        }
    }

    fn now(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    /// Whether a request is granted, how long it is queued, or else after which time the next one is.
    fn take(&mut self, now: f64) -> Result<f64, f64> {
        let rate = self.server.rate(now);
        let passed = now - std::mem::replace(&mut self.level_at, now);
        match self.server.limit {
            Limit::None => Ok(0.0),
            Limit::TokenBucket { burst } => {
                self.level = (self.level + passed * rate).min(burst);
                if self.level < 1.0 {
                    return Err((1.0 - self.level) / rate);
                }
                self.level -= 1.0;
                Ok(0.0)
            }
            Limit::LeakyBucket { queue } => {
                self.level = (self.level - passed * rate).max(0.0);
                if self.level + 1.0 > queue {
                    return Err((self.level + 1.0 - queue) / rate);
                }
                self.level += 1.0;
                Ok((self.level - 1.0) / rate)
            }
            Limit::FixedWindow { window_s } => {
                let begin = (now / window_s).floor() * window_s;
                self.window.retain(|at| *at >= begin);
                self.count(rate * window_s, now, begin + window_s - now)
            }
            Limit::SlidingWindow { window_s } => {
                while self.window.front().is_some_and(|at| *at <= now - window_s) {
                    self.window.pop_front();
                }
                let oldest = self.window.front().map_or(0.0, |at| at + window_s - now);
                self.count(rate * window_s, now, oldest)
            }
        }
    }

    fn count(&mut self, most: f64, now: f64, wait: f64) -> Result<f64, f64> {
        if self.window.len() as f64 + 1.0 > most + 1e-6 {
            return Err(wait);
        }
        self.window.push_back(now);
        Ok(0.0)
    }

    /// How long it takes until a request is durable.
    fn durable(&mut self, now: f64) -> f64 {
        let Some(takes) = self.server.together_ms.map(|takes| takes / 1000.0) else { return 0.0 };
        if self.others_wait && now >= self.durable_at {
            (self.durable_at, self.others_wait) = (self.durable_at + takes, false);
        }
        if now >= self.durable_at {
            self.durable_at = now + takes;
            return takes;
        }
        self.others_wait = true;
        self.durable_at + takes - now
    }

    /// What the target says beside a verdict.
    fn answer(&self, verdict: RequestResult, wait: f64) -> PaceSignal {
        let Server { says, rate, limit, .. } = &self.server;
        let seconds = Duration::from_secs(wait.ceil() as u64);
        let wait = (verdict == RequestResult::Refused && *says != Says::Nothing).then_some(seconds);
        let headers: Vec<(&str, String)> = match (says, limit) {
            (Says::XRateLimit, Limit::TokenBucket { burst }) => vec![
                ("x-ratelimit-limit", burst.to_string()),
                ("x-ratelimit-remaining", self.level.floor().to_string()),
                ("x-ratelimit-reset", ((burst - self.level) / rate).ceil().to_string()),
            ],
            (Says::Standard, Limit::FixedWindow { window_s }) => {
                let (most, used) = (rate * window_s, self.window.len() as f64);
                let left = window_s - self.now() % window_s;
                vec![
                    ("ratelimit-policy", format!("\"default\";q={most};w={window_s}")),
                    ("ratelimit", format!("\"default\";r={};t={}", most - used, left.ceil())),
                ]
            }
            _ => Vec::new(),
        };
        let get = |name: &str| headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str());
        PaceSignal { result: verdict, wait, quota: Quota::read(get, SystemTime::UNIX_EPOCH) }
    }
}

/// This many milliseconds, least and most.
async fn a_while([least, most]: [u64; 2]) {
    sleep(Duration::from_millis(fastrand::u64(least..=most))).await;
}

/// One request.
async fn request(target: &RefCell<Target>) -> PaceSignal {
    let way = target.borrow().server.way_ms;
    a_while(way).await;
    let (now, down, decision, latency) = {
        let mut target = target.borrow_mut();
        let now = target.now();
        let down = target.server.is_down(now);
        let decision = if down { Err(0.0) } else { target.take(now) };
        target.under_way += 1.0;
        let slower = target.server.knee.map_or(1.0, |knee| (target.under_way / knee).max(1.0));
        let together = target.durable(now);
        let latency = target.server.latency_ms / 1000.0 * slower * (0.95 + fastrand::f64() / 10.0);
        (now, down, decision, latency + together)
    };
    sleep(Duration::from_secs_f64(latency + decision.unwrap_or(0.0))).await;
    let mut target = target.borrow_mut();
    target.under_way -= 1.0;
    match decision {
        _ if down => target.failed.push(now),
        Ok(_) => target.granted.push(now),
        Err(_) => target.refused.push(now),
    }
    match decision {
        _ if down => PaceSignal::of(RequestResult::Failed),
        Ok(_) => target.answer(RequestResult::Granted, 0.0),
        Err(wait) => target.answer(RequestResult::Refused, wait),
    }
}

/// What was measured.
struct Measured {
    quota_use: f64,
    refused: f64,
    concurrency: f64,
    settled: f64,
    longest_wait: f64,
    failed: usize,
    resumed: Option<f64>,
}

#[expect(clippy::disallowed_methods, reason = "the harness's own switches")]
fn asked(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

async fn run(scenario: &Scenario) -> Measured {
    fastrand::seed(asked("AVNOLOGY__SEED").map_or(7, |seed| seed.parse().expect("a number")));
    let rules = PaceRules {
        rate: RateRules::new(scenario.run.rate.parse().expect("a rate"), None, None, NonZeroU32::MIN),
        concurrency: ConcurrencyRules::new(None),
        items: 500,
        bytes: 1 << 20,
        patience: Duration::from_mins(3),
        timer: Timer::Tokio,
    };
    let end = (scenario.run.minutes * 60) as f64;
    let pace = PaceGate::new(&rules);
    let target = Rc::new(RefCell::new(Target::new(scenario.server.clone())));
    let (longest, limits) = (Rc::new(RefCell::new(0.0f64)), Rc::new(RefCell::new(Vec::new())));
    let (local, durable) = (LocalSet::new(), scenario.machine.durable_ms);
    for _ in 0..rules.concurrency.most {
        let (pace, target, longest) = (pace.clone(), target.clone(), longest.clone());
        local.spawn_local(async move {
            loop {
                let _slot = pace.slot().await;
                let asked = Instant::now();
                let mut permit = pace.admit_measured().await;
                a_while(durable).await;
                permit.depart().await;
                let waited = asked.elapsed().as_secs_f64();
                longest.replace_with(|longest| longest.max(waited));
                let answer = request(&target).await;
                permit.finish(&answer);
            }
        });
    }
    if let Some(Busy { every_ms, for_ms }) = scenario.machine.busy.clone() {
        local.spawn_local(async move {
            loop {
                a_while([1, 2 * every_ms]).await;
                advance(Duration::from_millis(fastrand::u64(for_ms[0]..=for_ms[1]))).await;
            }
        });
    }
    let (seen, watched) = (limits.clone(), pace.clone());
    local.spawn_local(async move {
        loop {
            sleep(Duration::from_secs(1)).await;
            seen.borrow_mut().push(watched.figures().concurrency as f64);
        }
    });
    local.run_until(sleep(Duration::from_secs_f64(end))).await;
    drop(local);
    let (target, limits) = (target.borrow(), limits.borrow());
    let longest_wait = *longest.borrow();
    measure(scenario, &target, &limits, longest_wait, end)
}

fn measure(scenario: &Scenario, target: &Target, limits: &[f64], longest_wait: f64, end: f64) -> Measured {
    let from = scenario.run.settled_after_s;
    let between = |times: &[f64], from: f64, to: f64| times.iter().filter(|at| (from..to).contains(*at)).count() as f64;
    let server = &scenario.server;
    // Without a quota, the knee bounds the throughput. Who is answered together with others waits for two such times.
    let allowed = |from: f64, to: f64| match server.limit {
        Limit::None => {
            let longest = server.latency_ms + 2.0 * server.together_ms.unwrap_or_default();
            server.knee.unwrap_or(1.0) / (longest / 1000.0) * (to - from)
        }
        _ => server.allowed(from, to) - server.allowed_in_outage(from, to),
    };
    let (granted, refused) = (between(&target.granted, from, end), between(&target.refused, from, end));
    let span = if (0.1..1.0).contains(&server.rate) { 600.0 } else { 30.0 };
    let enough = scenario.expect.quota_use[0].min(0.95);
    let settled = (0..(end - span) as u64)
        .map(|second| second as f64)
        .find(|second| between(&target.granted, *second, second + span) >= enough * allowed(*second, second + span));
    let resumed = server.outage.as_ref().map(|outage| {
        let over = outage.at_s + outage.for_s;
        target.granted.iter().copied().find(|at| *at > over).unwrap_or(end) - over
    });
    let steady = &limits[(from as usize).min(limits.len())..];
    Measured {
        quota_use: granted / allowed(from, end),
        refused: refused / (granted + refused).max(1.0),
        concurrency: steady.iter().sum::<f64>() / steady.len().max(1) as f64,
        settled: settled.unwrap_or(end),
        longest_wait,
        failed: target.failed.len(),
        resumed,
    }
}

impl Server {
    fn allowed_in_outage(&self, from: f64, to: f64) -> f64 {
        self.outage.as_ref().map_or(0.0, |outage| {
            let (begin, over) = (outage.at_s.max(from), (outage.at_s + outage.for_s).min(to));
            if begin < over { self.allowed(begin, over) } else { 0.0 }
        })
    }
}

/// What is not as expected.
fn faults(expect: &Expect, measured: &Measured) -> Vec<String> {
    let mut faults = Vec::new();
    let mut check = |what: &str, value: f64, [least, most]: [f64; 2]| {
        if !(least..=most).contains(&value) {
            faults.push(format!("{what} is {value:.4}, not from {least} to {most}"));
        }
    };
    check("use of the quota", measured.quota_use, expect.quota_use);
    check("refused share", measured.refused, expect.refused);
    check("time to settle", measured.settled, [0.0, expect.settles_within_s]);
    check("longest wait", measured.longest_wait, [0.0, expect.longest_wait_s]);
    if let Some(range) = expect.concurrency {
        check("concurrency", measured.concurrency, range);
    }
    if let Some(most) = expect.failed_at_most {
        check("failed requests", measured.failed as f64, [0.0, most as f64]);
    }
    if let (Some(most), Some(resumed)) = (expect.resumes_within_s, measured.resumed) {
        check("time to resume", resumed, [0.0, most]);
    }
    faults
}

#[tokio::test(start_paused = true)]
async fn the_pace_finds_every_quota_and_stays_just_below_it() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scenarios");
    let mut paths: Vec<_> =
        std::fs::read_dir(directory).expect("scenarios").map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 10, "{paths:?}");
    let mut table = format!(
        "{:<24}{:>8}{:>10}{:>10}{:>14}{:>10}{:>8}\n",
        "scenario", "use", "refused", "settled", "longest wait", "at once", "failed"
    );
    let mut all_faults = Vec::new();
    for path in paths {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        if asked("AVNOLOGY__SCENARIO").is_some_and(|only| only != name) {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a scenario");
        let scenario: Scenario = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!scenario.about.is_empty());
        let measured = run(&scenario).await;
        writeln!(
            table,
            "{name:<24}{:>7.1}%{:>9.2}%{:>8.0} s{:>12.1} s{:>10.1}{:>8}",
            measured.quota_use * 100.0,
            measured.refused * 100.0,
            measured.settled,
            measured.longest_wait,
            measured.concurrency,
            measured.failed,
        )
        .unwrap();
        all_faults.extend(faults(&scenario.expect, &measured).into_iter().map(|fault| format!("{name}: {fault}")));
    }
    println!("{table}");
    assert!(all_faults.is_empty(), "{table}\n{}", all_faults.join("\n"));
}
