//! The columns that an update sets.

use rusqlite::types::ToSql;
use rusqlite::{Transaction, params_from_iter};

use super::api_error::ApiError;
use super::clock::now;

/// The columns that an update sets, and their values.
#[derive(Default)]
pub(super) struct Assignments<'a> {
    columns: Vec<&'static str>,
    values: Vec<Box<dyn ToSql + 'a>>,
}

impl<'a> Assignments<'a> {
    pub(super) fn set(&mut self, column: &'static str, value: impl ToSql + 'a) {
        self.columns.push(column);
        self.values.push(Box::new(value));
    }

    /// Sets the columns of the row with this id; false if there is no such row, or another row has a value that must be
    /// unique.
    pub(super) fn update(mut self, transaction: &Transaction<'_>, table: &str, id: &str) -> Result<bool, ApiError> {
        let columns: Vec<String> =
            self.columns.iter().enumerate().map(|(index, column)| format!("{column} = ?{}, ", index + 1)).collect();
        let (columns, time) = (columns.concat(), self.values.len() + 1);
        let sql = format!(
            "UPDATE OR IGNORE {table} SET {columns}version = version + 1, update_time = ?{time} WHERE id = ?{}",
            time + 1
        );
        self.values.push(Box::new(now()));
        self.values.push(Box::new(id.to_owned()));
        Ok(transaction.prepare_cached(&sql)?.execute(params_from_iter(self.values))? == 1)
    }
}
