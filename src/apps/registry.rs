//! What a target has to be able to do so that applications become its clients.

use std::ops::ControlFlow;

use super::{ClientForm, CreatedClient, FoundClient};
use crate::destination::TargetError;
use crate::http::RepeatingList;

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
pub enum ChangedClient {
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

    /// Makes these fields of a client as the form says. All else of it stays: its secret, its metadata, and what somebody added since.
    fn change(
        &self,
        client_id: &str,
        form: &ClientForm,
        fields: &[&'static str],
    ) -> impl Future<Output = Result<ChangedClient, TargetError>>;

    /// Deletes a client. One that is not there is deleted.
    fn delete(&self, client_id: &str) -> impl Future<Output = Result<(), TargetError>>;

    /// A page of the list, from the place that a token names, and the token of the next page.
    fn page(
        &self,
        token: Option<&str>,
    ) -> impl Future<Output = Result<(Vec<FoundClient>, Option<String>), TargetError>>;

    /// That its list comes to no end.
    fn endless_list(&self) -> TargetError;

    /// Shows each client of the list, until `look` has seen enough. A list that comes to no end is an error.
    fn each<E: From<TargetError>>(
        &self,
        mut look: impl FnMut(FoundClient) -> Result<ControlFlow<()>, E>,
    ) -> impl Future<Output = Result<(), E>> {
        async move {
            let (mut token, mut list) = (None::<String>, RepeatingList::default());
            loop {
                let (clients, next) = self.page(token.as_deref()).await?;
                for client in clients {
                    if look(client)?.is_break() {
                        return Ok(());
                    }
                }
                let Some(next) = next else { return Ok(()) };
                // A target that gives the same pages again and again must not keep us for ever.
                if list.closes_with(&next) {
                    return Err(self.endless_list().into());
                }
                token = Some(next);
            }
        }
    }
}

/// The client of an application that whom this mark stands for has made, wherever in the list it is.
pub async fn find_ours(
    registry: &impl ClientRegistry,
    application: &str,
    mark: &str,
) -> Result<Option<FoundClient>, TargetError> {
    let mut ours = None;
    let look = |client: FoundClient| {
        ours = client.is_of(application, mark).then_some(client);
        Ok::<_, TargetError>(if ours.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    };
    registry.each(look).await?;
    Ok(ours)
}
