//! Signals as a stream: the first asks the run to end, the second cancels the requests in flight, the third ends the
//! process.

use std::fmt;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

/// A signal that asks the run to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT, as from Ctrl-C.
    Interrupt,
    /// SIGTERM, as from a service manager or a scheduler.
    Terminate,
    /// The time that the job may take is over (`--max-duration`). The program sends it to itself, and once.
    TimeUp,
}

impl fmt::Display for Signal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
            Self::TimeUp => "the end of --max-duration",
        })
    }
}

/// The signals that arrive from now on.
#[derive(Debug)]
pub struct Signals(mpsc::Receiver<Signal>);

impl Signals {
    /// Listens to SIGINT and SIGTERM, and to the end of the time that the job may take. `on_third` is called, on the listening
    /// task, when a third one arrives.
    pub fn listen(max_duration: Option<Duration>, on_third: impl Fn(Signal) + Send + 'static) -> std::io::Result<Self> {
        let mut source = Source::new()?;
        let (sender, receiver) = mpsc::channel(2);
        // A time that no clock reaches is as good as none.
        let mut time_up = max_duration.and_then(|duration| Instant::now().checked_add(duration));
        tokio::spawn(async move {
            for count in 1.. {
                let signal = tokio::select! {
                    signal = source.next() => signal,
                    () = sleep_until(time_up.unwrap_or_else(Instant::now)), if time_up.is_some() => {
                        time_up = None;
                        Signal::TimeUp
                    }
                };
                if count > 2 {
                    on_third(signal);
                } else if sender.send(signal).await.is_err() {
                    tracing::debug!("a signal arrived after the run ended");
                }
            }
        });
        Ok(Self(receiver))
    }

    /// A stream without any signal, for tests and embedding.
    pub fn none() -> Self {
        Self(mpsc::channel(1).1)
    }

    /// Does some work, unless a signal comes first: then the work is dropped.
    pub async fn unless_one_comes<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Signal> {
        tokio::select! {
            biased;
            signal = self.next() => Err(signal),
            done = work => Ok(done),
        }
    }

    /// Waits for the next signal. If none can come any more, it never returns.
    pub async fn next(&mut self) -> Signal {
        match self.0.recv().await {
            Some(signal) => signal,
            None => std::future::pending().await,
        }
    }
}

#[cfg(unix)]
struct Source {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Source {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
        }
    }
}

#[cfg(not(unix))]
struct Source;

#[cfg(not(unix))]
impl Source {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> Signal {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Signal::Interrupt,
            Err(_) => std::future::pending().await,
        }
    }
}
