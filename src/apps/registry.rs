//! What a target has to be able to do so that applications become its clients.

use super::{ClientForm, CreatedClient, FoundClient};
use crate::destination::TargetError;

/// What came of the request to make a client.
#[derive(Debug)]
pub enum Created {
    /// It is made.
    Client(CreatedClient),
    /// A client has this id already.
    Taken,
    /// The target does not take it. Nothing was made.
    Refused {
        /// What the target says is wrong, in words that hold nothing of what was sent.
        reason: String,
    },
    /// No answer came that says whether it is made.
    Unknown,
}

/// What came of the request to change a client.
#[derive(Debug)]
pub enum Changed {
    /// It is changed.
    Done,
    /// The target does not take it. Nothing was changed.
    Refused {
        /// What the target says is wrong.
        reason: String,
    },
}

/// A target of clients. Requests that may be repeated are, within the budget of the run.
pub trait ClientRegistry {
    /// Whether the target has methods for clients at all.
    fn is_there(&self) -> impl Future<Output = Result<bool, TargetError>>;

    /// The client with this id.
    fn read(&self, client_id: &str) -> impl Future<Output = Result<Option<FoundClient>, TargetError>>;

    /// Makes a client. A request that may have been carried out is not repeated, unless the target makes one client of both.
    fn create(&self, form: &ClientForm) -> impl Future<Output = Result<Created, TargetError>>;

    /// Makes a client as the form says; its secret stays.
    fn change(&self, client_id: &str, form: &ClientForm) -> impl Future<Output = Result<Changed, TargetError>>;

    /// Deletes a client. One that is not there is deleted.
    fn delete(&self, client_id: &str) -> impl Future<Output = Result<(), TargetError>>;

    /// A page of the list of all clients, from the place that a token names, and the token of the next page.
    fn page(
        &self,
        token: Option<&str>,
    ) -> impl Future<Output = Result<(Vec<FoundClient>, Option<String>), TargetError>>;
}

/// The client of an application that whom this mark stands for has made, wherever in the list it is.
pub async fn find_ours(
    registry: &impl ClientRegistry,
    application: &str,
    mark: &str,
) -> Result<Option<FoundClient>, TargetError> {
    let mut token = None;
    loop {
        let (clients, next) = registry.page(token.as_deref()).await?;
        if let Some(found) = clients.into_iter().find(|client| client.is_of(application, mark)) {
            return Ok(Some(found));
        }
        match next {
            Some(next) => token = Some(next),
            None => return Ok(None),
        }
    }
}
