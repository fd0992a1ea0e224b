//! Organizations, memberships, role tuples and invitations at Avnology ID: a destination for each kind beside that of identities.
//!
//! | | documented | assumed |
//! |---|---|---|
//! | organizations | `POST`, `GET`, `PATCH /v1/organizations`: name, display name, slug; 409 `…_903` | `external_id` and two bags of metadata; `DELETE`, with `force=true` with its members; `:batchCreate`, `:batchGet` |
//! | memberships | `PATCH`, `DELETE …/members/{user_id}`; 409 `…_301`; the roles owner, admin, member, viewer, billing | `POST` and `GET …/members`, their `metadata`; `/v1/memberships:batchCreate`, `:batchDelete` |
//! | role tuples | `POST`, `GET`, `DELETE /v1/permissions`, `:check`; 409 `…_903` | `:batchCreate`, `:batchCheck`, `:batchDelete` |
//! | invitations | `GET …/invitations` | `POST`, `DELETE …/invitations`, `send_email`; `/v1/invitations:batchCreate` |
//!
//! The batch methods follow the pattern of those for identities. A target that has none answers 404, 405 or 501 to an empty batch,
//! and is driven by the single methods.
//!
//! Whether adding a member writes the tuple of the role is not documented, so it is sent in any case: that a tuple is there already
//! is success, once it was read back.
//!
//! The target's own id of a membership is `<organization>/<user>`, that of an invitation `<organization>/<invitation>`, and that of a
//! tuple its text, `namespace:object#relation@subject`.

mod created;
mod found;
mod invitations;
mod memberships;
mod organizations;
mod proof;
mod record_calls;
mod record_destination;
mod record_pages;
mod tuple;
mod tuples;
mod walk;

pub(super) use record_calls::RecordCalls;
