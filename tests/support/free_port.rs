//! Ports for servers that cannot say which one they got, and for those that nobody is to listen at.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// How many there are, below those that Linux gives to connections and to whom asks for any (from 32,768 on).
const COUNT: u16 = 12_000;
const FIRST: u16 = 20_000;

/// A port that nobody listens at, and that no other test is given: also while its server starts, or is down for a while.
pub fn free_port() -> u16 {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    // Another program that runs tests at the same time begins in another place.
    let begin = u16::try_from(std::process::id() % u32::from(COUNT / 100)).expect("less than COUNT") * 100;
    let next = |_| FIRST + (begin + TAKEN.fetch_add(1, Ordering::Relaxed) % COUNT) % COUNT;
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    (0..COUNT).map(next).find(is_free).expect("a free port")
}

#[test]
fn a_port_is_given_once_and_never_by_the_system() {
    // From where Linux gives them, if nobody told this machine otherwise.
    let begin = 32_768;
    let [one, other] = [free_port(), free_port()];
    assert!(one != other && one < begin && other < begin, "{one} and {other} by {begin}");
}
