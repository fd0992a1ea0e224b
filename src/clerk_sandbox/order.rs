//! The order of a list, from a request to SQL.

use super::failed_call::FailedCall;
use super::list::List;
use super::query::Query;

/// The order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Order {
    expression: &'static str,
    pub is_descending: bool,
    /// Whether it is one by `created_at`, in which a record can be followed.
    pub is_of_creation: bool,
}

impl Order {
    /// The order that is asked for.
    pub(super) fn of(list: &List, query: &Query) -> Result<Self, FailedCall> {
        let text = query.text("order_by").unwrap_or(list.default_order);
        let (is_descending, name) = match text.strip_prefix('-') {
            Some(name) => (true, name),
            None => (false, text.trim_start_matches(['+', ' '])),
        };
        let known = list.orders.iter().find(|(known, _)| *known == name);
        let (_, expression) =
            known.ok_or_else(|| FailedCall::invalid_value("order_by", "It is none of the documented orders."))?;
        Ok(Self { expression, is_descending, is_of_creation: name == "created_at" })
    }

    /// `ORDER BY …`. Ids decide between equals, so that an order never changes by itself.
    pub(super) fn clause(self) -> String {
        let direction = if self.is_descending { "DESC" } else { "ASC" };
        format!(" ORDER BY {} {direction}, r.id {direction}", self.expression)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clerk_sandbox::documented::USER_LIST;

    #[test]
    fn an_order_has_a_direction_and_a_tie_breaker() {
        let clause = |text| Order::of(&USER_LIST, &Query::of(Some(text))).map(Order::clause);
        assert_eq!(clause("").unwrap(), " ORDER BY r.created_at DESC, r.id DESC");
        assert_eq!(clause("order_by=updated_at").unwrap(), " ORDER BY r.updated_at ASC, r.id ASC");
        assert_eq!(clause("order_by=+updated_at").unwrap(), " ORDER BY r.updated_at ASC, r.id ASC");
        assert_eq!(clause("order_by=-updated_at").unwrap(), " ORDER BY r.updated_at DESC, r.id DESC");
        assert!(clause("order_by=id; DROP TABLE users").is_err());
    }
}
