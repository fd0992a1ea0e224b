//! What is known of a middleware: the call that makes it, and of which form it is.

use super::facts::Range;

/// A call that makes a middleware.
#[derive(Debug)]
pub struct MiddlewareCall {
    /// The name that is called.
    pub callee: Range,
    /// From its bracket to its bracket.
    pub arguments: Range,
    /// The statement that it stands in.
    pub statement: Range,
    /// Of which form it is.
    pub form: MiddlewareForm,
}

/// The form of a middleware.
#[derive(Debug)]
pub enum MiddlewareForm {
    /// Without arguments.
    Bare,
    /// It protects what is in none of these lists.
    Public {
        /// The lists, in the order of their use.
        lists: Vec<RouteList>,
        /// The statements that declare them.
        declarations: Vec<Range>,
    },
    /// `authMiddleware({ publicRoutes, ignoredRoutes })`.
    Legacy {
        /// The public ones.
        public: Option<LegacyList>,
        /// Those that it did not look at.
        ignored: Option<LegacyList>,
    },
    /// It protects what is in the list.
    Protected(Vec<String>),
    /// Any other callback.
    Callback,
    /// Options.
    Options,
    /// Routes that are no plain list.
    Routes,
    /// Not the one default export.
    Elsewhere,
}

/// A list of routes, all of them plain texts.
#[derive(Clone, Debug)]
pub struct RouteList {
    /// Between the brackets.
    pub inner: Range,
    /// Each text, with its place.
    pub routes: Vec<(Range, String)>,
}

/// A list of routes that is an option.
#[derive(Clone, Debug)]
pub struct LegacyList {
    /// The option's name.
    pub key: Range,
    /// All of it, with the comma behind it.
    pub property: Range,
    /// The list.
    pub list: RouteList,
}
