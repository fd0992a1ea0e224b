//! What the senders report, on its way to the committer.
//!
//! Answers come several at a time, and each leads to three events: how a request ended, what became of its users, and what is
//! sent next. Were each handed on by itself, the committer would wake for the first one, make it durable alone, and have the
//! others wait for that. So they are handed on once all senders that can go on have gone on: with one user a request, too,
//! many requests are made durable together.

use tokio::sync::mpsc;

use crate::outcomes::event::{Event, send_event};

/// The most events that wait here. Senders wait for room, and they wait until what they plan is durable.
const MOST: usize = 1024;

/// What the senders report, on its way to the committer.
pub(super) struct Outbox {
    from_senders: mpsc::Receiver<Event>,
    events: mpsc::Sender<Event>,
}

impl Outbox {
    /// One that hands on to the committer, and where the senders report.
    pub(super) fn before(events: mpsc::Sender<Event>) -> (mpsc::Sender<Event>, Self) {
        let (sender, from_senders) = mpsc::channel(MOST);
        (sender, Self { from_senders, events })
    }

    /// Hands on what is reported, until nobody can report any more. It has to be polled by the task of the senders, behind them.
    pub(super) async fn run(mut self) {
        let mut group = Vec::with_capacity(MOST);
        while self.from_senders.recv_many(&mut group, MOST).await > 0 {
            for event in group.drain(..) {
                send_event(&self.events, event).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn what_all_senders_report_in_one_go_is_handed_on_together_and_in_order() {
        let (events, mut inbox) = mpsc::channel(16);
        let (to_outbox, outbox) = Outbox::before(events);
        let arrived = Cell::new(0);
        let senders = async {
            for again in [false, true, false] {
                send_event(&to_outbox, Event::Requested { again, throttled: false }).await;
                assert_eq!(arrived.get(), 0, "handed on while a sender could go on");
            }
            // Now they wait for the committer.
            tokio::task::yield_now().await;
            drop(to_outbox);
        };
        let committer = async {
            let mut came = Vec::new();
            while let Some(Event::Requested { again, .. }) = inbox.recv().await {
                came.push(again);
                arrived.set(came.len());
            }
            came
        };
        let ((), (), came) = futures::join!(senders, outbox.run(), committer);
        assert_eq!(came, [false, true, false]);
    }
}
