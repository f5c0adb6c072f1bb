//! The contract tests, each named `target::property::test`; README.md lists the variables.

mod exercises;
mod exit_paths;
mod isolation;
mod reports;
mod results;
mod suite;

use std::num::NonZero;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::available_parallelism;

use contract_tests::coverage::tracker;
use contract_tests::deployed::Deployment;
use contract_tests::environments::target::Target;
use contract_tests::mutants::{detect, variants};
use contract_tests::report::run::TestRecord;
use contract_tests::settings::{self, TARGETS, Variables};
use contract_tests::toolkit::dynamodb::container::DynamoDbLocal;
use contract_tests::toolkit::dynamodb::docker;
use contract_tests::toolkit::random::unique_prefix;
use contract_tests::toolkit::random::{DEFAULT_CASES, Sampling};
use libtest_mimic::{Arguments, Trial};
use local::signal::Signal;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::OnceCell;

use reports::{LatenciesOfTargets, Reports};
use results::Results;
use suite::{Availability, Suite};

/// The minimum number of tests that run at once, also on fewer processors, unless `--test-threads` is given: most tests
/// wait for time-outs most of the time.
const MIN_TEST_THREADS: usize = 8;

/// The divisor of the number of cases: a variant is checked with one case for every 20 of a property.
const CASES_PER_VARIANT_CASE: u32 = 20;

/// The external resources to release before the process exits: the container of `DynamoDB` Local, and the items in a
/// deployed API.
#[derive(Clone)]
struct Resources {
    dynamodb: Arc<DynamoDbLocal>,
    deployment: Arc<Deployment>,
    released: Arc<OnceCell<Result<(), String>>>,
    /// `true` once a signal was received: the process exits as soon as the resources are released.
    interrupted: Arc<AtomicBool>,
}

impl Resources {
    /// Removes the container, and every item that was put into the deployed API. Later calls return the result of the
    /// first.
    async fn release(&self) -> Result<(), String> {
        let released = self.released.get_or_init(|| async {
            let (removed, finished) =
                tokio::join!(self.dynamodb.remove(), self.deployment.finish());
            join_messages([removed.err(), finished.err()])
        });
        released.await.clone()
    }

    /// Returns an error if something is left that the process does not wait for.
    fn left_behind(&self) -> Result<(), String> {
        let left = self.deployment.leftover_message("the clean-up was stopped");
        join_messages([self.dynamodb.leftover_message(), left])
    }
}

/// Returns the messages as one error, if there are any.
fn join_messages(messages: [Option<String>; 2]) -> Result<(), String> {
    let messages: Vec<_> = messages.into_iter().flatten().collect();
    if messages.is_empty() {
        Ok(())
    } else {
        Err(messages.join("\n"))
    }
}

fn main() -> ExitCode {
    let mut arguments: Arguments = settings::arguments();
    let processors = available_parallelism().map_or(1, NonZero::get);
    let threads = &mut arguments.test_threads;
    threads.get_or_insert(processors.max(MIN_TEST_THREADS));
    let variables = Variables::from_env();
    if variables.dynamodb_endpoint.is_none() {
        restart_with_docker_host();
    }
    let runtime = Runtime::new().expect("a runtime can be started");
    let resources = Resources {
        dynamodb: Arc::new(match &variables.dynamodb_endpoint {
            Some(endpoint) => DynamoDbLocal::at(endpoint.clone()),
            None => DynamoDbLocal::in_container(exit_paths::label().unwrap_or_else(unique_prefix)),
        }),
        // Without a URL the tests of a deployed API do not run.
        deployment: Deployment::of_variables(variables.url.clone().unwrap_or_default(), &variables),
        released: Arc::default(),
        interrupted: Arc::default(),
    };
    let mut latencies = LatenciesOfTargets::from(TARGETS.map(|target| (target, Arc::default())));
    let of_deployment = Arc::clone(resources.deployment.latencies());
    latencies.insert("deployed", of_deployment);
    let runs_tests = !arguments.list && exit_paths::requested().is_none();
    let reports = runs_tests.then(|| {
        let reports = Reports::new(&variables, latencies.clone());
        Arc::new(settings::or_exit(reports))
    });
    let changed = {
        let reports = reports.clone();
        move |tests: &[TestRecord]| reports.iter().for_each(|reports| reports.write(tests))
    };
    let results = Results::new(variables.failures.clone(), changed);
    runtime.spawn(release_when_interrupted(
        resources.clone(),
        reports.clone(),
        results.clone(),
    ));

    let trials = match exit_paths::requested() {
        Some(exit_path) => vec![exit_paths::trial(
            exit_path,
            runtime.handle(),
            &resources.dynamodb,
        )],
        None => trials(
            &variables,
            runtime.handle(),
            &resources,
            &results,
            &latencies,
        ),
    };
    let conclusion = libtest_mimic::run(&arguments, trials);
    if resources.interrupted.load(Ordering::SeqCst) {
        return runtime.block_on(std::future::pending());
    }
    if let Some(table) = detect::results_table() {
        println!("{table}");
    }
    if let Some(table) = tracker::drawn_buckets() {
        println!("{table}");
    }
    if let Some(summary) = results.summary().filter(|_| !arguments.list) {
        println!("{summary}");
    }
    let mut problems = if runs_tests {
        report_coverage(&arguments)
    } else {
        Vec::new()
    };
    // Released here and not by `Drop`, because an exit drops nothing.
    let released = runtime.block_on(resources.release());
    if resources.interrupted.load(Ordering::SeqCst) {
        return runtime.block_on(std::future::pending());
    }
    // Printed last, because the clean-up also sends requests.
    if let Some(table) = resources.deployment.latency_table() {
        println!("{table}");
    }
    if let Err(left) = released {
        eprintln!("{left}");
        problems.push(left);
    }
    let has_problems = !problems.is_empty();
    let are_written = reports.is_none_or(|reports| reports.finish(&results.tests(), problems));
    if !conclusion.has_failed() && (has_problems || !are_written) {
        return ExitCode::FAILURE;
    }
    results.exit_code(&conclusion, resources.deployment.has_wrong_url())
}

/// Prints the coverage of the contract. Returns the gaps that a run of all tests left in it.
fn report_coverage(arguments: &Arguments) -> Vec<String> {
    let Some(coverage) = tracker::coverage() else {
        return Vec::new();
    };
    let filtered = arguments.filter.is_some() || !arguments.skip.is_empty() || arguments.ignored;
    if filtered {
        println!("Coverage is not checked, because only some of the tests were run.");
        return Vec::new();
    }
    println!("{}", coverage.table);
    if !coverage.gaps.is_empty() {
        println!(
            "CONTRACT.md and the cells that were reached differ:\n  {}",
            coverage.gaps.join("\n  ")
        );
    }
    coverage.gaps
}

fn trials(
    variables: &Variables,
    runtime: &Handle,
    resources: &Resources,
    results: &Results,
    latencies: &LatenciesOfTargets,
) -> Vec<Trial> {
    let suite = |target: Target, availability| Suite {
        runtime: runtime.clone(),
        sampling: variables.sampling,
        latencies: Arc::clone(&latencies[target.name()]),
        target,
        availability,
        results: results.clone(),
    };
    let local = Availability::of_dynamodb_local(variables, runtime);
    let mut trials = suite(Target::Embedded, Availability::Available).trials();
    trials.extend(
        suite(
            Target::DynamoDbLocal(Arc::clone(&resources.dynamodb)),
            local,
        )
        .trials(),
    );
    let containers = Availability::of_containers(variables, runtime);
    trials.push(exit_paths::container_trial(containers, runtime, results));
    trials.extend(
        suite(
            Target::deployed(&resources.deployment),
            Availability::of_deployed(variables),
        )
        .trials(),
    );
    trials.extend(isolation::trials(runtime, results));
    trials.extend(exercises::trials(runtime, results));
    trials.extend((1..=variables.mutant_seeds).map(|number| {
        let name = format!("embedded::mutants::seed_{number}");
        // The first seed may be chosen; the other seeds are new in each run. The number of cases is always the
        // default, because a default run has to detect the mutants.
        let sampling = Sampling {
            cases: DEFAULT_CASES,
            ..match number {
                1 => variables.sampling,
                _ => Sampling::with_fresh_seed(),
            }
        };
        let (runtime, test) = (runtime.clone(), name.clone());
        results.trial(name, move || {
            runtime.block_on(detect::every_mutant_is_detected(sampling, &test))
        })
    }));
    let (handle, test) = (runtime.clone(), "embedded::mutants::without_random_choices");
    trials.push(results.trial(test, move || {
        handle.block_on(detect::every_mutant_is_detected_without_random_choices(
            test,
        ))
    }));
    trials.push(variants_trial(variables.sampling, runtime, results));
    trials
}

/// Returns the test that no property reports a variant. It has fewer cases than a property, because it runs every
/// property once for each variant.
fn variants_trial(sampling: Sampling, runtime: &Handle, results: &Results) -> Trial {
    let name = "embedded::variants::seed_1";
    let sampling = Sampling {
        cases: (sampling.cases / CASES_PER_VARIANT_CASE).max(1),
        ..sampling
    };
    let runtime = runtime.clone();
    results.trial(name, move || {
        runtime.block_on(variants::no_variant_is_reported(sampling, name))
    })
}

/// Releases the resources when a signal is received, and then ends the process. A second signal ends it at once, with
/// a message about what is left behind.
async fn release_when_interrupted(
    resources: Resources,
    reports: Option<Arc<Reports>>,
    results: Results,
) {
    let mut signal = Signal::listen().expect("signals can be listened to");
    let code = signal.received().await;
    resources.interrupted.store(true, Ordering::SeqCst);
    eprintln!(
        "stopping: removing the container and the items of the tests; press Ctrl-C again to stop at once"
    );
    // Before the release, which may take minutes.
    if let Some(reports) = reports {
        reports.finish_interrupted(&results.tests());
    }
    let released = tokio::select! {
        released = resources.release() => released,
        _ = signal.received() => resources.left_behind(),
    };
    if let Err(left) = released {
        eprintln!("{left}");
    }
    std::process::exit(code.into());
}

/// Restarts this process with the `DOCKER_HOST` of the current Docker context if testcontainers would look for Docker
/// elsewhere, or without the variable if it is empty. The process cannot change the variable itself: that is not safe
/// once there are threads.
fn restart_with_docker_host() {
    let endpoint = docker::context_endpoint();
    // testcontainers takes an empty variable for an endpoint.
    let is_empty = std::env::var_os(docker::HOST).is_some_and(|host| host.is_empty());
    let Ok(executable) = std::env::current_exe() else {
        return;
    };
    let mut command = Command::new(executable);
    command.args(std::env::args_os().skip(1));
    match endpoint {
        Some(endpoint) => command.env(docker::HOST, endpoint),
        None if is_empty => command.env_remove(docker::HOST),
        None => return,
    };
    // `exec` returns only if it failed; then testcontainers looks for Docker in the usual places.
    let _ = command.exec();
}
