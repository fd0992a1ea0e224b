//! The path of a call: `/v1/COLLECTION/ID/…:VERB`, and the methods that it has.

use super::api_error::ApiError;

/// A path below `/v1/`, and how it is called.
#[derive(Debug)]
pub(super) struct Path<'a> {
    http: &'a str,
    /// What stands between slashes.
    pub segments: Vec<&'a str>,
    /// What stands behind the colon of the last one.
    pub verb: Option<&'a str>,
}

impl<'a> Path<'a> {
    /// Takes a path apart. No part of a known path is empty.
    pub(super) fn parse(http: &'a str, path: &'a str) -> Result<Self, ApiError> {
        let rest = path.strip_prefix("/v1/").ok_or_else(Self::unknown)?;
        let (rest, verb) = match rest.rsplit_once(':') {
            Some((rest, verb)) if !verb.contains('/') => (rest, Some(verb)),
            _ => (rest, None),
        };
        let segments: Vec<&str> = rest.split('/').collect();
        if segments.contains(&"") {
            return Err(Self::unknown());
        }
        Ok(Self { http, segments, verb })
    }

    /// The method for the path's HTTP method, of those that the path has.
    pub(super) fn one_of<T, const N: usize>(&self, methods: [(&str, T); N]) -> Result<T, ApiError> {
        let found = methods.into_iter().find(|(http, _)| *http == self.http);
        found.map(|(_, method)| method).ok_or_else(ApiError::method)
    }

    /// There is no such path.
    pub(super) fn unknown() -> ApiError {
        ApiError::not_found("the path")
    }
}
