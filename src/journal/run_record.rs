//! `run.json`: what a run is about. No secret and no personal datum is in it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::InputRecord;
use super::file_record::FileRecord;
use super::kratos_record::KratosRecord;
use super::organization_record::OrganizationRecord;
use super::recorded_options::RecordedOptions;
use crate::hexadecimal::hexadecimal;
use crate::kind::Kind;
use crate::selection::SelectionRecord;

/// What a run is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The run's id.
    pub id: String,
    /// The version of the tool that began it.
    pub version: String,
    /// When it began, RFC 3339.
    pub started: String,
    /// The target's base URL, or the sandbox's database.
    pub target: String,
    /// Which records of the inputs, as in `2/3`; all of them without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<String>,
    /// How the users were chosen of whom it is; all of them without it. Which ones that are is in a file beside this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection: Option<SelectionRecord>,
    /// The inputs, in order.
    pub inputs: Vec<InputRecord>,
    /// The file with the passwords that the users lack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passwords: Option<InputRecord>,
    /// The files of memberships and organizations that go into their users, or are counted as what cannot move.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub memberships: Vec<InputRecord>,
    /// What a user without an email address becomes.
    pub missing_email: String,
    /// The mapping file, if there was one; the run's directory holds a copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<FileRecord>,
    /// The JSON Schema of the traits, if there was one; the run's directory holds a copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traits_schema: Option<FileRecord>,
    /// What becomes of a user who is at the target already.
    pub on_existing: String,
    /// The organization that its users go into, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationRecord>,
    /// How it runs.
    #[serde(default)]
    pub options: RecordedOptions,
    /// What has to be known of a Kratos, if the target is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kratos: Option<KratosRecord>,
    /// Whether it puts its mark on what it creates. One that was begun by a version that had no marks never does: what is
    /// sent again must be the same.
    #[serde(default)]
    pub marked: bool,
    /// Whether its journal says how it ended. Of a run that an earlier version began only the report does.
    #[serde(default)]
    pub journals_end: bool,
    /// The run whose rejects, mended, are an input of this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejects_of: Option<String>,
}

/// What all shards of one piece of work have in common: what decides about the outcome.
#[derive(Serialize)]
struct Whole<'a> {
    version: &'a str,
    target: &'a str,
    shards: Option<&'a str>,
    inputs: Vec<Option<(u64, String)>>,
    kinds: Vec<Kind>,
    /// One, or none.
    passwords: Vec<Option<(u64, String)>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    memberships: Vec<Option<(u64, String)>>,
    missing_email: &'a str,
    mapping: Option<&'a str>,
    traits_schema: Option<&'a str>,
    on_existing: &'a str,
    organization: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kratos: Option<&'a KratosRecord>,
    max_record_bytes: Option<usize>,
}

impl RunRecord {
    /// All files that it reads of users, of other kinds, and beside the users.
    pub fn files(&self) -> impl Iterator<Item = &InputRecord> {
        self.inputs.iter().chain(&self.passwords).chain(&self.memberships)
    }

    /// What it goes by, for its account: options and files of rules.
    pub fn settings(&self) -> serde_json::Map<String, serde_json::Value> {
        let digest = |file: &Option<FileRecord>| file.as_ref().map(|file| file.sha256.clone());
        let mut settings = serde_json::Map::new();
        settings.insert("on_existing".to_owned(), self.on_existing.clone().into());
        settings.insert("missing_email".to_owned(), self.missing_email.clone().into());
        settings.insert("shard".to_owned(), self.shard.clone().into());
        settings.insert("mapping_sha256".to_owned(), digest(&self.mapping).into());
        settings.insert("traits_schema_sha256".to_owned(), digest(&self.traits_schema).into());
        // Options always have a form in JSON.
        if let Ok(serde_json::Value::Object(options)) = serde_json::to_value(&self.options) {
            settings.extend(options);
        }
        settings
    }

    /// Whether a run over `inputs` into `target` under the same rules would do the same work.
    pub fn is_same_work(&self, other: &Self) -> bool {
        let path = |input: &InputRecord| input.path.clone();
        let kinds = |record: &Self| record.inputs.iter().map(|input| input.kind).collect::<Vec<_>>();
        let paths = |record: &Self| record.inputs.iter().map(path).collect::<Vec<_>>();
        self.target == other.target
            && self.shard == other.shard
            && self.selection == other.selection
            // A mapping file can say it, too; the caller reports that one was changed.
            && (self.missing_email == other.missing_email || !self.has_same_rules(other))
            && self.on_existing == other.on_existing
            && self.organization_asked() == other.organization_asked()
            && self.kratos == other.kratos
            && paths(self) == paths(other)
            && kinds(self) == kinds(other)
            && self.passwords.as_ref().map(path) == other.passwords.as_ref().map(path)
            && self.memberships.iter().map(path).eq(other.memberships.iter().map(path))
    }

    fn organization_asked(&self) -> Option<&str> {
        self.organization.as_ref().map(|home| home.asked.as_str())
    }

    /// What all shards of one piece of work have in common. Inputs count by content: each machine may have them elsewhere.
    fn whole(&self) -> Whole<'_> {
        let content = |input: &'_ InputRecord| input.fingerprint.as_ref().map(|file| (file.bytes, file.ends.clone()));
        let of_shard = self.shard.as_deref().and_then(|shard| shard.split_once('/'));
        Whole {
            version: &self.version,
            target: &self.target,
            shards: of_shard.map(|(_, of)| of),
            inputs: self.inputs.iter().map(content).collect(),
            kinds: self.inputs.iter().map(|input| input.kind).collect(),
            passwords: self.passwords.iter().map(content).collect(),
            memberships: self.memberships.iter().map(content).collect(),
            missing_email: &self.missing_email,
            mapping: self.mapping.as_ref().map(|file| file.sha256.as_str()),
            traits_schema: self.traits_schema.as_ref().map(|file| file.sha256.as_str()),
            on_existing: &self.on_existing,
            organization: self.organization_asked(),
            kratos: self.kratos.as_ref(),
            max_record_bytes: self.options.max_record_bytes,
        }
    }

    /// A name for what all shards of one piece of work have in common.
    pub fn whole_digest(&self) -> String {
        // Texts and numbers always have a form in JSON.
        let whole = serde_json::to_vec(&self.whole()).unwrap_or_default();
        hexadecimal(&Sha256::digest(whole)[..8])
    }

    /// In what this run is no part of the same whole as `other`.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let [serde_json::Value::Object(one), serde_json::Value::Object(other)] =
            [self, other].map(|record| serde_json::to_value(record.whole()).unwrap_or_default())
        else {
            return Vec::new();
        };
        one.into_iter().filter(|(name, value)| other.get(name) != Some(value)).map(|(name, _)| name).collect()
    }

    /// Whether all its inputs can be known again, and so taken up: what comes through a pipe cannot.
    pub fn can_be_known_again(&self) -> bool {
        self.files().all(|input| input.fingerprint.is_some())
    }

    /// Whether `other` maps by the same files.
    pub fn has_same_rules(&self, other: &Self) -> bool {
        FileRecord::is_same_content(self.mapping.as_ref(), other.mapping.as_ref())
            && FileRecord::is_same_content(self.traits_schema.as_ref(), other.traits_schema.as_ref())
    }

    /// Whether its inputs are in other places than those of `self`.
    pub fn has_moved(&self, now: &Self) -> bool {
        let path = |input: &'_ InputRecord| input.path.clone();
        let paths = |record: &Self| record.files().map(path).collect::<Vec<_>>();
        paths(self) != paths(now)
    }

    /// The first input of `now` whose content is not what it was when `self` was written.
    pub fn changed_input<'r>(&self, now: &'r Self) -> Option<&'r InputRecord> {
        let same = |(was, is): &(&InputRecord, &InputRecord)| match (&was.fingerprint, &is.fingerprint) {
            (Some(was), Some(is)) => was.is_same_content(is),
            _ => false,
        };
        let (was, is) = (self.files(), now.files());
        was.zip(is).find(|pair| !same(pair)).map(|(_, is)| is)
    }
}
