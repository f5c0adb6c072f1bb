//! `cargo run -p contract-tests`: replays a saved failure anywhere, or serves an API that has a bug.

use std::path::Path;
use std::process::ExitCode;

use contract_tests::environments::environment::Setup;
use contract_tests::environments::target::Target;
use contract_tests::planted::bug::ALL;
use contract_tests::report::failure::Saved;
use contract_tests::report::script::{actual, expectation};
use contract_tests::sequences::execute::{Looking, Verdict};
use contract_tests::sequences::shrink::run;

const USAGE: &str = "usage: cargo run -p contract-tests -- replay FILE [--url URL]
       cargo run -p contract-tests -- faulty BUG

replay  Sends the requests that are saved in FILE to the API at URL, or to one on a table in memory,
        and says of each answer whether it is the one that the contract asks for.
        Exits with 0 if all are, 1 if one is not, and 2 if that could not be told.
faulty  Serves the API with a planted BUG until it is interrupted, to see what the tests make of it:
        CONTRACT_URL=… cargo test -p contract-tests live::";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let replayed = match arguments[..] {
        ["replay", file] => replay(file, Target::Embedded).await,
        ["replay", file, "--url", url] | ["replay", "--url", url, file] => {
            replay(file, Target::Live(url.to_owned())).await
        }
        ["faulty", bug] => return faulty(bug).await,
        _ => Err(USAGE.to_owned()),
    };
    match replayed {
        Ok(Verdict::Held) => {
            println!("\nThe contract held.");
            ExitCode::SUCCESS
        }
        Ok(Verdict::Broken(reason)) => {
            println!("\nBroken: {reason}");
            ExitCode::FAILURE
        }
        Ok(Verdict::CouldNotTell(reason)) | Err(reason) => {
            eprintln!("{reason}");
            ExitCode::from(2)
        }
    }
}

async fn replay(file: &str, target: Target) -> Result<Verdict, String> {
    let saved = Saved::read(Path::new(file))?;
    let run = run(
        &target,
        &Setup::default(),
        &saved.operations,
        Looking::InTheEnd,
    )
    .await?;
    for step in &run.steps {
        println!(
            "{} {:?}",
            step.call.method(),
            step.call
                .target(contract_tests::request::call::Gateway::DecodesTwice)
                .unwrap_or_default()
        );
        println!("  expected: {}", expectation(&step.expected));
        println!("  actual:   {}", actual(&step.answer));
    }
    Ok(run.verdict)
}

/// Serves the API with this bug.
async fn faulty(name: &str) -> ExitCode {
    let Some(bug) = ALL.iter().find(|bug| bug.name == name) else {
        let names: Vec<_> = ALL.iter().map(|bug| bug.name).collect();
        eprintln!("there is no bug {name:?}, but:\n{}", names.join("\n"));
        return ExitCode::from(2);
    };
    let setup = Setup {
        bug: Some(bug),
        ..Setup::default()
    };
    match Target::Embedded.open(&setup).await {
        Ok(environment) => {
            println!("The API with a bug is at {}", environment.api().url());
            // Without signals to wait for it would have to be killed, and it is about to end anyway.
            let _ = tokio::signal::ctrl_c().await;
            environment.close().await;
            ExitCode::SUCCESS
        }
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::from(2)
        }
    }
}
