//! The contract tests, each named `target::suite::property`; README.md tells of the variables.

mod manners;
mod rehearsal;
mod suite;
mod verdicts;

use std::num::NonZero;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::available_parallelism;

use contract_tests::coverage::ledger;
use contract_tests::environments::container::DynamoDbLocal;
use contract_tests::environments::environment::fresh;
use contract_tests::environments::target::Target;
use contract_tests::live::Deployment;
use contract_tests::planted::hunt;
use contract_tests::settings::{CASES, Settings, Variables};
use libtest_mimic::{Arguments, Trial};
use tokio::runtime::{Handle, Runtime};

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
    live: Arc<Deployment>,
    /// Whether the process was told to end, which it does as soon as all is given back.
    interrupted: Arc<AtomicBool>,
}

impl Borrowed {
    /// Removes the container, and every item that was put into the deployed API.
    async fn give_back(&self) -> Result<(), String> {
        self.dynamodb.remove().await;
        self.live.finish().await.map(drop)
    }
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    let processors = available_parallelism().map_or(1, NonZero::get);
    let threads = &mut arguments.test_threads;
    threads.get_or_insert(processors.max(MIN_TEST_THREADS));
    let variables = match Variables::of_process() {
        Ok(variables) => variables,
        Err(wrong) => {
            eprintln!("error: {wrong}");
            return ExitCode::from(2);
        }
    };
    let runtime = Runtime::new().expect("a runtime can be started");
    let borrowed = Borrowed {
        dynamodb: Arc::new(match &variables.dynamodb_endpoint {
            Some(endpoint) => DynamoDbLocal::at(endpoint),
            None => DynamoDbLocal::in_container(rehearsal::label().unwrap_or_else(fresh)),
        }),
        live: Deployment::of_variables(variables.url.as_deref().unwrap_or_default(), &variables),
        interrupted: Arc::default(),
    };
    runtime.spawn(give_back_when_interrupted(borrowed.clone()));

    let verdicts = Verdicts::default();
    let trials = match rehearsal::asked_for() {
        Some(ending) => vec![rehearsal::trial(
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
    if let Some(table) = hunt::table() {
        println!("{table}");
    }
    if let Some(summary) = verdicts.summary().filter(|_| !arguments.list) {
        println!("{summary}");
    }
    let covered = arguments.list || rehearsal::asked_for().is_some() || is_covered(&arguments);
    // Done here, and not when it is dropped: an exit drops nothing.
    let given_back = runtime.block_on(borrowed.give_back());
    if let Err(left) = &given_back {
        eprintln!("{left}");
    }
    if !conclusion.has_failed() && (given_back.is_err() || !covered) {
        return ExitCode::FAILURE;
    }
    verdicts.exit_code(&conclusion)
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
    let local = Availability::of_dynamodb_local(variables);
    let mut trials = suite(Target::Embedded, Availability::Given).trials();
    trials.extend(suite(Target::DynamoDbLocal(Arc::clone(&borrowed.dynamodb)), local).trials());
    trials.push(rehearsal::container_trial(Availability::of_containers(
        variables,
    )));
    trials.extend(
        suite(
            Target::live(&borrowed.live),
            Availability::of_live(variables),
        )
        .trials(),
    );
    trials.extend(manners::trials(runtime));
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
            Ok(runtime.block_on(hunt::every_bug_is_caught(settings, &test))?)
        })
    }));
    trials
}

/// Ends the process when it is told to, as it would have ended by itself: with nothing left behind.
async fn give_back_when_interrupted(borrowed: Borrowed) {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).expect("signals can be listened to");
    let code = tokio::select! {
        _ = tokio::signal::ctrl_c() => 130,
        _ = terminate.recv() => 143,
    };
    borrowed.interrupted.store(true, Ordering::SeqCst);
    if let Err(left) = borrowed.give_back().await {
        eprintln!("{left}");
    }
    std::process::exit(code);
}
