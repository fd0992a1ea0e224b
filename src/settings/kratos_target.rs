//! What has to be known of a Kratos: typed, or as a run remembers it.

use std::sync::Arc;

use super::SettingsError;
use crate::cli::{KratosOrganizations, TargetArguments, TargetKind};
use crate::http::BaseUrl;
use crate::journal::{KetoRecord, KratosRecord};
use crate::kind::Kind;
use crate::kratos::{KratosForm, KratosOptions};
use crate::mapping::{PasswordRules, WireForm};

/// What a run calls a Kratos, before its address: what is known of an Avnology ID there is not known of it.
pub const OF_KRATOS: &str = "kratos+";

/// What has to be known of a Kratos.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KratosChoice {
    /// Its identity schema, the key, its providers.
    pub options: Arc<KratosOptions>,
    /// Hashers whose digests move although their form is not documented.
    assumed: Vec<String>,
    /// The Keto where the roles of its users go, if anywhere.
    pub keto: Option<Box<KetoPorts>>,
    /// Whether the organizations of users go into their `metadata_admin`.
    pub organizations_in_users: bool,
}

/// The two ports of a Keto.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KetoPorts {
    /// Where tuples are read.
    pub read: BaseUrl,
    /// Where they are written.
    pub write: BaseUrl,
}

impl KetoPorts {
    fn of(read: Option<BaseUrl>, write: Option<BaseUrl>) -> Result<Option<Box<Self>>, SettingsError> {
        match (read, write) {
            (None, None) => Ok(None),
            (Some(read), Some(write)) => Ok(Some(Box::new(Self { read, write }))),
            _ => Err(SettingsError::HalfKeto),
        }
    }
}

impl KratosChoice {
    /// What was typed; nothing if the target is no Kratos.
    pub(super) fn of(arguments: &TargetArguments) -> Result<Option<Self>, SettingsError> {
        let TargetArguments { target, kratos_schema, kratos_key, kratos_provider, assume_hash_format, .. } = arguments;
        let organizations = arguments.kratos_organizations;
        if *target == Some(TargetKind::Hydra) {
            return Err(SettingsError::HydraUsers);
        }
        let keto = KetoPorts::of(arguments.keto_read_url.clone(), arguments.keto_write_url.clone())?;
        if *target != Some(TargetKind::Kratos) {
            let is_about_kratos = kratos_schema.is_some()
                || kratos_key.is_some()
                || !kratos_provider.is_empty()
                || !assume_hash_format.is_empty()
                || organizations.is_some()
                || keto.is_some();
            return if is_about_kratos { Err(SettingsError::NoKratos) } else { Ok(None) };
        }
        let options = KratosOptions {
            schema: kratos_schema.clone(),
            key: kratos_key.clone().unwrap_or_default(),
            providers: kratos_provider.clone(),
        };
        let organizations_in_users = organizations == Some(KratosOrganizations::MetadataAdmin);
        Ok(Some(Self { options: Arc::new(options), assumed: assume_hash_format.clone(), keto, organizations_in_users }))
    }

    /// What a run remembers; or what is wrong with that.
    pub(super) fn of_record(record: &KratosRecord) -> Result<Self, String> {
        let KratosRecord { schema, key, providers, assumed, keto, organizations_in_users } = record;
        let port = |url: &String| url.parse::<BaseUrl>().map_err(|error| error.to_string());
        let keto = match keto {
            Some(KetoRecord { read, write }) => Some(Box::new(KetoPorts { read: port(read)?, write: port(write)? })),
            None => None,
        };
        let providers = providers.iter().map(|name| name.parse()).collect::<Result<_, _>>()?;
        let options = KratosOptions { schema: schema.clone(), key: key.parse()?, providers };
        Ok(Self {
            options: Arc::new(options),
            assumed: assumed.clone(),
            keto,
            organizations_in_users: *organizations_in_users,
        })
    }

    /// What a run is to remember of it.
    pub fn record(&self) -> KratosRecord {
        let KratosOptions { schema, key, providers } = &*self.options;
        KratosRecord {
            schema: schema.clone(),
            key: key.to_string(),
            providers: providers.iter().map(ToString::to_string).collect(),
            assumed: self.assumed.clone(),
            organizations_in_users: self.organizations_in_users,
            keto: self
                .keto
                .as_deref()
                .map(|KetoPorts { read, write }| KetoRecord { read: read.to_string(), write: write.to_string() }),
        }
    }

    /// Which kinds of records it has a place for.
    pub(super) fn kinds(&self) -> &'static [Kind] {
        if self.keto.is_some() { &[Kind::User, Kind::RoleTuple] } else { &[Kind::User] }
    }

    /// Whether records of this kind are joined to their users, or are counted there as what cannot move. From Clerk's API they are
    /// read only if they move.
    pub(super) fn joins(&self, kind: Kind, is_clerk: bool) -> bool {
        let is_joined = self.organizations_in_users || self.keto.is_none() && !is_clerk;
        is_joined && matches!(kind, Kind::Organization | Kind::Membership)
    }

    /// The form in which it takes identities.
    pub(super) fn form(&self) -> Arc<dyn WireForm> {
        Arc::new(KratosForm::new(Arc::clone(&self.options)))
    }

    /// Which password hashes move.
    pub(super) fn passwords(&self) -> PasswordRules {
        PasswordRules { as_kratos: true, assumed: self.assumed.clone() }
    }
}
