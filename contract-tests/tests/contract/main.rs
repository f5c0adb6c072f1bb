//! The contract tests, each named `target::suite::property`; README.md tells of the variables.

mod rehearsal;
mod suite;

use std::process::ExitCode;
use std::sync::Arc;

use contract_tests::coverage::ledger;
use contract_tests::environments::container::DynamoDbLocal;
use contract_tests::environments::environment::fresh;
use contract_tests::environments::target::Target;
use contract_tests::planted::hunt;
use contract_tests::settings::{CASES, Settings, Variables};
use libtest_mimic::{Arguments, Trial};
use tokio::runtime::{Handle, Runtime};

use suite::{Availability, Suite};

/// From how many seeds the planted bugs are looked for.
const SEEDS: u32 = 5;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let variables = match Variables::of_process() {
        Ok(variables) => variables,
        Err(wrong) => {
            eprintln!("error: {wrong}");
            return ExitCode::from(2);
        }
    };
    let runtime = Runtime::new().expect("a runtime can be started");
    let dynamodb = Arc::new(match &variables.dynamodb_endpoint {
        Some(endpoint) => DynamoDbLocal::at(endpoint),
        None => DynamoDbLocal::in_container(rehearsal::label().unwrap_or_else(fresh)),
    });
    runtime.spawn(remove_when_interrupted(Arc::clone(&dynamodb)));

    let trials = match rehearsal::asked_for() {
        Some(ending) => vec![rehearsal::trial(ending, runtime.handle(), &dynamodb)],
        None => trials(&variables, runtime.handle(), &dynamodb),
    };
    let conclusion = libtest_mimic::run(&arguments, trials);
    if let Some(table) = hunt::table() {
        println!("{table}");
    }
    let covered = arguments.list || rehearsal::asked_for().is_some() || is_covered(&arguments);
    // A container is removed here, and not when it is dropped: an exit drops nothing.
    runtime.block_on(dynamodb.remove());
    if covered {
        conclusion.exit_code()
    } else {
        ExitCode::from(101)
    }
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

fn trials(variables: &Variables, runtime: &Handle, dynamodb: &Arc<DynamoDbLocal>) -> Vec<Trial> {
    let suite = |target, availability| Suite {
        runtime: runtime.clone(),
        settings: variables.settings,
        target,
        availability,
    };
    let local = Availability::of_dynamodb_local(variables);
    let url = variables.url.clone().unwrap_or_default();
    let mut trials = suite(Target::Embedded, Availability::Given).trials();
    trials.extend(suite(Target::DynamoDbLocal(Arc::clone(dynamodb)), local).trials());
    trials.push(rehearsal::container_trial(Availability::of_containers(
        variables,
    )));
    trials.extend(suite(Target::Live(url), Availability::of_live(variables)).trials());
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

/// Ends the process when it is told to, as it would have ended by itself, only with no container left.
async fn remove_when_interrupted(dynamodb: Arc<DynamoDbLocal>) {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).expect("signals can be listened to");
    let code = tokio::select! {
        _ = tokio::signal::ctrl_c() => 130,
        _ = terminate.recv() => 143,
    };
    dynamodb.remove().await;
    std::process::exit(code);
}
