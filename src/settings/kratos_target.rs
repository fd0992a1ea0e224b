//! What has to be known of a Kratos: typed, or as a run remembers it.

use std::sync::Arc;

use super::SettingsError;
use crate::cli::{TargetArguments, TargetKind};
use crate::journal::KratosRecord;
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
}

impl KratosChoice {
    /// What was typed; nothing if the target is no Kratos.
    pub(super) fn of(arguments: &TargetArguments) -> Result<Option<Self>, SettingsError> {
        let TargetArguments { target, kratos_schema, kratos_key, kratos_provider, assume_hash_format, .. } = arguments;
        if *target == Some(TargetKind::Hydra) {
            return Err(SettingsError::HydraUsers);
        }
        if *target != Some(TargetKind::Kratos) {
            let is_about_kratos = kratos_schema.is_some()
                || kratos_key.is_some()
                || !kratos_provider.is_empty()
                || !assume_hash_format.is_empty();
            return if is_about_kratos { Err(SettingsError::NoKratos) } else { Ok(None) };
        }
        let options = KratosOptions {
            schema: kratos_schema.clone(),
            key: kratos_key.clone().unwrap_or_default(),
            providers: kratos_provider.clone(),
        };
        Ok(Some(Self { options: Arc::new(options), assumed: assume_hash_format.clone() }))
    }

    /// What a run remembers; or what is wrong with that.
    pub(super) fn of_record(record: &KratosRecord) -> Result<Self, String> {
        let KratosRecord { schema, key, providers, assumed } = record;
        let providers = providers.iter().map(|name| name.parse()).collect::<Result<_, _>>()?;
        let options = KratosOptions { schema: schema.clone(), key: key.parse()?, providers };
        Ok(Self { options: Arc::new(options), assumed: assumed.clone() })
    }

    /// What a run is to remember of it.
    pub fn record(&self) -> KratosRecord {
        let KratosOptions { schema, key, providers } = &*self.options;
        KratosRecord {
            schema: schema.clone(),
            key: key.to_string(),
            providers: providers.iter().map(ToString::to_string).collect(),
            assumed: self.assumed.clone(),
        }
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
