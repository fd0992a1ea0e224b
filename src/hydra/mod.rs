//! Ory Hydra as a target of OAuth clients, by its admin API.
//!
//! What is peculiar to it, measured on v2.3.0: the client id is the caller's choice, so a client is made once by its id alone. A
//! secret is in the answer that made the client, and nowhere else. Members that it does not know are dropped in silence. It
//! takes redirect URIs that can never match, so what can be registered is judged before ([`crate::tenant_plan::judge`]). PKCE is a
//! switch of the whole server.

mod errors;
mod hydra_clients;

pub use hydra_clients::HydraClients;
