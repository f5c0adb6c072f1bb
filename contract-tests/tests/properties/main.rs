//! The contract tests, each named `target::suite::property`; README.md tells of the variables.

mod exit_paths;
mod isolation;
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
use contract_tests::mutants::detect;
use contract_tests::settings::{self, Variables};
use contract_tests::toolkit::dynamodb::container::DynamoDbLocal;
use contract_tests::toolkit::dynamodb::docker;
use contract_tests::toolkit::random::unique_prefix;
use contract_tests::toolkit::random::{DEFAULT_CASES, Sampling};
use libtest_mimic::{Arguments, Trial};
use local::signal::Signal;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::OnceCell;

use results::Results;
use suite::{Availability, Suite};

/// Tests that run at once, also on fewer processors, unless `--test-threads` says otherwise: most of them wait for
/// time-outs most of the time.
const MIN_TEST_THREADS: usize = 8;

/// From how many seeds the planted bugs are looked for.
const MUTANT_SEEDS: u32 = 5;

/// What outlasts the process, and must not.
#[derive(Clone)]
struct Resources {
    dynamodb: Arc<DynamoDbLocal>,
    deployment: Arc<Deployment>,
    released: Arc<OnceCell<Result<(), String>>>,
    /// Whether the process was told to end, which it does as soon as all is given back.
    interrupted: Arc<AtomicBool>,
}

impl Resources {
    /// Removes the container, and every item that was put into the deployed API: once, whoever asks for it.
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

/// Joins the messages of what is left into one error, if there are any.
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
    runtime.spawn(release_when_interrupted(resources.clone()));

    let results = Results::default();
    let trials = match exit_paths::requested() {
        Some(exit_path) => vec![exit_paths::trial(
            exit_path,
            runtime.handle(),
            &resources.dynamodb,
        )],
        None => trials(&variables, runtime.handle(), &resources, &results),
    };
    let conclusion = libtest_mimic::run(&arguments, trials);
    if resources.interrupted.load(Ordering::SeqCst) {
        return runtime.block_on(std::future::pending());
    }
    if let Some(table) = detect::results_table() {
        println!("{table}");
    }
    if let Some(summary) = results.summary().filter(|_| !arguments.list) {
        println!("{summary}");
    }
    let is_complete =
        arguments.list || exit_paths::requested().is_some() || report_coverage(&arguments);
    // Done here, and not when it is dropped: an exit drops nothing.
    let released = runtime.block_on(resources.release());
    if resources.interrupted.load(Ordering::SeqCst) {
        return runtime.block_on(std::future::pending());
    }
    if let Err(left) = &released {
        eprintln!("{left}");
    }
    if !conclusion.has_failed() && (released.is_err() || !is_complete) {
        return ExitCode::FAILURE;
    }
    results.exit_code(&conclusion, resources.deployment.has_wrong_url())
}

/// Prints what was reached of the contract. Whether that is all of it, only a run of all tests can say.
fn report_coverage(arguments: &Arguments) -> bool {
    let Some(coverage) = tracker::coverage() else {
        return true;
    };
    let filtered = arguments.filter.is_some() || !arguments.skip.is_empty() || arguments.ignored;
    if filtered {
        println!("Coverage is not judged, since only some of the tests were run.");
        return true;
    }
    println!("{}", coverage.table);
    if !coverage.gaps.is_empty() {
        println!(
            "CONTRACT.md and what was reached differ:\n  {}",
            coverage.gaps.join("\n  ")
        );
    }
    coverage.gaps.is_empty()
}

fn trials(
    variables: &Variables,
    runtime: &Handle,
    resources: &Resources,
    results: &Results,
) -> Vec<Trial> {
    let suite = |target, availability| Suite {
        runtime: runtime.clone(),
        sampling: variables.sampling,
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
    trials.push(exit_paths::container_trial(containers, runtime));
    trials.extend(
        suite(
            Target::deployed(&resources.deployment),
            Availability::of_deployed(variables),
        )
        .trials(),
    );
    trials.extend(isolation::trials(runtime));
    trials.extend((1..=MUTANT_SEEDS).map(|number| {
        let name = format!("embedded::mutants::seed_{number}");
        // The first seed may be chosen; the others are never the same. The cases are those of a default
        // run, whatever was chosen, for it is the default run that has to catch them.
        let sampling = Sampling {
            cases: DEFAULT_CASES,
            ..match number {
                1 => variables.sampling,
                _ => Sampling::with_fresh_seed(),
            }
        };
        let (runtime, test) = (runtime.clone(), name.clone());
        Trial::test(name, move || {
            Ok(runtime.block_on(detect::every_mutant_is_detected(sampling, &test))?)
        })
    }));
    trials
}

/// Ends the process when it is told to, as it would have ended by itself: with nothing left behind. Told a second time,
/// it ends at once, and says what is left.
async fn release_when_interrupted(resources: Resources) {
    let mut signal = Signal::listen().expect("signals can be listened to");
    let code = signal.received().await;
    resources.interrupted.store(true, Ordering::SeqCst);
    eprintln!("stopping: what the tests put is deleted; Ctrl-C ends that too");
    let released = tokio::select! {
        released = resources.release() => released,
        _ = signal.received() => resources.left_behind(),
    };
    if let Err(left) = released {
        eprintln!("{left}");
    }
    std::process::exit(code.into());
}

/// Runs this process anew with the `DOCKER_HOST` that its Docker is at, if testcontainers would look for it elsewhere.
/// The process cannot set its own variables: that is not safe once there are threads.
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
    // It returns only if that failed; then Docker is looked for where it usually is.
    let _ = command.exec();
}
