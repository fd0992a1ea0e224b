//! The query of a request.

use super::failed_call::FailedCall;

/// The most values of a parameter that takes several.
const MOST_VALUES: usize = 100;

/// The largest page.
const LARGEST_PAGE: i64 = 500;

/// The page of a request that does not say how large it should be.
const DEFAULT_PAGE: i64 = 10;

/// The decoded pairs of a query, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn of(text: Option<&str>) -> Self {
        Self(url::form_urlencoded::parse(text.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    /// Fails on a parameter that is not documented.
    pub(super) fn expect(&self, is_documented: impl Fn(&str) -> bool) -> Result<(), FailedCall> {
        let unknown = self.0.iter().find(|(name, _)| !is_documented(name));
        unknown.map_or(Ok(()), |(name, _)| Err(FailedCall::unknown_parameter(name)))
    }

    /// The first value of a parameter.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All values of a parameter.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<&str>, FailedCall> {
        let values: Vec<&str> = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect();
        if values.len() > MOST_VALUES {
            return Err(FailedCall::invalid_value(name, "At most 100 values are accepted."));
        }
        Ok(values)
    }

    pub(super) fn integer(&self, name: &str) -> Result<Option<i64>, FailedCall> {
        let wrong = |_| FailedCall::invalid_value(name, "It has to be a whole number.");
        self.text(name).map(|text| text.parse().map_err(wrong)).transpose()
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, FailedCall> {
        let wrong = |_| FailedCall::invalid_value(name, "It has to be true or false.");
        self.text(name).map(|text| text.parse().map_err(wrong)).transpose()
    }

    /// `limit`.
    pub(super) fn limit(&self) -> Result<i64, FailedCall> {
        let limit = self.integer("limit")?.unwrap_or(DEFAULT_PAGE);
        let wrong = || FailedCall::invalid_value("limit", "It has to be from 1 to 500.");
        if (1..=LARGEST_PAGE).contains(&limit) { Ok(limit) } else { Err(wrong()) }
    }

    /// `offset`.
    pub(super) fn offset(&self) -> Result<i64, FailedCall> {
        let offset = self.integer("offset")?.unwrap_or(0);
        if offset >= 0 { Ok(offset) } else { Err(FailedCall::invalid_value("offset", "It has to be 0 or more.")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_the_documented_bounds() {
        let query = |text| Query::of(Some(text));
        assert_eq!((query("").limit(), query("").offset()), (Ok(10), Ok(0)));
        assert_eq!((query("limit=500&offset=7").limit(), query("limit=500&offset=7").offset()), (Ok(500), Ok(7)));
        for bad in ["limit=0", "limit=501", "limit=-1", "limit=ten", "limit="] {
            assert!(query(bad).limit().is_err(), "{bad}");
        }
        assert!(query("offset=-1").offset().is_err());
        let many = "user_id=a&".repeat(101);
        assert!(Query::of(Some(&many)).texts("user_id").is_err());
        assert!(query("banned=yes").flag("banned").is_err());
    }
}
