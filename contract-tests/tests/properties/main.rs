//! The contract tests, each named `target::suite::property`; README.md tells of the variables.

mod exit_paths;
mod isolation;
mod suite;
mod verdicts;

use std::num::NonZero;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::available_parallelism;

use contract_tests::coverage::ledger;
use contract_tests::deployed::Deployment;
use contract_tests::environments::target::Target;
use contract_tests::mutants::detect;
use contract_tests::settings::{self, Variables};
use contract_tests::toolkit::dynamodb::container::DynamoDbLocal;
use contract_tests::toolkit::dynamodb::docker;
use contract_tests::toolkit::random::fresh;
use contract_tests::toolkit::random::{CASES, Settings};
use libtest_mimic::{Arguments, Trial};
use local::signal::Signal;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::OnceCell;

use suite::{Availability, Suite};
use verdicts::Verdicts;

/// Tests that run at once, also on fewer processors, unless `--test-threads` says otherwise: most of them wait for
/// time-outs most of the time.
const MIN_TEST_THREADS: usize = 8;

/// From how many seeds the planted bugs are looked for.
const SEEDS: u32 = 5;

/// What outlasts the process, and must not.
#[derive(Clone)]
struct Borrowed {
    dynamodb: Arc<DynamoDbLocal>,
    deployment: Arc<Deployment>,
    given_back: Arc<OnceCell<Result<(), String>>>,
    /// Whether the process was told to end, which it does as soon as all is given back.
    interrupted: Arc<AtomicBool>,
}

impl Borrowed {
    /// Removes the container, and every item that was put into the deployed API: once, whoever asks for it.
    async fn give_back(&self) -> Result<(), String> {
        let given_back = self.given_back.get_or_init(|| async {
            let (removed, finished) =
                tokio::join!(self.dynamodb.remove(), self.deployment.finish());
            joined([removed.err(), finished.err()])
        });
        given_back.await.clone()
    }

    /// Returns an error if something is left that the process does not wait for.
    fn left_behind(&self) -> Result<(), String> {
        let left = self.deployment.left_behind("the clean-up was stopped");
        joined([self.dynamodb.left_behind(), left])
    }
}

/// Joins the messages of what is left into one error, if there are any.
fn joined(left: [Option<String>; 2]) -> Result<(), String> {
    let left: Vec<_> = left.into_iter().flatten().collect();
    if left.is_empty() {
        Ok(())
    } else {
        Err(left.join("\n"))
    }
}

fn main() -> ExitCode {
    let mut arguments: Arguments = settings::arguments();
    let processors = available_parallelism().map_or(1, NonZero::get);
    let threads = &mut arguments.test_threads;
    threads.get_or_insert(processors.max(MIN_TEST_THREADS));
    let variables = Variables::of_process();
    if variables.dynamodb_endpoint.is_none() {
        reach_docker();
    }
    let runtime = Runtime::new().expect("a runtime can be started");
    let borrowed = Borrowed {
        dynamodb: Arc::new(match &variables.dynamodb_endpoint {
            Some(endpoint) => DynamoDbLocal::at(endpoint.clone()),
            None => DynamoDbLocal::in_container(exit_paths::label().unwrap_or_else(fresh)),
        }),
        // Without a URL the tests of a deployed API do not run.
        deployment: Deployment::of_variables(variables.url.clone().unwrap_or_default(), &variables),
        given_back: Arc::default(),
        interrupted: Arc::default(),
    };
    runtime.spawn(give_back_when_interrupted(borrowed.clone()));

    let verdicts = Verdicts::default();
    let trials = match exit_paths::asked_for() {
        Some(ending) => vec![exit_paths::trial(
            ending,
            runtime.handle(),
            &borrowed.dynamodb,
        )],
        None => trials(&variables, runtime.handle(), &borrowed, &verdicts),
    };
    let conclusion = libtest_mimic::run(&arguments, trials);
    if borrowed.interrupted.load(Ordering::SeqCst) {
        return runtime.block_on(std::future::pending());
    }
    if let Some(table) = detect::table() {
        println!("{table}");
    }
    if let Some(summary) = verdicts.summary().filter(|_| !arguments.list) {
        println!("{summary}");
    }
    let covered = arguments.list || exit_paths::asked_for().is_some() || is_covered(&arguments);
    // Done here, and not when it is dropped: an exit drops nothing.
    let given_back = runtime.block_on(borrowed.give_back());
    if borrowed.interrupted.load(Ordering::SeqCst) {
        return runtime.block_on(std::future::pending());
    }
    if let Err(left) = &given_back {
        eprintln!("{left}");
    }
    if !conclusion.has_failed() && (given_back.is_err() || !covered) {
        return ExitCode::FAILURE;
    }
    verdicts.exit_code(&conclusion, borrowed.deployment.has_wrong_url())
}

/// Prints what was reached of the contract. Whether that is all of it, only a run of all tests can say.
fn is_covered(arguments: &Arguments) -> bool {
    let Some(coverage) = ledger::coverage() else {
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
    borrowed: &Borrowed,
    verdicts: &Verdicts,
) -> Vec<Trial> {
    let suite = |target, availability| Suite {
        runtime: runtime.clone(),
        settings: variables.settings,
        target,
        availability,
        verdicts: verdicts.clone(),
    };
    let local = Availability::of_dynamodb_local(variables, runtime);
    let mut trials = suite(Target::Embedded, Availability::Given).trials();
    trials.extend(suite(Target::DynamoDbLocal(Arc::clone(&borrowed.dynamodb)), local).trials());
    let containers = Availability::of_containers(variables, runtime);
    trials.push(exit_paths::container_trial(containers, runtime));
    trials.extend(
        suite(
            Target::deployed(&borrowed.deployment),
            Availability::of_deployed(variables),
        )
        .trials(),
    );
    trials.extend(isolation::trials(runtime));
    trials.extend((1..=SEEDS).map(|number| {
        let name = format!("embedded::planted_bugs::seed_{number}");
        // The first seed may be chosen; the others are never the same. The cases are those of a default
        // run, whatever was chosen, for it is the default run that has to catch them.
        let settings = Settings {
            cases: CASES,
            ..match number {
                1 => variables.settings,
                _ => Settings::fresh(),
            }
        };
        let (runtime, test) = (runtime.clone(), name.clone());
        Trial::test(name, move || {
            Ok(runtime.block_on(detect::every_bug_is_caught(settings, &test))?)
        })
    }));
    trials
}

/// Ends the process when it is told to, as it would have ended by itself: with nothing left behind. Told a second time,
/// it ends at once, and says what is left.
async fn give_back_when_interrupted(borrowed: Borrowed) {
    let mut signal = Signal::listen().expect("signals can be listened to");
    let code = signal.received().await;
    borrowed.interrupted.store(true, Ordering::SeqCst);
    eprintln!("stopping: what the tests put is deleted; Ctrl-C ends that too");
    let given_back = tokio::select! {
        given_back = borrowed.give_back() => given_back,
        _ = signal.received() => borrowed.left_behind(),
    };
    if let Err(left) = given_back {
        eprintln!("{left}");
    }
    std::process::exit(code.into());
}

/// Runs this process anew with the `DOCKER_HOST` that its Docker is at, if testcontainers would look for it elsewhere.
/// The process cannot set its own variables: that is not safe once there are threads.
fn reach_docker() {
    let endpoint = docker::endpoint_of_context();
    // testcontainers takes an empty variable for an endpoint.
    let is_empty = std::env::var_os(docker::HOST).is_some_and(|host| host.is_empty());
    let Ok(this) = std::env::current_exe() else {
        return;
    };
    let mut anew = Command::new(this);
    anew.args(std::env::args_os().skip(1));
    match endpoint {
        Some(endpoint) => anew.env(docker::HOST, endpoint),
        None if is_empty => anew.env_remove(docker::HOST),
        None => return,
    };
    // It returns only if that failed; then Docker is looked for where it usually is.
    let _ = anew.exec();
}
