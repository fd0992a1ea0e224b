//! An export of a tenant from Clerk's Backend API: one file a kind of record, and a manifest once all is there.
//!
//! ```text
//!  ExportKind ──► Walk ── request ──► clerk_api ── page ──► IdSet: which are new? ──► RecordFile ── lines ──► users.ndjson.part
//!                  ▲                                   │                                      │ every second
//!                  └── did the page join the last one? ┘                          ExportState ◄┘ durable lengths
//!
//!  ids of earlier exports ── not among the known ones ──► deleted_users.ndjson, if that is wanted
//!
//!  all done ──► Manifest (the last file to appear)
//! ```
//!
//! **No gaps, no doubles.** While a list is read, records are created, changed and deleted. `walk` says where the next page
//! begins, and whether a page that came joins what was read before; a page by offset overlaps the one before it, and one
//! that begins with a record that is not known is read again from further back. Which records were written already is known
//! by their ids (`id_set`), on disk beyond a few thousand. In the end counts are compared, and a list that has more
//! records than were found is gone through again.
//!
//! **Side by side.** The list of users is divided into lanes (`lanes`, `lane`), each a walk of its own behind a cursor up to the
//! record where the next lane began. The first one begins at once, the others when it is known where. A lane takes nothing that was created before its first record or after its last one,
//! and asks `id_set` about those that were created in the same millisecond as one of these. Of a list by offset the pages
//! behind the next one are asked for before that one is there (`pages_ahead`). They are looked at in their order: what makes a page
//! join is that its first record is known, and for that it does not matter which of two was answered first.
//!
//! **Resumable.** What is durable of each file is in [`ExportState`], which a thread writes every second while reading goes on
//! (`checkpoint`): after a kill the file is cut back to that, read once
//! for its ids and its digest, and each lane goes on behind its last record.

mod changed_users;
mod checkpoint;
mod compression;
mod deleted_users;
mod directory;
mod earlier_users;
mod export_error;
mod exporter;
mod file_sums;
mod id_reader;
mod id_set;
mod kind;
mod lane;
mod lanes;
mod lines;
mod lists;
mod manifest;
mod pages_ahead;
mod plan;
mod reading;
mod record_file;
mod since;
mod since_argument;
mod state;
mod tally;
mod walk;

pub use changed_users::ChangedUsers;
pub use compression::Compression;
pub use directory::ExportDirectory;
pub use export_error::ExportError;
pub use exporter::Exporter;
pub use file_sums::FileSums;
pub use kind::ExportKind;
pub use lanes::MOST_AT_ONCE;
pub use manifest::{DeletedUsers, Difference, ExportedFile, InstanceName, Manifest, Missing};
pub use plan::ExportPlan;
pub use since::Since;
pub use since_argument::SinceArgument;
pub use state::ExportState;
pub use tally::Tally;
