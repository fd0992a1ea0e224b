//! What the document says of one list: which records, in which form and order, by which parameters.

use super::kind::Kind;

/// A list that the document has. Conditions and orders are SQL about a record `r`.
#[derive(Debug)]
pub(super) struct List {
    pub kind: Kind,
    pub shape: ListShape,
    pub paging: Paging,
    /// The names that `order_by` takes, and what each of them compares.
    pub orders: &'static [(&'static str, &'static str)],
    /// The order without `order_by`.
    pub default_order: &'static str,
    /// Whether pages go on behind a record (`starting_after`).
    pub has_cursor: bool,
    /// Parameters, and what each of them asks of a record.
    pub filters: &'static [(&'static str, Filter)],
    /// Parameters, and what each of them asks of the user of a membership.
    pub user_filters: &'static [(&'static str, Filter)],
    /// Parameters that change what a record shows.
    pub views: &'static [&'static str],
    /// A member that its records do not show.
    pub hidden: Option<&'static str>,
    /// What is asked of records when this parameter is absent.
    pub without: Option<(&'static str, &'static str)>,
}

/// How an answer holds its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListShape {
    /// `[…]`
    Array,
    /// `{"data":[…],"total_count":…}`
    Page,
}

/// Whether `limit` and `offset` hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paging {
    /// They do.
    Always,
    /// They do with `paginated=true`; all records come otherwise.
    WhenAsked,
    /// There is neither; all records come.
    Never,
}

/// What a parameter asks of records. In its SQL, `{}` stands for what was given.
#[derive(Clone, Copy, Debug)]
pub(super) enum Filter {
    /// Any of the values: `{}` is a list.
    Any(&'static str),
    /// Any of the values, and none of those with a `-` before them: `{}` is a list.
    Signed(&'static str),
    /// Any of the values, which have to be among these.
    Choice(&'static str, &'static [&'static str]),
    /// A text that is not empty.
    Text(&'static str),
    /// A whole number.
    Integer(&'static str),
    /// `true` or `false`: `{}` is 1 or 0.
    Flag(&'static str),
    /// Any of the values, along with the text of another parameter, which `{other}` stands for.
    Along(&'static str, &'static str),
    /// Its filter is that of the parameter that has to come along with it.
    For(&'static str),
}

impl List {
    /// A list of this kind without parameters, newest first.
    pub(super) const fn of(kind: Kind, shape: ListShape, paging: Paging) -> Self {
        Self {
            kind,
            shape,
            paging,
            orders: &[("created_at", "r.created_at")],
            default_order: "-created_at",
            has_cursor: false,
            filters: &[],
            user_filters: &[],
            views: &[],
            hidden: None,
            without: None,
        }
    }

    /// Whether the document has this parameter.
    pub(super) fn has_parameter(&self, name: &str) -> bool {
        let is_of_paging = match self.paging {
            Paging::Always => matches!(name, "limit" | "offset"),
            Paging::WhenAsked => matches!(name, "paginated" | "limit" | "offset"),
            Paging::Never => false,
        };
        // A list with one order takes no `order_by`.
        is_of_paging
            || (name == "order_by" && self.orders.len() > 1)
            || (name == "starting_after" && self.has_cursor)
            || self.views.contains(&name)
            || self.filters.iter().chain(self.user_filters).any(|(filter, _)| *filter == name)
    }
}
