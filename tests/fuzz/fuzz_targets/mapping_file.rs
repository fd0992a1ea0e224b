//! Every mapping file compiles, or its faults are listed in order and inside the file. With every compiled one, each user is
//! mapped or rejected.
#![no_main]

use avnology_migrate::avnology::encode;
use avnology_migrate::mapping::{map, parse, parse_mapping};
use libfuzzer_sys::fuzz_target;

const USER: &[u8] = br#"{"id":"user_1","username":"Ada","first_name":"Ada","locale":"en","created_at":1700000000000,
    "email_addresses":[{"id":"idn_1","email_address":"Ada@example.com"},{"email_address":"b@example.com","verified":true}],
    "phone_numbers":[{"phone_number":"+14155551234"}],"banned":true,
    "public_metadata":{"a":{"b":"\u00e9","c":[1e400]},"x":null},"private_metadata":{"a":1},"unsafe_metadata":[]}"#;

fuzz_target!(|text: &str| {
    match parse_mapping(text) {
        Ok(rules) => {
            let user = parse(USER).expect("a user");
            if let Ok(mapped) = map(&user, &rules) {
                let mut body = Vec::new();
                encode(&mapped.identity, &mut body);
                let body: Result<&serde_json::value::RawValue, _> = serde_json::from_slice(&body);
                body.expect("JSON");
            }
        }
        Err(faults) => {
            assert!(!faults.is_empty());
            assert!(faults.is_sorted_by_key(|fault| (fault.line, fault.column)));
            for fault in faults {
                let line = text.split('\n').nth(fault.line - 1).expect("a line of the file");
                assert!(fault.column <= line.chars().count() + 1, "{fault}");
            }
        }
    }
});
