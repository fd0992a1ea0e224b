//! The phase in which an import sends: things are made at the target from here on. What it makes first is the organization, then the
//! records of each step, and last it carries out what is to be done about users who are missing.

use std::sync::Arc;

use super::super::first_pass::{FirstPass, Subject};
use super::super::home_organization::into_organization;
use super::super::import_error::ImportError;
use super::super::target::Target;
use super::ended_import::EndedImport;
use super::missing::MissingRecords;
use super::recognized_records;
use super::steps::Steps;
use crate::avnology::HomeOrganization;
use crate::delivery::Delivery;
use crate::destination::{Destination, RunMark};
use crate::id_map::IdLookup;
use crate::pipeline::{ConfirmedBefore, ImportRun, delivery_memory};
use crate::settings::{ImportSettings, RecordedRun};
use crate::signal::Signals;

/// Where an import sends, and by which settings.
pub(super) struct SendTo<'a> {
    pub settings: &'a ImportSettings,
    pub target: &'a Target,
    pub destination: &'a Arc<dyn Destination>,
    pub run: &'a RecordedRun,
    /// The organization of the users, if it was found. One that the import is to make is made before the first user.
    pub home: Option<HomeOrganization>,
}

impl<'a> SendTo<'a> {
    /// Sends what the first pass found clear. `missing` is carried out at the end, if no step was stopped.
    pub(super) async fn send(
        self,
        subject: Subject<'_>,
        (first, missing): (&FirstPass, Option<&mut MissingRecords<'_>>),
        (import_run, confirmed, ids): (ImportRun, Option<ConfirmedBefore>, Option<IdLookup>),
        signals: &mut Signals,
    ) -> Result<EndedImport, ImportError> {
        let steps = self.steps(first, ids.as_ref());
        let Self { settings, target, destination, run, home } = self;
        let reading = &into_organization(target, settings, (run, home), signals).await?;
        let subject = Subject { reading, ..subject };
        let watched = (first.watch(), first.unchanged());
        let (mut ran, timeline) = steps.run(subject, watched, (import_run, confirmed, ids), signals).await;
        recognized_records::keep(&mut ran, first, subject).await;
        let mut ended = EndedImport::of((ran, timeline), subject, first, (&run.directory, settings.limits.min_records));
        // The last step: whom the import has just created or found is not missing.
        if let (Some(missing), None) = (missing, &ended.ledger.stopped) {
            ended.ledger.stopped = missing.carry_out(settings, destination.as_ref(), signals).await.err();
        }
        Ok(ended)
    }

    /// How the steps run.
    fn steps(&self, first: &FirstPass, ids: Option<&IdLookup>) -> Steps<'a> {
        Steps {
            settings: self.settings,
            target: &self.target.name,
            destination: self.destination.as_ref(),
            delivery: self.delivery(),
            known_before: ids.map_or(Ok(0), IdLookup::end).unwrap_or(u64::MAX),
            predicted: first.prediction().map_or(0, |prediction| prediction.rejects),
        }
    }

    /// How users are sent.
    fn delivery(&self) -> Delivery {
        let record = &self.run.record;
        Delivery {
            destination: Arc::clone(self.destination),
            memory: delivery_memory(&self.settings.connection.pace),
            on_existing: self.settings.on_existing,
            run_id: record.id.clone(),
            mark: record.marked.then(|| RunMark::of(&record.id)),
        }
    }
}
