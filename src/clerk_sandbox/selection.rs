//! From the parameters of a request to SQL: which records are asked for.

use rusqlite::types::Value;

use super::failed_call::FailedCall;
use super::list::{Filter, List};
use super::query::Query;

/// Conditions on records `r`, and the values that they are bound to. Nothing of a request becomes SQL by itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Selection {
    conditions: Vec<String>,
    values: Vec<Value>,
}

impl Selection {
    /// What the filters of a list ask for.
    pub(super) fn of(list: &List, query: &Query) -> Result<Self, FailedCall> {
        let mut selection = Self::default();
        for (name, filter) in list.filters {
            if let Some(condition) = selection.condition(name, *filter, query)? {
                selection.conditions.push(condition);
            }
        }
        for (name, filter) in list.user_filters {
            if let Some(condition) = selection.condition(name, *filter, query)? {
                let is_of_users = list.kind == super::kind::Kind::Users;
                selection.conditions.push(if is_of_users {
                    condition
                } else {
                    format!("r.user_id IN (SELECT r.id FROM users r WHERE {condition})")
                });
            }
        }
        if let Some((name, condition)) = list.without
            && query.text(name).is_none()
        {
            selection.conditions.push(condition.to_owned());
        }
        Ok(selection)
    }

    /// Asks for one value of a column, too.
    pub(super) fn with(mut self, column: &str, value: &str) -> Self {
        let bound = self.bind(value.to_owned().into());
        self.conditions.push(format!("r.{column} = {bound}"));
        self
    }

    /// Asks for what follows a record in the order of creation, too.
    pub(super) fn behind(mut self, created_at: i64, id: String, is_descending: bool) -> Self {
        let (created_at, id) = (self.bind(created_at.into()), self.bind(id.into()));
        let comparison = if is_descending { '<' } else { '>' };
        self.conditions.push(format!("(r.created_at, r.id) {comparison} ({created_at}, {id})"));
        self
    }

    /// Whether all records are asked for.
    pub(super) fn is_everything(&self) -> bool {
        self.conditions.is_empty()
    }

    /// `WHERE …`, or nothing.
    pub(super) fn clause(&self) -> String {
        if self.is_everything() { String::new() } else { format!(" WHERE {}", self.conditions.join(" AND ")) }
    }

    /// The values, in the order of their numbers.
    pub(super) fn values(&self) -> &[Value] {
        &self.values
    }

    /// Binds a value; returns what stands for it in SQL.
    pub(super) fn bind(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("?{}", self.values.len())
    }

    fn bind_all(&mut self, values: &[&str]) -> String {
        let bound: Vec<String> = values.iter().map(|value| self.bind((*value).to_owned().into())).collect();
        bound.join(",")
    }

    /// The condition of a parameter; none if it is absent.
    fn condition(&mut self, name: &str, filter: Filter, query: &Query) -> Result<Option<String>, FailedCall> {
        let values = query.texts(name)?;
        let Some(first) = values.first() else { return Ok(None) };
        Ok(Some(match filter {
            Filter::Any(sql) => sql.replace("{}", &self.bind_all(&values)),
            Filter::Signed(sql) => self.signed(sql, &values),
            Filter::Choice(sql, choices) => {
                if values.iter().any(|value| !choices.contains(value)) {
                    return Err(FailedCall::invalid_value(name, "It is none of the documented values."));
                }
                sql.replace("{}", &self.bind_all(&values))
            }
            Filter::Text(sql) => {
                if first.trim().is_empty() {
                    return Err(FailedCall::invalid_value(name, "It must not be empty."));
                }
                sql.replace("{}", &self.bind((*first).to_owned().into()))
            }
            Filter::Integer(sql) => {
                let number = query.integer(name)?.unwrap_or_default();
                sql.replace("{}", &self.bind(number.into()))
            }
            Filter::Flag(sql) => {
                let flag = query.flag(name)?.unwrap_or_default();
                sql.replace("{}", &self.bind(i64::from(flag).into()))
            }
            Filter::Along(other, sql) => {
                let text = query.text(other).ok_or_else(|| comes_along(name, other))?.to_owned();
                let sql = sql.replace("{other}", &self.bind(text.into()));
                sql.replace("{}", &self.bind_all(&values))
            }
            Filter::For(other) => {
                return if query.text(other).is_some() { Ok(None) } else { Err(comes_along(name, other)) };
            }
        }))
    }

    /// `+` before a value, which a query may have as a blank, and nothing before it mean the same.
    fn signed(&mut self, sql: &str, values: &[&str]) -> String {
        let (excluded, included): (Vec<&str>, Vec<&str>) = values.iter().partition(|value| value.starts_with('-'));
        let plain = |values: Vec<&str>| -> Vec<String> {
            values.iter().map(|value| value.trim_start_matches(['+', '-', ' ']).to_owned()).collect()
        };
        let mut conditions = Vec::new();
        for (values, negation) in [(plain(included), ""), (plain(excluded), "NOT ")] {
            if !values.is_empty() {
                let values: Vec<&str> = values.iter().map(String::as_str).collect();
                conditions.push(format!("{negation}({})", sql.replace("{}", &self.bind_all(&values))));
            }
        }
        conditions.join(" AND ")
    }
}

fn comes_along(name: &str, other: &str) -> FailedCall {
    FailedCall::invalid_value(name, format!("It has to be used along with `{other}`."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clerk_sandbox::documented::USER_LIST;

    #[test]
    fn a_sign_before_a_value_includes_or_excludes_it() {
        let query = Query::of(Some("user_id=a&user_id=+b&user_id=-c&user_id=%2Bd"));
        let selection = Selection::of(&USER_LIST, &query).unwrap();
        assert_eq!(selection.clause(), " WHERE (r.id IN (?1,?2,?3)) AND NOT (r.id IN (?4))");
        let values: Vec<Value> = ["a", "b", "d", "c"].map(|value| Value::Text(value.to_owned())).into();
        assert_eq!(selection.values(), values);
    }
}
