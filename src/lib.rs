//! Moves an enterprise off Clerk and onto Avnology ID: `avnology migrate clerk`.
//!
//! # The life of a record
//!
//! ```text
//!  file / object / stdin                                                              source, pipeline::chunk_reader
//!    └─ mappers (threads) in turn: open → decompress → envelope → frame               pipeline::mappers
//!         └─ a chunk, whose place is in a bounded queue
//!              any of them: parse → map → validate → encode                           mapping, clerk, passwords, pipeline::map
//!                                   │ in the order of the input
//!         batches by count and bytes ◄                                                pipeline::{in_order, fill}, delivery::batch
//!                    │ bounded channel
//!         N senders: pace → request → decide → retry, partial retry                   delivery, pace, destination, avnology, kratos, http
//!                    │ events
//!         committer (one task): counters, rejects, progress, signals ◄────────────── pipeline::commit, outcomes, journal, report
//! ```
//!
//! To follow one user from the file to the server, read these files in this order:
//!
//! 1. `command/import.rs` is the sequence of phases. `command/import/prepare.rs` finds the run to go on with or begins one,
//!    `command/shared/target.rs` connects with the target, and `command/import/known_before.rs` looks up what earlier runs learned
//!    of it. Then `command/import/clearance.rs` says whether anything may be sent. For that it goes through the inputs once, in the
//!    first pass (`command/shared/reading/first_pass.rs`). At first reading skip that pass: it is the same pipeline in another mode,
//!    `Mode::FirstPass`, which sends nothing (`first_pass/looked_through.rs` beside that, `pipeline/run_first_pass.rs`).
//!    `command/import/send.rs` sends. For each kind `command/import/send/steps.rs` begins a run of the pipeline:
//!    `command/shared/reading/intake.rs` puts together what that reads, and which mapper its records get; `pipeline/job.rs` has what
//!    it is given and gives back; `mode_parts.rs` beside it divides that among the stages, differently in each mode; `pipeline/run.rs`
//!    starts the stages.
//! 2. `pipeline/mappers.rs` has the threads. The one whose turn it is (`turn.rs` beside it) asks `pipeline/chunk_reader.rs` for a
//!    chunk of records: `source/reader/opening.rs` opens the input, `watching.rs` beside it has its bytes watched and
//!    decompressed, `beginning.rs` finds its shape, and [`source::RecordReader`], whose fields `source/reader.rs` explains, walks
//!    its envelope; `source/elements.rs`, `lines.rs` or `rows.rs` finds where each record ends. `buffering.rs` and `ending.rs` in
//!    `source/reader` read more, cut chunks, and explain an end.
//! 3. A mapper that is free maps the chunk, while another one reads the next: `pipeline/map.rs`, and for each record `fate_of` in
//!    `pipeline/chunk_mapping.rs`, which goes by the `MapContext` that `run.rs` made (`map_context.rs`: what is wanted of each
//!    record). What the first pass found unchanged is not mapped again (`unchanged.rs`). For all else `fate_of` calls the
//!    [`mapping::RecordMapper`] of the kind. The one of users is `mapping/user_mapper.rs`, which calls one after the other:
//!    [`mapping::parse`], which reads a record's bytes into a [`clerk::User`] that borrows from them, by [`fast_json`]
//!    (`mapping/record_content.rs` finds the record in a line of a rejects file before; [`mapping::parse_row`] reads a row of a
//!    CSV); a [`mapping::UserJoin`], which adds what other files say, as [`passwords`] and [`memberships`]; [`mapping::map`]
//!    (`map_user.rs`), which makes it a [`mapping::MigrationIdentity`] or says why it cannot, pure, and the same in a dry run; and
//!    [`avnology::encode`] (`avnology/wire_form.rs`), which writes the form in which it is sent, with metadata to the byte. To that
//!    `chunk_mapping.rs` adds the run's mark, and it drops users whom the target is known to have exactly like that. One record is a
//!    [`mapping::Mapped`] here, then a [`mapping::Prepared`], its encoded form in the [`mapping::MapOutput`], then a `Ready` with
//!    its place in the chunk, and in a batch a `BatchItem`.
//! 4. `pipeline/in_order.rs` takes what was mapped in the order of the input, and `pipeline/fill.rs` packs identities into batches.
//!    What mapping rejected or found unchanged goes from there to the committer (`settled_on_the_way.rs`).
//!    `send` in `pipeline/run.rs` gives what `in_order` returns to `fill`, and puts the channel behind them from which the senders
//!    take.
//! 5. `delivery/senders.rs` takes a batch (`pending_batch.rs`: with what was already tried with it), and waits for a slot for its
//!    request; where each user is a request, its plan may be made durable meanwhile (`ahead.rs`). First it settles the users whom
//!    the target has under an earlier external id, and rejects the records that refer to somebody whom the target does not have any
//!    more. Then `delivery/exchange.rs` makes one exchange with the target: it waits for its turn at the [`pace::PaceGate`]
//!    (`pace/gate.rs`), which gives it a permit (`pace/permit.rs`), has the plan made durable by the committer (of point 8) unless
//!    that was done ahead, and makes the request once the permit lets it depart. How it waits for its turn and for the committer is
//!    in `sender_context.rs`.
//! 6. A [`destination::Destination`] (`destination/contract.rs`) creates the identities of a batch, and says what became of each in
//!    the words of [`destination`]. [`avnology::AdminCalls`] is one (`avnology/destination.rs`, then `create.rs` and `client.rs`),
//!    and [`kratos::KratosCalls`] another; each knows its vendor's requests, statuses and codes. `http/client.rs` sends the request.
//!    `avnology/answer.rs` reads a result for each identity out of the answer, and `item_error.rs` says of an error whether it may
//!    pass.
//! 7. The answer comes back to the exchange. If the request failed as a whole, `delivery/verdict.rs` decides whether to wait and send
//!    it again, to split it or to give up. A user who is sent alone and fails again and again may be to blame, or the target is:
//!    between the tries the target is asked something with which nothing is wrong, and `blame.rs` (`Probes`) goes by what it answers.
//!    The exchange carries the decision out, and `senders.rs` sends what is left, often as halves. Before a record is rejected that a
//!    lost request may have created, `reconcile.rs` looks whether it is there. If there are results, they go to
//!    `answered_batch.rs`, for which `sorted_results.rs` sorts them: created ones and those refused for good are settled at once;
//!    those whose error may pass go through `round.rs`, and again to the senders; those that are there already, and those of which
//!    another identity has an address or a name already, go through `reconcile.rs`, which finds them, and `reconcile/settle.rs`,
//!    which compares them; `reconcile/change.rs` asks for a change, again if its error may pass. What a refusal means for a record is
//!    in `refusal.rs`, and `item.rs` makes a reject of that.
//!    `settlement.rs` sends on what is settled, and `outbox.rs` hands it to the committer.
//! 8. `outcomes/event.rs` has what the committer is sent, and `pipeline/commit.rs` is the committer. It makes plans and
//!    outcomes durable in the [`journal::Journal`] (`write_event.rs` beside it, `journal/run_journal.rs`, then `journal/log/writer.rs`,
//!    which writes them in groups) and books outcomes in the [`outcomes::Ledger`] (`outcomes/ledger/book.rs`); a [`journal::Reject`]
//!    (`journal/reject.rs`) goes to the rejects file (`journal/rejects.rs`). At last the mark moves on before which all is settled
//!    ([`journal::Tracker`], `journal/tracker.rs`).
//!
//! Then control goes back the way it came: `command/import/ended_import.rs` has what all steps came to, and
//! `command/import/account.rs` gives the account and says in the journal that the run ended.
//!
//! The pure middle of it, by itself:
//!
//! ```
//! use avnology_migrate::avnology::encode;
//! use avnology_migrate::mapping::{Rules, map, parse};
//!
//! let record = br#"{"id":"user_1","email_addresses":[{"email_address":"ada@example.com","verified":true}]}"#;
//! let user = parse(record).expect("a user");
//! let rules = Rules::default();
//! let mapped = map(&user, &rules).expect("an identity");
//! let mut body = Vec::new();
//! encode(&mapped.identity, &mut body);
//! assert!(body.starts_with(br#"{"identity":{"external_id":"user_1","state":"active","email":"ada@example.com""#));
//! ```
//!
//! Four things need to be known about all users at once, and lie on disk, sorted or in buckets ([`index`]): who is in the input
//! twice, for which an import goes through its files before it sends anything ([`pipeline::run_first_pass`]); what the
//! target confirmed in earlier runs, so that a nightly run sends only what changed ([`journal::ConfirmedUsers`]); what the
//! target calls them ([`id_map::IdMap`]); and what other files say of them ([`passwords::Passwords`], [`memberships::Memberships`]).
//! [`verify`] keeps the target's list in the same way ([`destination::Catalogue`]).
//!
//! Several processes can each take a part of the same inputs ([`source::Shard`]): every record's number says whose it is, so
//! they need no word between them, and `runs merge` makes one account of theirs. What one of them found in its first pass
//! the others take over, where they keep their runs together (`command/shared/reading/first_pass/other_shard.rs`).
//!
//! # Words
//!
//! `avnology help glossary` has the words that users meet. These mean more than one thing here:
//!
//! - *account*: what became of the records of a run, which a report gives; at Clerk, somebody's account elsewhere
//!   ([`clerk::User`]'s `external_accounts`), or the one that a secret key is of.
//! - *answer*: what the other side of a request returns. An export may have an answer in it that Clerk gave in place of users
//!   (`source/answer.rs`); persons answer questions of the [`cutover`].
//! - *block*: 64 KiB of an input, whose hash a later read is held to ([`source::KnownInputs`]); a stretch of records that one shard
//!   takes ([`pipeline::ShardBlocks`]); in `source/block.rs`, 64 bytes of JSON.
//! - *envelope*: what is around the users in a file ([`source`]); what is around the identities in a request
//!   ([`destination::Envelope`]).
//! - *at the target*: of what is settled, the records that are there now; [`outcomes::AtTarget`] is what a dry run found there.
//! - *in doubt*: a batch is that was planned, and of which nobody knows whether the target carried it out; a grant is, of which the
//!   target did not say that it may be made.
//! - *input*: a file, an object or a pipe ([`source::Input`]); in what is said of a record, its index in the run, or its name.
//! - *key*: [`journal::RecordKey`] is the place of a record in the inputs; [`mapping::UniqueKeys`] are what no two users share; an
//!   idempotency key is of a request; an API key is a secret.
//! - *kind*: of records ([`kind::Kind`]); of the lists of an export ([`export::ExportKind`]); of a duplicate, what it shares
//!   ([`mapping::Unique`]).
//! - *mapper*: a thread that reads and maps, of which there are several ([`pipeline`]); what maps the records of one kind
//!   ([`mapping::RecordMapper`]).
//! - *mark*: [`destination::RunMark`] is in an identity and says whose it is; [`journal::ReadMark`] is a place in an input before
//!   which all is settled; a mark of the [`journal`]'s log begins a group.
//! - *place*: where something is: a record in the inputs ([`index::RecordPlace`]), a fault in a file ([`source::Place`]), an entry in
//!   a file of the [`index`], a chunk in the queue between mappers and batches. Where a file is, is its path. The *position* of a
//!   record is what people are told of its place, with the name of the input ([`source::Position`]).
//! - *known*: [`source::KnownInputs`] are the bytes of inputs that were read once; known records are recognized from the night before
//!   ([`recognition::KnownFile`]); a known id is one that the [`id_map`] has.
//! - *night*: a run that repeats an earlier one with a newer export, as many do every night until the switch. The *night before* is the
//!   last such run that was complete ([`recognition`]).
//! - *page*: of a list, what a target or Clerk gives at once; of the [`manual`], what a topic has; pages that were put together into
//!   one input are read as one ([`source`]).
//! - *pass*: the *first* one goes through the inputs before anything is sent, or compared with the target, and the *second* one is the
//!   import or the comparison itself, which reads them again. A later read of any kind is held to the first one ([`source::KnownInputs`]).
//! - *plan*: a [`journal::BatchPlan`] is a batch that is about to be sent; the [`steps`] are the plan of a migration; a
//!   [`tenant_plan::TenantPlan`] says what of a tenant beside its users moves, and how; one of [`webhooks`] says it of endpoints.
//! - *ready*: mapped, and not yet in a batch. What is on disk for good is *durable*.
//! - *record*: a user, an organization and so on, in an input; [`journal::RunRecord`] and its like are what a run notes of itself.
//! - *records*: in the names of fields, which ones a run takes ([`selection::RecordsOfRun`]), some of them, or how many there are.
//! - *refused*: the target does not accept a record, a batch or a request. Where it does not let us in at all, it is *no access*.
//! - *withheld*: an import, or what is left of one, that we ourselves do not send, by what the first pass found or because too many
//!   are missing. Its rejects are written ([`pipeline::Mode::Withheld`]).
//! - *reject*: a record that is not sent or not accepted, as the rejects file has it ([`journal::Reject`]); a
//!   [`mapping::Rejection`] is why.
//! - *room*: a part of this program, or space; memory that is used again is in *pieces*.
//! - *budget*: how long something is retried ([`pace::RetryBudget`]); of memory, how much batches may take.
//! - *client*: of HTTP ([`http::HttpClient`]), which an `avnology::Client` and its like are built on; of OAuth, what an application at
//!   Clerk becomes ([`apps`]).
//! - *confirmed*: what a target said that it has, of earlier runs. [`journal::ConfirmedUsers`] is all of it, which a run keeps up to
//!   date; [`journal::ConfirmedLookup`] is how it was before, to look users up in.
//! - *earlier*: an earlier record comes first in the input, or is of an earlier run; an earlier external id is one that the target
//!   still has somebody under.
//! - *forecast*, *prediction*, *preview*: a dry run says how much an import will send and how long that takes, by what it counted
//!   ([`outcomes::ForecastCounts`], [`report::Forecast`]); the first pass of an import finds how many records there are and how many
//!   of them will be rejected ([`journal::Prediction`]); a preview shows identities as they would be sent.
//! - *permit*: the [`pace`] gives one to a request; one for memory, to a batch, is called `memory`.
//! - *part*: of a run, what one process did of it before it was stopped; of a batch, what is sent again by itself. Of an import a
//!   part is called a shard.
//! - *settled*: a record is settled when nothing is left to be done about it: created, there already, or rejected.
//! - *unfinished*: what a run did not settle ([`outcomes::Counts`]); in [`source`], a record whose end was not found yet.
//! - *verified*: an address or a number is at Clerk; bytes are that checksums cover; [`verify`] compares a target with an export.
//! - *step*: the [`steps`] of a migration are its kinds of records, one after the other. In the name of a type it is the next thing that
//!   happens in some sequence, as in `FrameStep`.
//! - *run*: of a migration, all of it, in its directory ([`journal`]); of the pipeline, one step of that ([`pipeline::run`]).
//! - *job*: what one run of the pipeline is to do ([`pipeline::Job`]); of the [`program`], a command that takes a while and may be
//!   watched.
//! - *taken*: another identity has it, as an email address ([`destination::ItemError`]); a batch is taken from those that wait; the
//!   [`id_map`] takes in the journals of runs.
//! - *turn*: to read, among the mappers; to send, at the [`pace`]. A *slot* there is one of the requests that may be under way, and a
//!   *permit* lets one go now.
//! - *probe*: a request that only asks whether a target answers; which one it is, the [`destination`] knows: at Avnology ID, a
//!   create that is only to be checked, where that is possible (`avnology/probe.rs`). Of the [`pace`], the one
//!   request that goes alone after a hold while the others wait for its answer.
//! - *watched*: the bytes of an input are, while it is read ([`source::Watch`]); others are, to see whether they succeed while a suspect
//!   batch fails (`delivery/success_clock.rs`); jobs are, by a service ([`notify`]).
//! - *unchanged*: the target has the record as it is ([`recognition::UnchangedRecords`]); as an outcome, it was there already and was
//!   left as it was, be it the same or not ([`journal::RecordOutcome::Unchanged`]).
//!
//! # What holds
//!
//! Each promise has tests that fail if it is broken; `tests/README.md` has all of them.
//!
//! - **Constant memory** ([test][memory]). Chunks, batches, channels and sorters are bounded
//!   ([`pipeline::MemoryBound`]), and nothing grows with the number of users.
//! - **Each record in exactly one place** ([test][sweep]): created, updated, unchanged, rejected (code, sentence,
//!   position, the record itself), or unfinished, which the same command resumes. See [`outcomes::Counts`].
//! - **Nothing lost, nothing doubled** ([kills][kill], [power cuts][crash]). What the target did is durable before it
//!   counts. A batch is in the journal before it is sent, and is sent again exactly as it was if its answer was lost
//!   ([`journal`]).
//! - **Nobody else's** ([test][ownership]). An identity is the run's own only with proof, the target's `created` or the
//!   run's mark on it ([`destination::RunMark`]). The program claims nothing else, and undo deletes nothing else.
//! - **No role to anybody else** ([test][grants]). A role is granted only after the target itself said that the member, the
//!   organization and the user are those whom the record names ([`mapping::Reference`]).
//! - **What is sent is what was written** ([changed], [damaged]). The first pass finds damage before a user is sent,
//!   and each later read of an input is checked against the bytes of the first one ([`source::KnownInputs`]).
//! - **Each user is one identity** ([persons], [ids]). The id at Clerk says who is the same person, even if all else changed, and
//!   the ids that the target gave are listed as they are.
//! - **A repeated run changes nothing** ([test][nightly]). `external_id` is the key at the target. What is there is
//!   read back and compared.
//! - **One bad record never stops a run** ([test][reading]), and a refusal of the whole run is never counted as rejects
//!   ([test][gateways]).
//! - **As fast as the target allows, and no faster** ([test][scenarios]).
//! - **No secret or personal datum** in logs, errors or reports ([test][cli]): errors name fields and positions, never
//!   values.
//!
//! # Recipes
//!
//! - **A notice** (or a reject): add it to `mapping/code.rs` where reports are to show it. Give a notice a number that was
//!   never used in `mapping/notices.rs`, because journals keep it under that. Return it where the mapping finds it, give
//!   `fixtures/clerk_users.json` a user who shows it, and add the row to `fixtures/README.md`.
//! - **An option**: add it with its help to the arguments of its command in `cli`, and a row to the table in `cli/options.rs`,
//!   which says its variable, whether the config file takes it, and whether a run remembers it. Resolve it in the file of its
//!   command in `settings`, or in the part that several commands share. If a run remembers it, add it to
//!   [`journal::RecordedOptions`] and `settings/recorded_options.rs`. Then update the snapshot of `--help` and
//!   `manual/options.md`.
//! - **A variable** that is no option, as those with keys: its name and what it is go to `cli/variables.rs`, and a file of
//!   `settings` reads it through `settings/environment.rs`.
//! - **A command**: what can be typed goes to `cli/NAME.rs`, what it needs to `settings/NAME.rs`, what it does to
//!   `command/NAME.rs`; `program` puts the three together.
//! - **A kind of record**: add it to [`kind::Kind`], at the end, because files keep its place; if it has to move before another
//!   one, its doc says how. Add its unique fields to [`mapping::Unique`]. Implement [`mapping::RecordMapper`]: behind it a record
//!   is bytes, ids, keys and notices, and neither the pipeline nor the journal looks inside. The [`steps`] then has a step of it:
//!   one run of the pipeline, in the one journal of the run. What a step needs of the steps before it is in the [`id_map`]. Where
//!   its records go is what [`destination::Destination::of_kind`] gives.
//! - **A destination**: a room beside [`avnology`] that implements [`destination::Destination`] over [`http`]; the doc of
//!   [`destination`] says what two of them have in common. `delivery/sender_tests.rs` shows what the senders make of its
//!   words. What [`verify`] and undo ask goes through it, too; `command/shared/target.rs` alone makes destinations.
//! - **A journal entry**: add the variant at the end of [`journal::Entry`], because old journals are read by place.
//!   Replay it in `journal/read_journal.rs`, and have a scenario in `tests/crash/main.rs` write it.
//! - **A page of the manual**: write `manual/TOPIC.md`, and name it in `manual/topics.rs` and in `manual/links.md`.
//!
//! # The rooms
//!
//! Where there are a room and a command of one name, the room decides, and `command/NAME` asks the person, prints and counts.
//!
//! | module | what is in it |
//! |---|---|
//! | [`cli`] | what can be typed, one file a command; the table of options; types and help texts only |
//! | [`settings`] | one type a command; flags > environment > `.env` > config file > defaults; which run an id names; the only reader of the environment |
//! | [`toml_document`] | files that users write, and their faults by line and column |
//! | [`rule_files`] | the mapping file and the traits schema, and a run's copies of them |
//! | [`program`] | from the command line to an exit status |
//! | [`command`] | what each command does, phase by phase, changes at the target too: a file or a folder each, and in `command/shared` what several of them need |
//! | [`source`] | bytes to records: shapes, envelope, framing, positions |
//! | [`clerk`] | what Clerk's data means |
//! | [`fast_json`] | a JSON reader that expects the names of the last record, and reads what `serde_json` would read |
//! | [`clerk_api`] | Clerk's Backend API, which is only read |
//! | [`export`] | a tenant from that API into files: lists that change, resume, the manifest |
//! | [`tenant_plan`] | what of a tenant beside its users moves, and how, sorted on disk; token templates claim by claim, pure |
//! | [`webhooks`] | what becomes of events and endpoints of webhooks; who signed a delivery; pure |
//! | [`cutover`] | the switch: what is checked, what persons record, and how its steps stand; pure but for its one file |
//! | [`mapping`] | Clerk to Avnology ID, pure; the stable codes; what is in a line of a rejects file |
//! | [`pipeline`] | the stages above, readable top to bottom |
//! | [`delivery`] | batches to the destination: retries, splits, blame, what became of each identity |
//! | [`made_once`] | objects that are made at a target once, and the file for secrets that are shown once |
//! | [`destination`] | what identities can be sent to, in no vendor's words: results, failures, what can be compared |
//! | [`outcomes`] | what became of the records: the ledger, and why a run stopped |
//! | [`pace`] | how fast: the rate, how many at once, how large; pure controls behind one gate |
//! | [`avnology`] | the Admin API as a destination: requests, answers and what they mean, preflight |
//! | [`hydra`] | Ory Hydra as a target of OAuth clients, by its admin API |
//! | [`apps`] | OAuth applications become clients: which, what is to be done, each once |
//! | [`kratos`] | Ory Kratos as a destination: its admin API, its identity schema, whom to believe |
//! | [`keto`] | Ory Keto, where roles go from a tenant whose users go to Kratos: inserts that are made idempotent |
//! | [`http`] | one request and its reply, in no vendor's words: TLS, proxies, keys, retries |
//! | [`kind`] | what kinds of records move |
//! | [`steps`] | which steps a migration has, in which order |
//! | [`id_map`] | what a target calls those whom Clerk calls otherwise: ids at Clerk to ids at the target, on disk |
//! | [`index`] | what grows with the number of users: entries on disk, sorted or in buckets; duplicates |
//! | [`selection`] | which records of an export a pilot is about: lists, conditions, samples |
//! | [`missing`] | users and memberships that earlier runs created and that are no longer in the export, and what was done about them |
//! | [`recognition`] | knows the records of the night before again by their bytes, so that they are not mapped |
//! | [`passwords`] | joins the passwords of the Dashboard's CSV to users of other exports |
//! | [`memberships`] | joins to users the organizations that they are in, for a target that has no organizations |
//! | [`verify`] | reads the target back and compares it with an export |
//! | [`rehearsal`] | what an import would find at its target, by reading and asking alone |
//! | [`journal`] | what a run leaves on disk |
//! | [`report`] | progress, summary, the JSON report of a run; what another room finds has its own `…Report` there |
//! | [`notify`] | what others hear of a job: a service that watches jobs, a program at its end |
//! | [`results`] | what became of each record, as lists for people and other programs |
//! | [`manual`] | the pages that `avnology help TOPIC` prints |
//! | [`sandbox`] | an embedded Avnology ID on SQLite, to rehearse and test against |
//! | `clerk_sandbox` | a stand-in for Clerk's Backend API, to export from without a Clerk account |
//! | `hexadecimal` | bytes as hexadecimal digits |
//! | [`human`] | numbers in a form for people |
//! | [`markdown`] | any text as it is, in Markdown |
//! | [`files`] | files and directories for the owner only, put in place as a whole |
//! | `ignore` | failures that are ignored on purpose, each with its reason |
//! | [`logging`] | the log on standard error |
//! | [`signal`], [`exit`] | how a run is stopped, and how scripts learn how it ended |
//! | [`version`] | which build this is; the build script |
//!
//! `src/codemod` is a crate of its own behind the same binary (feature `codemod`): it moves code, not users. Its front page says
//! how.
//!
//! Everything that decides is pure and synchronous; async exists only where bytes move. The contract with the vendor,
//! documented and assumed, is in [`avnology`].
//!
//! [memory]: ../../../tests/end_to_end/memory.rs
//! [sweep]: ../../../tests/end_to_end/sweep.rs
//! [kill]: ../../../tests/end_to_end/kill.rs
//! [crash]: ../../../tests/crash/main.rs
//! [ownership]: ../../../tests/end_to_end/ownership.rs
//! [grants]: ../../../tests/end_to_end/grants.rs
//! [changed]: ../../../tests/end_to_end/changed.rs
//! [damaged]: ../../../tests/end_to_end/damaged.rs
//! [persons]: ../../../tests/end_to_end/persons.rs
//! [ids]: ../../../tests/end_to_end/ids.rs
//! [nightly]: ../../../tests/end_to_end/nightly.rs
//! [reading]: ../../../tests/end_to_end/reading.rs
//! [gateways]: ../../../tests/end_to_end/gateways.rs
//! [scenarios]: ../../../tests/end_to_end/scenarios.rs
//! [cli]: ../../../tests/end_to_end/cli.rs

pub mod apps;
pub mod avnology;
pub mod clerk;
pub mod clerk_api;
#[cfg(feature = "sandbox")]
pub mod clerk_sandbox;
pub mod cli;
pub mod command;
pub mod cutover;
pub mod delivery;
pub mod destination;
pub mod exit;
pub mod export;
pub mod fast_json;
pub mod files;
mod hexadecimal;
pub mod http;
pub mod human;
pub mod hydra;
pub mod id_map;
mod ignore;
pub mod index;
pub mod journal;
pub mod keto;
pub mod kind;
pub mod kratos;
pub mod logging;
pub mod made_once;
pub mod manual;
pub mod mapping;
pub mod markdown;
pub mod memberships;
pub mod missing;
pub mod notify;
pub mod outcomes;
pub mod pace;
pub mod passwords;
pub mod pipeline;
pub mod program;
pub mod recognition;
pub mod rehearsal;
pub mod report;
pub mod results;
pub mod rule_files;
#[cfg(not(feature = "sandbox"))]
#[path = "sandbox/without_feature/sandbox.rs"]
pub mod sandbox;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod selection;
pub mod settings;
pub mod signal;
pub mod source;
pub mod steps;
pub mod tenant_plan;
pub mod toml_document;
pub mod verify;
pub mod version;
pub mod webhooks;
