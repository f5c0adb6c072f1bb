//! `cargo run -p contract-tests`: replays a saved failure anywhere, sweeps what killed runs have left
//! behind, or serves an API that has a bug.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use contract_tests::environments::environment::Setup;
use contract_tests::environments::target::Target;
use contract_tests::live::journal::Journal;
use contract_tests::live::sweep::What;
use contract_tests::live::{Deployment, sweep};
use contract_tests::planted::bug::ALL;
use contract_tests::report::failure::Saved;
use contract_tests::report::script::{actual, expectation};
use contract_tests::request::call::Gateway;
use contract_tests::sequences::execute::{Looking, Verdict};
use contract_tests::sequences::shrink::run;
use contract_tests::settings::Variables;

const USAGE: &str = "\
usage: cargo run -p contract-tests -- replay FILE [--url URL]
       cargo run -p contract-tests -- sweep [JOURNAL... | --url URL]
       cargo run -p contract-tests -- faulty BUG

replay  Sends the requests that are saved in FILE to the API at URL, or to one on a table in memory,
        and says of each answer whether it is the one that the contract asks for.
        Exits with 0 if all are, 1 if one is not, and 2 if that could not be told.
sweep   Deletes the items that runs have left behind which were killed, or lost the API: those that
        these journals name, or all journals in target/contract-tests (or CONTRACT_JOURNALS).
        With --url it needs no journal: it reads the whole list, and deletes the items of runs that
        began more than a day ago.
        Exits with 0 if nothing is left, and 2 otherwise.
faulty  Serves the API with a planted BUG until it is interrupted, to see what the tests make of it:
        CONTRACT_URL=… cargo test -p contract-tests live::";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match run_command(&arguments).await {
        Ok(Verdict::Held) => ExitCode::SUCCESS,
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

async fn run_command(arguments: &[&str]) -> Result<Verdict, String> {
    let variables = Variables::of_process()?;
    let what = match *arguments {
        ["replay", file] => return replay(file, Target::Embedded).await,
        ["replay", file, "--url", url] | ["replay", "--url", url, file] => {
            let live = Deployment::of_variables(url, &variables);
            let replayed = replay(file, Target::live(&live)).await;
            live.finish().await?;
            return replayed;
        }
        ["sweep", "--url", url] => What::Url(url.to_owned()),
        ["sweep"] => {
            let journals = Journal::all(&variables.journals);
            What::Journals(journals.map_err(|error| format!("failed to read journals: {error}"))?)
        }
        ["sweep", ref journals @ ..] if journals.iter().all(|path| !path.starts_with('-')) => {
            What::Journals(journals.iter().map(PathBuf::from).collect())
        }
        ["faulty", bug] => return faulty(bug).await,
        _ => return Err(USAGE.to_owned()),
    };
    sweep(&what, &variables, |line| println!("{line}")).await?;
    Ok(Verdict::Held)
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
            step.call.target(Gateway::DecodesTwice).unwrap_or_default()
        );
        println!("  expected: {}", expectation(&step.expected));
        println!("  actual:   {}", actual(&step.answer));
    }
    if run.verdict == Verdict::Held {
        println!("\nThe contract held.");
    }
    Ok(run.verdict)
}

/// Serves the API with this bug.
async fn faulty(name: &str) -> Result<Verdict, String> {
    let bug = ALL.iter().find(|bug| bug.name == name).ok_or_else(|| {
        let names: Vec<_> = ALL.iter().map(|bug| bug.name).collect();
        format!("there is no bug {name:?}, but:\n{}", names.join("\n"))
    })?;
    let setup = Setup {
        bug: Some(bug),
        ..Setup::default()
    };
    let environment = Target::Embedded.open(&setup).await?;
    println!("The API with a bug is at {}", environment.api().url());
    // Without signals to wait for it would have to be killed, and it is about to end anyway.
    let _ = tokio::signal::ctrl_c().await;
    environment.close().await;
    Ok(Verdict::Held)
}
