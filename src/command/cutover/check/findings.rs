//! What each check says, by what was gathered.

mod named_file;

use std::fs::File;
use std::path::Path;

use named_file::NamedFile;

use super::gathered_for_checks::GatheredForChecks;
use crate::avnology::{AuthorizationAnswer, KeyKind, PublicDocuments};
use crate::cutover::{
    Check, CommandResult, Evidence, Fact, FileUse, Finding, PlanAnswers, SwitchStep, Verification, active_too_early,
    again, back, changes, clerk_is_still, code_is_clean, result_is_good, retention,
};
use crate::export::{ExportDirectory, Manifest};
use crate::human::plural;
use crate::tenant_plan::read_plan;

/// What a check says, and the files by which it does.
pub(super) type EvidencedFinding = (Finding, Vec<Evidence>);

impl GatheredForChecks {
    /// What a check says.
    pub(super) fn finding(&self, check: Check) -> EvidencedFinding {
        let plain = |finding: Finding| (finding, Vec::new());
        match check {
            Check::StagingTarget | Check::Target => plain(self.target_answers(check)),
            Check::StagingKeys | Check::Keys => plain(self.keys()),
            Check::StagingClient => plain(self.sign_in_begins()),
            Check::StagingImport | Check::Import => plain(self.of_imports(|| self.imports.last_is_finished())),
            Check::StagingRejects | Check::Rejects => {
                let accepted = self.state.fact(Fact::RejectsAccepted).map(|record| record.at);
                plain(self.of_imports(|| self.imports.no_rejects_are_left(accepted)))
            }
            Check::StagingVerified => self.verified(FileUse::StagingVerifyReport),
            Check::Verified => self.verified(FileUse::VerifyReport),
            Check::StagingSignIn => self.result("verify --sign-in", FileUse::SignInReport, "--sign-in-report"),
            Check::Code => self.code(),
            Check::ApplicationPlan => self.plan(PlanAnswers::of_applications()),
            Check::TemplatePlan => self.plan(PlanAnswers::of_templates()),
            Check::Clients => self.result("apps verify", FileUse::AppsReport, "--apps-report"),
            Check::Endpoints => self.result("webhooks verify", FileUse::WebhooksReport, "--webhooks-report"),
            Check::Handler => self.result("webhooks try", FileUse::TryReport, "--try-report"),
            Check::EndpointsActive => self.endpoints_active(),
            Check::Changes => plain(self.of_clerk(|reading| changes(reading, self.max_changes))),
            Check::ClerkStill => plain(self.of_clerk(|reading| {
                clerk_is_still(self.state.flip(), &self.state.readings, reading, self.max_changes)
            })),
            Check::Back => {
                let (other, files) = self.other_verification(FileUse::VerifyReport);
                let newest = self.imports.newest_verification(other.as_ref());
                (back(self.state.flip(), newest), files)
            }
            Check::Retention => plain(retention(self.state.flip(), self.now)),
            Check::KeptExport => self.kept_export(),
        }
    }

    fn target_answers(&self, check: Check) -> Finding {
        let answers = match &self.answers {
            Ok(answers) => answers,
            Err(why) => return Finding::needs_you(why.clone()),
        };
        if let Err(problem) = &answers.reached {
            return Finding::failed(problem.clone()).then("avnology doctor");
        }
        let name = self.target.as_deref().unwrap_or_default();
        let key = answers.key.map_or("no key is needed", KeyKind::sentence);
        if check.step() == SwitchStep::Staging {
            return Finding::ok(format!("{name} answers; {key}"));
        }
        if self.state.staging_target.as_deref() == Some(name) {
            return Finding::failed(format!("{name} is the target that staging was checked at; name production's"));
        }
        if answers.key == Some(KeyKind::Test) {
            return Finding::failed(format!("{name} answers, and the key is {key}; production needs a live one"));
        }
        Finding::ok(format!("{name} answers; {key}"))
    }

    fn keys(&self) -> Finding {
        let answers = match &self.answers {
            Ok(answers) => answers,
            Err(why) => return Finding::needs_you(why.clone()),
        };
        match (&answers.reached, &answers.documents) {
            (Err(problem), _) | (_, Some(Err(problem))) => Finding::failed(problem.clone()),
            (Ok(()), None) => Finding::ok("an Ory Kratos issues no tokens of its own"),
            (_, Some(Ok(PublicDocuments { keys, issuer }))) => {
                let issuer = issuer.as_ref().map_or_else(
                    || "it does not describe itself, so read the issuer from a real token".to_owned(),
                    |issuer| format!("it calls itself {issuer}"),
                );
                match keys {
                    Some(0) => Finding::failed("its `.well-known/jwks.json` has no key"),
                    Some(keys) => Finding::ok(format!("{}; {issuer}", plural(*keys as u64, "key"))),
                    None => Finding::failed("it has no `.well-known/jwks.json`, which the guide names"),
                }
            }
        }
    }

    fn sign_in_begins(&self) -> Finding {
        use AuthorizationAnswer::{Back, NoMethod, Refused, SignIn};
        let answers = match &self.answers {
            Ok(answers) => answers,
            Err(why) => return Finding::needs_you(why.clone()),
        };
        let (own, other) = match (&answers.reached, &answers.documents, &answers.sign_ins) {
            (Err(problem), _, _) | (_, _, Some(Err(problem))) => return Finding::failed(problem.clone()),
            (Ok(()), None, _) => return Finding::ok("an Ory Kratos has no clients of its own"),
            (_, _, None) => return Finding::needs_you("name a client with --client-id and --redirect-uri"),
            (_, _, Some(Ok(answers))) => answers,
        };
        match (own, other) {
            (NoMethod, _) => Finding::failed("it has no `/oauth2/auth`, which the guide names"),
            (Refused(status), _) => {
                Finding::failed(format!("it refuses the client or its redirect URI (HTTP {status})"))
            }
            (Back(error), _) => Finding::failed(format!("it sends the user back to the application, with {error}")),
            (SignIn, SignIn) => {
                Finding::failed("it begins a sign-in for an address that the client does not have, too")
            }
            (SignIn, Back(_)) => Finding::failed("it sends users to an address that the client does not have"),
            (SignIn, Refused(_) | NoMethod) => Finding::ok(
                "a request with PKCE comes to the sign-in page, and one with another redirect URI is refused",
            ),
        }
    }

    /// What follows from imports, if it is known which ones are meant.
    fn of_imports(&self, finding: impl FnOnce() -> Finding) -> Finding {
        match (&self.target, &self.answers) {
            (None, Err(why)) => Finding::needs_you(why.clone()),
            _ => finding(),
        }
    }

    fn of_clerk(&self, finding: impl FnOnce(&crate::cutover::ClerkReading) -> Finding) -> Finding {
        match &self.clerk {
            Ok(reading) => finding(reading),
            Err(why) => why.clone(),
        }
    }

    fn verified(&self, of: FileUse) -> EvidencedFinding {
        let (other, files) = self.other_verification(of);
        (self.of_imports(|| self.imports.are_verified(other.as_ref())), files)
    }

    /// The comparison whose report was named, if that can be read.
    fn other_verification(&self, of: FileUse) -> (Option<Verification>, Vec<Evidence>) {
        let file = NamedFile::all(&self.state, of, "").ok().and_then(|mut files| files.pop());
        let Some(file) = file else { return (None, Vec::new()) };
        let found = serde_json::from_slice(&file.text).ok();
        (found.and_then(|report| Verification::read(&report, file.written)), vec![file.evidence])
    }

    /// What the report of a command says.
    fn result(&self, command: &str, of: FileUse, option: &str) -> EvidencedFinding {
        let again = again(command);
        let file = match NamedFile::all(&self.state, of, option) {
            Ok(mut files) => files.pop(),
            Err(finding) => return (finding.then(again), Vec::new()),
        };
        let Some(file) = file else { return (Finding::needs_you(format!("name its file with {option}")), Vec::new()) };
        let is_about_users = of == FileUse::SignInReport;
        let target = self.target.as_deref().filter(|_| is_about_users || of == FileUse::ActivateReport);
        let last_import = self.imports.users_last_changed().filter(|_| is_about_users);
        let finding = match CommandResult::read(&file.text, file.written) {
            Ok(result) => {
                let early =
                    active_too_early(&result).filter(|_| of == FileUse::WebhooksReport && self.state.flip().is_none());
                early.unwrap_or_else(|| result_is_good(command, &result, target, last_import))
            }
            Err(problem) => Finding::failed(format!("`{}`: {problem}", file.name)).then(again),
        };
        (finding, vec![file.evidence])
    }

    /// Whether endpoints are active, if there are any.
    fn endpoints_active(&self) -> EvidencedFinding {
        if self.state.skip(SwitchStep::Webhooks).is_some() {
            return (Finding::ok("there is none: the step `webhooks` is skipped"), Vec::new());
        }
        self.result("webhooks activate", FileUse::ActivateReport, "--activate-report")
    }

    fn code(&self) -> EvidencedFinding {
        let again = "avnology migrate clerk codemod --check --report FILE.json";
        match NamedFile::all(&self.state, FileUse::CodeReport, "--code-report") {
            Err(finding) => (finding.then(again), Vec::new()),
            Ok(files) => {
                let evidence = files.iter().map(|file| file.evidence.clone()).collect();
                let texts: Vec<(String, Vec<u8>)> = files.into_iter().map(|file| (file.name, file.text)).collect();
                (code_is_clean(&texts), evidence)
            }
        }
    }

    fn plan(&self, mut answers: PlanAnswers) -> EvidencedFinding {
        let again = "avnology migrate clerk plan --from EXPORT --out tenant-plan.json";
        let Some(path) = self.state.files(FileUse::Plan).last() else {
            return (Finding::needs_you("name its file with --plan").then(again), Vec::new());
        };
        let unreadable = |problem: String| Finding::failed(format!("`{}` {problem}", path.display())).then(again);
        let (evidence, file) = match Evidence::of(path).and_then(|evidence| Ok((evidence, File::open(path)?))) {
            Ok(found) => found,
            Err(error) => return (unreadable(format!("cannot be read: {error}")), Vec::new()),
        };
        let read = read_plan(file, &mut |item| {
            answers.take(&item);
            Ok(())
        });
        let finding = read.map_or_else(|problem| unreadable(problem.to_string()), |_| answers.finding());
        (finding, vec![evidence])
    }

    /// Whether the export that is kept is as its manifest says, to the byte.
    fn kept_export(&self) -> EvidencedFinding {
        let again = "avnology migrate clerk export --out DIR";
        let Some(path) = self.state.files(FileUse::KeptExport).last() else {
            return (
                Finding::needs_you("name the finished export that is kept with --kept-export").then(again),
                Vec::new(),
            );
        };
        let shown = path.display();
        let directory = ExportDirectory::new(path.clone());
        let manifest = match Manifest::read(&directory) {
            Ok(Some(manifest)) => manifest,
            Ok(None) => return (Finding::failed(format!("`{shown}` is no finished export")).then(again), Vec::new()),
            Err(error) => return (Finding::failed(error.to_string()).then(again), Vec::new()),
        };
        let mut evidence: Vec<Evidence> = Evidence::of(&directory.manifest()).into_iter().collect();
        // Nothing could be imported again from what is left.
        if let Some(problem) = manifest.is_without_users() {
            return (Finding::failed(format!("`{shown}` {problem}; keep a whole export")).then(again), evidence);
        }
        for file in &manifest.files {
            match Evidence::of(&path.join(Path::new(&file.file))) {
                Ok(found) if found.sha256 == file.sha256 => evidence.push(found),
                Ok(_) => {
                    let sentence = format!("`{}` in `{shown}` is not what was exported", file.file);
                    return (Finding::failed(sentence).then(again), evidence);
                }
                Err(error) => {
                    let sentence = format!("`{}` in `{shown}` cannot be read: {error}", file.file);
                    return (Finding::failed(sentence).then(again), evidence);
                }
            }
        }
        let (files, when) = (plural(manifest.files.len() as u64, "file"), manifest.finished.strftime("%F %T UTC"));
        (Finding::ok(format!("{files} of the export of {when} are as they were written")), evidence)
    }
}
