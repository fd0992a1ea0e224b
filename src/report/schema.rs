//! The JSON Schema of `report.json`.

/// What a report of an import or a dry run looks like, as a JSON Schema (draft 2020-12). Names are added, and never change.
pub const REPORT_SCHEMA: &str = include_str!("report.schema.json");
