//! What all pages for people have in common: how they look, and the lines to sign on. A page loads nothing and runs nothing.

use minijinja::{AutoEscape, Environment, Error, context};

use crate::human::{bytes, moment};

/// What is around a page.
const SHELL: &str = include_str!("page_shell.html");

/// What renders pages: all that is put into one is data, and nothing of it becomes markup.
pub(super) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_filter("size", bytes);
    environment.add_filter("moment", moment);
    environment
}

/// A whole page: `body` is what this environment rendered.
pub(super) fn page_with(environment: &Environment<'_>, title: &str, body: &str) -> Result<String, Error> {
    environment.render_str(SHELL, context! { title, body })
}
