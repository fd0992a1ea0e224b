//! A user of a row of the Dashboard's CSV.

use super::few::Few;
use super::object::at_field;
use super::presence::Secret;
use super::user::User;

/// The columns of the Dashboard's CSV.
pub const COLUMNS: [&str; 13] = [
    "id",
    "first_name",
    "last_name",
    "username",
    "primary_email_address",
    "primary_phone_number",
    "verified_email_addresses",
    "unverified_email_addresses",
    "verified_phone_numbers",
    "unverified_phone_numbers",
    "totp_secret",
    "password_digest",
    "password_hasher",
];

impl<'de> User<'de> {
    /// The user of a row of the Dashboard's CSV, from the names of its columns and its cells. An empty cell means an absent
    /// field.
    pub fn of_cells<E: serde::de::Error>(cells: impl Iterator<Item = (&'de str, &'de str)>) -> Result<Self, E> {
        let mut user = Self::default();
        for (column, cell) in cells.filter(|(_, cell)| !cell.is_empty()) {
            let list = || Few::split(cell).map_err(|error| at_field(column, &error));
            let text = Some(cell.into());
            match column {
                "id" => user.id = text,
                "first_name" => user.first_name = text,
                "last_name" => user.last_name = text,
                "username" => user.username = text,
                "primary_email_address" => user.primary_email_address = text,
                "primary_phone_number" => user.primary_phone_number = text,
                "verified_email_addresses" => user.verified_email_addresses = Some(list()?),
                "unverified_email_addresses" => user.unverified_email_addresses = Some(list()?),
                "verified_phone_numbers" => user.verified_phone_numbers = Some(list()?),
                "unverified_phone_numbers" => user.unverified_phone_numbers = Some(list()?),
                "totp_secret" => user.totp_secret = Some(Secret { present: true }),
                "password_digest" => user.password_digest = text,
                "password_hasher" => user.password_hasher = text,
                _ => user.unknown_fields += 1,
            }
        }
        Ok(user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_fills_the_fields_of_its_columns_and_of_no_others() {
        let cells = COLUMNS.iter().chain(&["external_id"]).map(|column| (*column, "x"));
        let user = User::of_cells::<serde_json::Error>(cells).unwrap();
        assert_eq!(user.unknown_fields, 1);
        assert!(user.password_hasher.is_some() && user.external_id.is_none());
        assert!(User::of_cells::<serde_json::Error>([("id", "")].into_iter()).unwrap().id.is_none());
    }
}
