//! `run.json`: what a run is about. No secret and no personal datum is in it.

use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::InputRecord;
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

/// What has to be known of a Kratos. It decides what is sent, so a run that is resumed goes by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KratosRecord {
    /// The id of the identity schema, if one was named.
    pub schema: Option<String>,
    /// The trait that identities are known by, as in `trait:external_id`.
    pub key: String,
    /// What it calls providers, as in `google=google-oidc`.
    pub providers: Vec<String>,
    /// Hashers whose digests move although their form is not documented.
    #[serde(default)]
    pub assumed: Vec<String>,
    /// The Keto where the roles of its users go, if anywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keto: Option<KetoRecord>,
    /// Whether organizations go into the metadata of their members.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub organizations_in_users: bool,
}

/// The two ports of a Keto.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KetoRecord {
    /// Where tuples are read.
    pub read: String,
    /// Where they are written.
    pub write: String,
}

/// How a run runs: what `resume` goes by if no option says otherwise. Nothing in it decides what becomes of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedOptions {
    /// Requests, as in `50/s`, or `auto`.
    pub rate: Option<String>,
    /// How many requests may be under way at once, or `auto`.
    pub concurrency: Option<String>,
    /// The most users in one request.
    pub batch_size: Option<usize>,
    /// The most bytes in one request.
    pub batch_bytes: Option<usize>,
    /// Seconds to keep trying while the target fails.
    pub max_wait: Option<u64>,
    /// Rejects after which the run stops.
    pub max_errors: Option<u64>,
    /// The largest record, in bytes.
    pub max_record_bytes: Option<usize>,
    /// Whether the target is asked about users it confirmed in an earlier run.
    #[serde(default)]
    pub recheck: bool,
    /// Whether nothing is sent while any record would be rejected.
    #[serde(default)]
    pub strict: bool,
    /// With fewer records than that nothing is sent.
    #[serde(default)]
    pub min_records: Option<u64>,
    /// What becomes of users who are no longer in the export; nothing is asked about them without it.
    #[serde(default)]
    pub on_missing: Option<String>,
    /// With more missing users than so many percent nothing is sent.
    #[serde(default)]
    pub max_missing: Option<u8>,
}

/// The organization that the users of a run go into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationRecord {
    /// Its id or name, as it was typed.
    pub asked: String,
    /// Its id, once the target was asked. From then on the run goes by that, whatever is called so later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Whether it is made if it is not there.
    #[serde(default)]
    pub create: bool,
}

impl OrganizationRecord {
    /// Its id, or what was typed as long as that is not known.
    pub fn known(&self) -> &str {
        self.id.as_deref().unwrap_or(&self.asked)
    }
}

/// A file that decides about every user, and that is kept as a copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Where it was.
    pub path: String,
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
}

impl FileRecord {
    /// Describes a file with this content.
    pub fn of(path: &Path, content: &str) -> Self {
        Self { path: path.display().to_string(), sha256: hexadecimal(&Sha256::digest(content)) }
    }

    /// Whether both are files of the same content, or there is neither.
    pub fn is_same_content(one: Option<&Self>, other: Option<&Self>) -> bool {
        one.map(|file| &file.sha256) == other.map(|file| &file.sha256)
    }
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
