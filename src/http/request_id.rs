//! Names of requests: ours, and the other side's as they may be shown.

use std::time::SystemTime;

/// The longest one that is shown.
const SHOWN: usize = 64;

/// What keys have in them. The other side may repeat what it was sent, and nobody may show a key because of that.
const IN_KEYS: [&str; 4] = ["sk_live_", "sk_test_", "ak_live_", "ak_test_"];

/// The other side's name for a request or a thing, if it is one: any other text in its place may be what was sent.
pub(crate) fn shown_request_id(text: &str) -> Option<&str> {
    let is_id = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    Some(text)
        .filter(|text| (1..=SHOWN).contains(&text.len()) && text.bytes().all(is_id))
        .filter(|text| !IN_KEYS.iter().any(|part| text.contains(part)))
}

/// A name for a request of ours: a UUID of version 7, which begins with the time. Nobody need be unable to guess it, so the system
/// is not asked for randomness with each request.
pub(super) fn new_request_id() -> String {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let milliseconds = u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX);
    let mut random = [0; 10];
    fastrand::fill(&mut random);
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid().to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn our_names_differ_on_all_threads_and_say_when() {
        let names = || (0..1000).map(|_| new_request_id()).collect::<Vec<_>>();
        let other_threads = [std::thread::spawn(names), std::thread::spawn(names)];
        let others = other_threads.into_iter().flat_map(|thread| thread.join().unwrap());
        let all: BTreeSet<String> = names().into_iter().chain(others).collect();
        assert_eq!(all.len(), 3000);
        for name in &all {
            let id = uuid::Uuid::parse_str(name).unwrap();
            assert_eq!(id.get_version_num(), 7);
            let (seconds, _) = id.get_timestamp().unwrap().to_unix();
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
            assert!(now.abs_diff(seconds) < 60, "{name}");
        }
    }
}
