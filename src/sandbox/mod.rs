//! The embedded Avnology ID.
