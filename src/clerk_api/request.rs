//! One question to the API.

use super::ApiEndpoint;

/// Where in a list a page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start<'a> {
    /// Behind this many records.
    Offset(u64),
    /// At the beginning of a list that goes on behind a record.
    Beginning,
    /// Behind the record with this id.
    After(&'a str),
}

/// One question to the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest<'a> {
    /// What it is about.
    pub endpoint: ApiEndpoint,
    /// In which order, where the list has one that can be chosen.
    pub order: Option<&'static str>,
    /// Which part of a list and how many records at the most; nothing for what comes as a whole.
    pub page: Option<(Start<'a>, usize)>,
    /// Whether the list comes in pages only if that is asked for.
    pub paginated: bool,
}

impl PageRequest<'_> {
    /// A question about what comes as a whole.
    pub fn whole(endpoint: ApiEndpoint) -> Self {
        Self { endpoint, order: None, page: None, paginated: false }
    }

    /// The names and values of the query.
    pub fn query(&self) -> Vec<(&'static str, String)> {
        let mut query = Vec::new();
        if let Some((start, limit)) = self.page {
            query.push(("limit", limit.to_string()));
            match start {
                Start::Offset(offset) => query.push(("offset", offset.to_string())),
                Start::After(id) => query.push(("starting_after", id.to_owned())),
                Start::Beginning => {}
            }
        }
        query.extend(self.order.map(|order| ("order_by", order.to_owned())));
        if self.paginated {
            query.push(("paginated", "true".to_owned()));
        }
        query
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_written_as_the_document_has_it() {
        let request = |start| PageRequest {
            endpoint: ApiEndpoint::Users,
            order: Some("+created_at"),
            page: Some((start, 500)),
            paginated: false,
        };
        let text = |request: PageRequest<'_>| {
            let query: Vec<String> = request.query().iter().map(|(name, value)| format!("{name}={value}")).collect();
            query.join("&")
        };
        assert_eq!(text(request(Start::Beginning)), "limit=500&order_by=+created_at");
        assert_eq!(text(request(Start::After("user_1"))), "limit=500&starting_after=user_1&order_by=+created_at");
        assert_eq!(text(request(Start::Offset(490))), "limit=500&offset=490&order_by=+created_at");
        assert_eq!(text(PageRequest { paginated: true, ..PageRequest::whole(ApiEndpoint::Domains) }), "paginated=true");
    }
}
