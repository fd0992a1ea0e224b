//! Work on many files with all cores. A failure on one file is that file's alone.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The parser goes down with the nesting of what it reads. Only what is used of it takes memory.
const STACK: usize = 256 * 1024 * 1024;

/// How often progress is said.
const EVERY: usize = 500;

/// Does `work` on each of the items; the results are in their order. `None` where it failed with a panic.
pub(super) fn on_all<T: Sync, R: Send>(
    items: &[T],
    progress: &(dyn Fn(usize) + Sync),
    work: impl Fn(&T) -> R + Sync,
) -> Vec<Option<R>> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, Option<R>)>> = Mutex::new(Vec::with_capacity(items.len()));
    let worker = || {
        let mut own = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { break };
            own.push((index, catch_unwind(AssertUnwindSafe(|| work(item))).ok()));
            if index % EVERY == EVERY - 1 {
                progress(index + 1);
            }
        }
        results.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend(own);
    };
    let count = std::thread::available_parallelism().map_or(1, usize::from).min(items.len().max(1));
    std::thread::scope(|scope| {
        let spawned: Vec<_> = (0..count)
            .filter_map(|_| std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, worker).ok())
            .collect();
        if spawned.is_empty() {
            worker();
        }
    });
    let mut results = results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    results.sort_unstable_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_one_items_alone_and_the_order_stays() {
        let items: Vec<usize> = (0..1000).collect();
        let results = on_all(&items, &|_| (), |item| {
            assert_ne!(*item, 500, "on purpose");
            item * 2
        });
        assert_eq!(results.len(), 1000);
        assert!(results.iter().enumerate().all(|(index, result)| *result == (index != 500).then_some(index * 2)));
    }
}
