//! One page of a list, newest first unless the caller asks otherwise.

use rusqlite::{Row, Transaction, params_from_iter};

use super::api_error::ApiError;
use super::call::ReceivedCall;

/// One page of a list.
pub(super) struct Page<T> {
    pub items: Vec<T>,
    pub next_page_token: Option<String>,
}

/// Reads the page that a call asks for. `select` is `SELECT number, … FROM …`; of its rows, those whose columns have these
/// values. The page token is the number of the last row of the page before.
pub(super) fn page<T>(
    transaction: &Transaction<'_>,
    call: &ReceivedCall,
    select: &str,
    equal: Vec<(&str, String)>,
    read: fn(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Page<T>, ApiError> {
    let wrong = |name: &str| ApiError::validation(format!("{name} is malformed"));
    let size: usize = call.query("page_size").map_or(Ok(25), str::parse).map_err(|_| wrong("page_size"))?;
    if !(1..=100).contains(&size) {
        return Err(wrong("page_size"));
    }
    let (comparison, order) = match call.query("order_by").unwrap_or("create_time desc") {
        "create_time desc" => ("<", "DESC"),
        "create_time" | "create_time asc" => (">", "ASC"),
        _ => return Err(wrong("order_by")),
    };
    let (columns, mut values): (Vec<&str>, Vec<String>) = equal.into_iter().unzip();
    let mut clauses: Vec<String> =
        columns.iter().enumerate().map(|(index, column)| format!("{column} = ?{}", index + 1)).collect();
    if let Some(token) = call.query("page_token").filter(|token| !token.is_empty()) {
        token.parse::<i64>().map_err(|_| wrong("page_token"))?;
        values.push(token.to_owned());
        clauses.push(format!("number {comparison} CAST(?{} AS INTEGER)", values.len()));
    }
    let condition = if clauses.is_empty() { String::new() } else { format!("WHERE {}", clauses.join(" AND ")) };
    let sql = format!("{select} {condition} ORDER BY number {order} LIMIT {}", size + 1);
    let mut statement = transaction.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(values), |row| Ok((row.get::<_, i64>(0)?, read(row)?)))?;
    let mut rows: Vec<(i64, T)> = rows.collect::<Result<_, _>>()?;
    let more = rows.len() > size;
    rows.truncate(size);
    let next_page_token = rows.last().filter(|_| more).map(|(number, _)| number.to_string());
    Ok(Page { items: rows.into_iter().map(|(_, item)| item).collect(), next_page_token })
}
