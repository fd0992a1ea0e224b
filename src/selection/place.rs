//! The place of a record as an entry of an index.

/// The bytes of a place: the input's index and the record's number.
pub(super) const PLACE_BYTES: usize = 2 + 8;

/// A place as an entry. Entries sort as the records stand in the inputs.
pub(super) fn place(input: u16, number: u64) -> [u8; PLACE_BYTES] {
    let mut entry = [0; PLACE_BYTES];
    entry[..2].copy_from_slice(&input.to_be_bytes());
    entry[2..].copy_from_slice(&number.to_be_bytes());
    entry
}

/// The input's index and the record's number.
pub(super) fn of_place(entry: [u8; PLACE_BYTES]) -> (u16, u64) {
    let [first, second, number @ ..] = entry;
    (u16::from_be_bytes([first, second]), u64::from_be_bytes(number))
}
