use std::collections::BTreeMap;

use proptest::prelude::*;
use tokio_util::sync::CancellationToken;

use std::sync::atomic::AtomicU64;

use super::*;
use crate::source::{Input, InputWatch, ReaderLimits};

fn read(text: &str) -> Passwords {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let input = Input::File(file.path().to_path_buf());
    Passwords::read(
        &input,
        &InputWatch::Unchanged,
        ReaderLimits::default(),
        &std::env::temp_dir(),
        (&CancellationToken::new(), &AtomicU64::new(0)),
    )
    .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Against a map in memory.
    #[test]
    fn each_user_gets_the_first_row_with_its_id(
        rows in proptest::collection::vec((0u8..60, "[a-z]{0,4}", any::<bool>()), 0..120),
        users in proptest::collection::vec(0u8..80, 0..80),
        is_in_order in any::<bool>(),
    ) {
        let in_order: Vec<u8> = rows.iter().map(|(id, ..)| *id).chain(users.iter().copied()).collect();
        let mut users = if is_in_order { in_order } else { users };
        let mut seen = std::collections::BTreeSet::new();
        users.retain(|id| seen.insert(*id));
        let mut text = "id,totp_secret,password_digest\n".to_owned();
        let mut first: BTreeMap<u8, (String, bool)> = BTreeMap::new();
        for (id, digest, totp) in &rows {
            let totp_secret = if *totp { "S" } else { "" };
            text.extend([&*id.to_string(), ",", totp_secret, ",", digest, "\n"]);
            first.entry(*id).or_insert_with(|| (digest.clone(), *totp));
        }
        let passwords = read(&text);
        for (number, id) in (1..).zip(&users) {
            let mut user = User { id: Some(id.to_string().into()), ..User::default() };
            let position =
                || Position { input: Arc::from("users"), record: u64::from(*id), line: 1, offset: 0, length: 1 };
            let notices = passwords.join(number, &mut user, position).unwrap();
            let expected = first.get(id);
            prop_assert_eq!(notices.contains(Notice::NotInPasswords), expected.is_none());
            let digest = expected.map(|(digest, _)| digest.as_str()).filter(|digest| !digest.is_empty());
            prop_assert_eq!(user.password_digest.as_deref(), digest);
            prop_assert_eq!(user.totp_secret.is_some(), expected.is_some_and(|(_, totp)| *totp));
        }
        let report = passwords.close(true).unwrap();
        let joined = users.iter().filter(|id| first.contains_key(id)).count();
        prop_assert_eq!((report.rows, report.joined), (first.len() as u64, joined as u64));
        prop_assert_eq!(report.users_without_row.count, (users.len() - joined) as u64);
        prop_assert_eq!(report.rows_without_user.unwrap().count, (first.len() - joined) as u64);
        prop_assert_eq!(report.repeated.count, (rows.len() - first.len()) as u64);
    }
}

#[test]
fn users_in_the_order_of_the_rows_are_found_without_a_search() {
    let rows: Vec<String> = (0..5_000).map(|id| format!("user_{id},$2a$10$digest{id}")).collect();
    let mut passwords = read(&format!("id,password_digest\n{}\n", rows.join("\n")));
    passwords.index = SortedFile::write(tempfile::tempfile().unwrap(), std::iter::empty()).unwrap();
    // Some users have no row.
    let ids = (0..5_000).flat_map(|id| if id % 900 == 7 { vec![None, Some(id)] } else { vec![Some(id)] });
    for (number, id) in (1..).zip(ids) {
        let name = id.map_or("nobody".to_owned(), |id| format!("user_{id}"));
        let mut user = User { id: Some(name.into()), ..User::default() };
        let position = || Position { input: Arc::from("users"), record: number, line: 1, offset: 0, length: 1 };
        passwords.join(number, &mut user, position).unwrap();
        assert_eq!(user.password_digest.is_some(), id.is_some(), "{number}");
    }
    let report = passwords.close(true).unwrap();
    assert_eq!((report.joined, report.rows_without_user.unwrap().count), (5_000, 0));
}

#[test]
fn users_of_several_mappers_are_each_found_and_counted_once() {
    const USERS: u64 = 6_000;
    // Every seventh row is no user's, and every fifth user has no row.
    let has_row = |user: u64| !user.is_multiple_of(5);
    let row = |user: u64| {
        let own = if has_row(user) { format!("user_{user},$2a$10$digest{user}\n") } else { String::new() };
        if user.is_multiple_of(7) { format!("{own}other_{user},x\n") } else { own }
    };
    let passwords = read(&format!("id,password_digest\n{}", (1..=USERS).map(row).collect::<String>()));
    let pieces = Mutex::new((0..USERS / 100).map(|piece| 100 * piece + 1));
    let next_piece = || pieces.lock().unwrap().next();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(first) = next_piece() {
                    for record in first..first + 100 {
                        let mut user = User { id: Some(format!("user_{record}").into()), ..User::default() };
                        let position = || Position { input: Arc::from("users"), record, line: 1, offset: 0, length: 1 };
                        passwords.join(record, &mut user, position).unwrap();
                        let digest = has_row(record).then(|| format!("$2a$10$digest{record}"));
                        assert_eq!(user.password_digest.as_deref(), digest.as_deref());
                    }
                }
            });
        }
    });
    let report = passwords.close(true).unwrap();
    let joined = (1..=USERS).filter(|user| has_row(*user)).count() as u64;
    assert_eq!((report.joined, report.users_without_row.count), (joined, USERS - joined));
    assert_eq!(report.rows_without_user.unwrap().count, USERS / 7);
    assert_eq!(passwords.close(true).unwrap().joined, joined);
}

#[test]
fn the_hash_of_the_file_wins_and_an_equal_one_is_no_conflict() {
    let passwords = read("id,password_digest,password_hasher\na,new,argon2id\nb,same,\nc,,\n");
    let own_hasher = Some("md5".into());
    for (number, id, own, digest, hasher, is_conflict) in [
        (1, "a", "old", "new", Some("argon2id"), true),
        (2, "b", "same", "same", Some("md5"), false),
        (3, "c", "own", "own", Some("md5"), false),
    ] {
        let mut user = User {
            id: Some(id.into()),
            password_digest: Some(own.into()),
            password_hasher: own_hasher.clone(),
            ..User::default()
        };
        let position = || Position { input: Arc::from("users"), record: 1, line: 1, offset: 0, length: 1 };
        let notices = passwords.join(number, &mut user, position).unwrap();
        assert_eq!(notices.contains(Notice::PasswordConflict), is_conflict, "{id}");
        assert_eq!((user.password_digest.as_deref(), user.password_hasher.as_deref()), (Some(digest), hasher), "{id}");
    }
    assert_eq!(passwords.close(false).unwrap().rows_without_user, None);
}
