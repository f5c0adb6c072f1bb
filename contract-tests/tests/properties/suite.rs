//! The tests of one target, and their results if the target is not available.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

use contract_tests::concurrency::raises::{LostAnswers, no_update_is_lost};
use contract_tests::coverage::buckets::Bucket;
use contract_tests::coverage::contract_doc::ContractDoc;
use contract_tests::environments::environment::Setup;
use contract_tests::environments::target::Target;
use contract_tests::faults::interleaved::check_interleaved;
use contract_tests::report::failure::Failure;
use contract_tests::report::file::{self, FailureFile};
use contract_tests::sequences::execute::FinalCheck;
use contract_tests::sequences::shrink::run_fresh;
use contract_tests::sequences::wide_items::check_wide_items;
use contract_tests::settings::{Variables, or_exit, root};
use contract_tests::toolkit::deployed::latency::Latencies;
use contract_tests::toolkit::dynamodb::container::DynamoDbLocal;
use contract_tests::toolkit::outcome::NotPassed::{Failed, Inconclusive};
use contract_tests::toolkit::outcome::Outcome;
use contract_tests::toolkit::progress::{Passed, Progress};
use contract_tests::toolkit::random::Sampling;
use contract_tests::{concurrency, faults, sequences};
use function::config::variable;
use libtest_mimic::{Completion, Trial};
use tokio::runtime::Handle;

use crate::results::{Results, without_replay};

/// The number of cases for which each client of [`no_update_is_lost`] raises the price once: 50 times by default.
const CASES_PER_RAISE: u32 = 2;

/// The same for a deployed API, which is slower and costs money: 10 times by default.
const CASES_PER_DEPLOYED_RAISE: u32 = 10;

/// The availability of a target, and the results of its tests if it is not available.
#[derive(Clone)]
pub enum Availability {
    /// The tests run. A required container is started even if its image has to be pulled first.
    Available,
    /// The tests are ignored for this reason.
    Ignored(String),
    /// The tests fail for this reason: `CONTRACT_REQUIRE` names the target, and it cannot be tested.
    Failed(String),
    /// The tests run if Docker answers and has the image, which is checked when the first of them runs.
    IfDockerHasImage(Handle),
    /// The tests run if these programs are installed, which is checked when each of them runs.
    IfInstalled(&'static [&'static str]),
}

impl Availability {
    /// Returns the availability of `DynamoDB` Local, in a container or elsewhere.
    pub fn of_dynamodb_local(variables: &Variables, runtime: &Handle) -> Self {
        match variables.dynamodb_endpoint {
            Some(_) => Self::Available,
            None => Self::of_containers(variables, runtime),
        }
    }

    /// Returns the availability of `DynamoDB` Local in a container.
    pub fn of_containers(variables: &Variables, runtime: &Handle) -> Self {
        if variables.dynamodb_endpoint.is_some() {
            Self::Ignored("DYNAMODB_ENDPOINT is set, so no container is started".to_owned())
        } else if variables.required.contains("dynamodb-local") {
            Self::Available
        } else {
            Self::IfDockerHasImage(runtime.clone())
        }
    }

    /// Returns the availability of a deployed API.
    pub fn of_deployed(variables: &Variables) -> Self {
        let reason = "set CONTRACT_URL to the URL of a deployed API".to_owned();
        match variables.url {
            Some(_) => Self::Available,
            None if variables.required.contains("deployed") => Self::Failed(reason),
            None => Self::Ignored(reason),
        }
    }

    /// Returns the test that calls `run` if the target is available.
    pub fn trial(
        self,
        name: String,
        results: &Results,
        run: impl FnOnce() -> Result<(), String> + Send + 'static,
    ) -> Trial {
        let (results, test) = (results.clone(), name.clone());
        // Under nextest each test is a separate process, which cannot report that it was ignored: nextest must know
        // that when it lists the tests.
        let nextest = variable("NEXTEST").is_some();
        let ignored = nextest && self.ignored().is_some();
        let trial = Trial::ignorable_test(name, move || {
            if let Self::Failed(reason) = self {
                results.run_test(&test, || Err(reason))?;
                return Ok(Completion::Completed);
            }
            if let Some(reason) = self.ignored() {
                results.ignore(&test, &reason);
                return Ok(Completion::ignored_with(reason));
            }
            run()?;
            Ok(Completion::Completed)
        });
        trial.with_ignored_flag(ignored)
    }

    /// Returns the reason why the tests are ignored, if they are.
    fn ignored(&self) -> Option<String> {
        static DOCKER: OnceLock<Option<String>> = OnceLock::new();
        match self {
            Self::Available | Self::Failed(_) => None,
            Self::Ignored(reason) => Some(reason.clone()),
            Self::IfDockerHasImage(runtime) => DOCKER
                .get_or_init(|| runtime.block_on(DynamoDbLocal::check_available()).err())
                .clone(),
            Self::IfInstalled(programs) => {
                let missing = programs.iter().find(|program| {
                    let version = Command::new(program).arg("--version").output();
                    version.is_err()
                });
                missing.map(|program| format!("{program} is not installed"))
            }
        }
    }
}

/// The tests of one target.
pub struct Suite {
    pub runtime: Handle,
    pub sampling: Sampling,
    pub target: Target,
    pub availability: Availability,
    pub results: Results,
    /// The latencies of the requests to an API that the tests start.
    pub latencies: Arc<Latencies>,
}

impl Suite {
    /// Returns the tests.
    pub fn trials(&self) -> Vec<Trial> {
        let mut trials = vec![
            self.sequences(),
            self.histories("concurrency::every_item_is_linearizable", self.setup()),
            self.raises("concurrency::no_update_is_lost", LostAnswers::Nowhere),
            self.raises(
                "concurrency::no_update_is_lost_even_if_answers_are_lost",
                LostAnswers::ToClient,
            ),
        ];
        trials.extend(regressions().map(|file| self.regression(file)));
        // The table of a deployed API cannot be made to fail.
        if !matches!(self.target, Target::Deployed(..)) {
            let failing = faults::with_failing_table(&Setup::default());
            trials.push(self.histories("faults::every_item_stays_linearizable", failing));
            trials.push(self.raises(
                "faults::no_update_is_lost_even_if_answers_are_lost",
                LostAnswers::ToService,
            ));
            trials.push(self.trial(
                "faults::a_change_between_read_and_write_is_noticed",
                async |target, test, _| check_interleaved(&target, &test).await,
            ));
            trials.push(self.faults());
            trials.push(self.exhaustive());
            trials.push(self.trial(
                "sequences::an_item_of_148_attributes_is_compared",
                async |target, test, _| check_wide_items(&target, &test).await,
            ));
        }
        trials
    }

    fn sequences(&self) -> Trial {
        let (sampling, setup) = (self.sampling, self.setup());
        self.trial(
            "sequences::every_response_matches_the_model",
            async move |target, test, file| {
                sequences::check_cases(&target, &setup, sampling, &test, Some(file)).await
            },
        )
    }

    /// Returns the test that reaches, without random choices, every cell of `CONTRACT.md` that needs no fault of the
    /// table.
    fn exhaustive(&self) -> Trial {
        let setup = self.setup();
        self.trial(
            "sequences::every_declared_cell_is_reached",
            async move |target, test, file| {
                let outcome = sequences::check_exhaustive(
                    &target,
                    &setup,
                    sequences::exhaustive_sequences(),
                    &test,
                    Some(file),
                );
                let (passed, reached) = outcome.await?;
                let contract = ContractDoc::load();
                let cells = contract.sequence_cells();
                let cells = cells.filter(|cell| !reached.cells.contains(cell));
                let cells = cells.map(|cell| cell.to_string());
                let buckets = contract.buckets.iter();
                let buckets = buckets.filter(|bucket| !reached.buckets.contains(bucket));
                let missed: Vec<_> = cells.chain(buckets.map(Bucket::to_string)).collect();
                if missed.is_empty() {
                    return Ok(passed);
                }
                let missed = missed.join("\n  ");
                without_replay(Err(Failed(format!(
                    "the exhaustive sequences do not reach:\n  {missed}"
                ))))
            },
        )
    }

    /// Returns the test that replays a saved failure, named after its file.
    fn regression(&self, file: PathBuf) -> Trial {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        self.trial(
            &format!("regressions::{name}"),
            async move |target, test, _| {
                let progress = Progress::new(&test, 1);
                let saved = without_replay(file::read(&file).map_err(Failed))?;
                if saved.operations.is_empty() {
                    let reason = format!("{} has no operations to replay", file.display());
                    return without_replay(Err(Failed(reason)));
                }
                let setup = Setup::default();
                let replayed =
                    run_fresh(&target, &setup, &saved.operations, FinalCheck::AtEnd).await;
                let run = replayed.map_err(Inconclusive)?;
                if let Err(not_passed) = &run.outcome {
                    let failure = sequences::failure_of(&run, &target);
                    return Err(not_passed.clone().map(|_| Box::new(failure)));
                }
                progress.advance(1);
                Ok(progress.passed(None, run.unchecked))
            },
        )
    }

    fn histories(&self, name: &str, setup: Setup) -> Trial {
        let sampling = self.sampling;
        self.trial(name, async move |target, test, _| {
            concurrency::check_cases(&target, &setup, sampling, &test).await
        })
    }

    fn raises(&self, name: &str, lost: LostAnswers) -> Trial {
        let cases_per_raise = match self.target {
            Target::Deployed(..) => CASES_PER_DEPLOYED_RAISE,
            Target::Embedded | Target::DynamoDbLocal(_) => CASES_PER_RAISE,
        };
        let raises = self.sampling.cases.div_ceil(cases_per_raise);
        self.trial(name, async move |target, test, _| {
            let setup = match lost {
                LostAnswers::ToService => faults::with_failing_table(&Setup::default()),
                LostAnswers::Nowhere | LostAnswers::ToClient => Setup::default(),
            };
            no_update_is_lost(&target, &setup, lost, raises, &test).await
        })
    }

    fn faults(&self) -> Trial {
        self.trial("faults::every_fault_is_handled", async |target, test, _| {
            let outcome = faults::check_all(&target, &Setup::default(), &test).await;
            outcome.map_err(|not_passed| not_passed.map(|of_case| Box::new(of_case.failure)))
        })
    }

    fn trial(
        &self,
        name: &str,
        run: impl AsyncFnOnce(Target, String, &FailureFile) -> Outcome<Passed, Box<Failure>>
        + Send
        + 'static,
    ) -> Trial {
        let name = format!("{}::{name}", self.target.name());
        let (runtime, results) = (self.runtime.clone(), self.results.clone());
        let (target, test) = (self.target.clone(), name.clone());
        let availability = self.availability.clone();
        availability.trial(name, &self.results, move || {
            results.run_property(&test, |file| {
                runtime.block_on(run(target.with_fresh_budget(), test.clone(), file))
            })
        })
    }

    /// Returns the setup of the original service, with the latencies of its requests.
    fn setup(&self) -> Setup {
        Setup {
            latencies: Some(Arc::clone(&self.latencies)),
            ..Setup::default()
        }
    }
}

/// Returns the saved failures of `tests/regressions`, sorted by name.
fn regressions() -> impl Iterator<Item = PathBuf> {
    // A suite that was built elsewhere is run in a checkout.
    let built_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/regressions");
    let folders = [root().join("contract-tests/tests/regressions"), built_in];
    let mut files = folders.iter().map(std::fs::read_dir);
    let files = or_exit(files.find_map(Result::ok).ok_or_else(|| {
        format!(
            "run the suite in a checkout: it needs {}",
            folders[0].display()
        )
    }));
    let mut files: Vec<_> = files
        .filter_map(|file| Some(file.ok()?.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    files.sort();
    files.into_iter()
}
