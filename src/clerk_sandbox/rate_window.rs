//! The limit of the Backend API: a number of requests in any ten seconds.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// The time over which requests are counted.
const WINDOW: Duration = Duration::from_secs(10);

/// The requests of the last ten seconds. Those that were refused do not count.
#[derive(Debug)]
pub(super) struct RateWindow {
    most: usize,
    admitted: VecDeque<Instant>,
}

impl RateWindow {
    /// At most this many requests in ten seconds.
    pub(super) fn new(most: usize) -> Self {
        Self { most, admitted: VecDeque::new() }
    }

    /// Admits a request, or says for how many seconds there is no room for one.
    pub(super) fn admit(&mut self, now: Instant) -> Result<(), u64> {
        let is_over = |admitted: &Instant| now.duration_since(*admitted) >= WINDOW;
        while self.admitted.front().is_some_and(is_over) {
            self.admitted.pop_front();
        }
        if self.admitted.len() < self.most {
            self.admitted.push_back(now);
            return Ok(());
        }
        let age = self.admitted.front().map_or(Duration::ZERO, |first| now.duration_since(*first));
        // Whole seconds, and never too early.
        let left = WINDOW.saturating_sub(age);
        Err(left.as_secs() + u64::from(left.subsec_nanos() > 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_ten_seconds_see_more_than_the_limit() {
        let mut window = RateWindow::new(2);
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        assert_eq!(window.admit(at(0)), Ok(()));
        assert_eq!(window.admit(at(4_000)), Ok(()));
        assert_eq!(window.admit(at(4_500)), Err(6), "5.5 seconds, rounded up");
        assert_eq!(window.admit(at(9_999)), Err(1));
        assert_eq!(window.admit(at(10_000)), Ok(()));
        assert_eq!(window.admit(at(10_000)), Err(4), "the second of the first two is still in it");
        assert_eq!(window.admit(at(30_000)), Ok(()));
    }
}
