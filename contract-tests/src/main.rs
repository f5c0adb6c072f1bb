//! `cargo run -p contract-tests`: replays a saved failure anywhere, sweeps what killed runs have left
//! behind, or serves an API that has a bug.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use contract_tests::deployed::sweep::SweepScope;
use contract_tests::deployed::{self, Deployment};
use contract_tests::environments::environment::Setup;
use contract_tests::environments::target::Target;
use contract_tests::mutants::mutant::{ALL, Mutant};
use contract_tests::report::failure::SavedFailure;
use contract_tests::report::script::{actual, expectation};
use contract_tests::request::concrete::GatewayProfile;
use contract_tests::sequences::execute::FinalCheck;
use contract_tests::sequences::shrink::run_fresh;
use contract_tests::settings::{EXIT_INCONCLUSIVE, Variables, arguments, or_exit};
use contract_tests::toolkit::deployed::journal::Journal;
use contract_tests::toolkit::http::base_url::BaseUrl;
use contract_tests::toolkit::outcome::NotPassed::{Failed, Inconclusive};
use local::signal::Signal;

/// Replays a saved failure, sweeps what runs have left behind, or serves an API that has a bug. The tests themselves
/// are run by `cargo test -p contract-tests`.
#[derive(Parser)]
#[command(bin_name = "cargo run -p contract-tests --", after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Sends the requests of a saved failure, and says of each response if it is the one that the contract asks for.
    Replay {
        /// The file of the saved failure.
        #[arg(value_parser = path)]
        file: PathBuf,

        /// The API to send them to; without it, one on a table in memory.
        #[arg(long)]
        url: Option<String>,
    },
    /// Deletes the items that runs have left behind which were killed, or lost the API.
    Sweep {
        /// The journals of these runs; without one, all in target/contract-tests (or `CONTRACT_JOURNALS`).
        #[arg(value_parser = path)]
        journals: Vec<PathBuf>,

        /// Needs no journal: reads the list of this API, and deletes the items of runs that began more than a day ago.
        #[arg(long, conflicts_with = "journals")]
        url: Option<String>,
    },
    /// Serves the API with a planted bug until Ctrl-C, to see what the tests make of it:
    /// `CONTRACT_URL=… cargo test -p contract-tests deployed::`
    Faulty {
        /// The name of the bug.
        #[arg(value_parser = parse_mutant)]
        mutant: &'static Mutant,
    },
}

const EXIT_CODES: &str = "\
Exit codes:
  0         the contract held; nothing is left behind
  1         it did not hold; items are left behind, or may be
  2         inconclusive: whether it holds could not be told
  64        an argument or an environment variable is wrong
  130, 143  Ctrl-C or SIGTERM ended a replay";

/// Parses a path. A URL is refused: its `--url` was forgotten.
fn path(value: &str) -> Result<PathBuf, String> {
    if value.contains("://") {
        Err("a URL is given with --url".to_owned())
    } else {
        Ok(value.into())
    }
}

/// Parses the value of `--url`. Not done by clap, whose errors repeat the value.
fn parse_url(url: &str) -> BaseUrl {
    or_exit(BaseUrl::parse("--url", url))
}

fn parse_mutant(name: &str) -> Result<&'static Mutant, String> {
    ALL.iter()
        .find(|mutant| mutant.name == name)
        .ok_or_else(|| {
            let names: Vec<_> = ALL.iter().map(|mutant| mutant.name).collect();
            format!("there are only these bugs:\n{}", names.join("\n"))
        })
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Arguments = arguments();
    let variables = Variables::from_env();
    let code = match arguments.command {
        Command::Replay { file, url } => {
            let failure = or_exit(SavedFailure::read(&file));
            match url {
                None => replay(&failure, Target::Embedded).await,
                Some(url) => replay_at(parse_url(&url), failure, &variables).await,
            }
        }
        Command::Sweep { url: Some(url), .. } => {
            sweep(&SweepScope::Url(parse_url(&url)), &variables).await
        }
        Command::Sweep { journals, .. } => sweep_journals(journals, &variables).await,
        Command::Faulty { mutant } => faulty(mutant).await,
    };
    ExitCode::from(code)
}

/// Replays a failure, and returns the exit code.
async fn replay(failure: &SavedFailure, target: Target) -> u8 {
    let (setup, operations) = (Setup::default(), &failure.operations);
    let replayed = run_fresh(&target, &setup, operations, FinalCheck::AtEnd).await;
    let (steps, outcome) = match replayed {
        Ok(run) => (run.steps, run.outcome),
        Err(reason) => (Vec::new(), Err(Inconclusive(reason))),
    };
    for step in &steps {
        println!(
            "{} {:?}",
            step.request.method(),
            step.request
                .target(GatewayProfile::HttpApi)
                .unwrap_or_default()
        );
        println!("  expected: {}", expectation(&step.expected));
        println!("  actual:   {}", actual(&step.response));
    }
    match outcome {
        Ok(()) => {
            println!("\nThe contract held.");
            0
        }
        Err(Failed(reason)) => {
            println!("\nBroken: {reason}");
            1
        }
        Err(Inconclusive(reason)) => {
            eprintln!("Inconclusive: {reason}");
            EXIT_INCONCLUSIVE
        }
    }
}

/// Replays a failure at this API, and leaves nothing behind there, even when it is interrupted.
async fn replay_at(url: BaseUrl, failure: SavedFailure, variables: &Variables) -> u8 {
    let mut signal = Signal::listen().expect("signals can be listened to");
    let deployment = Deployment::of_variables(url, variables);
    let target = Target::deployed(&deployment);
    let replayed = tokio::spawn(async move { replay(&failure, target).await });
    let code = tokio::select! {
        // It panics if nothing reads what it prints.
        code = replayed => code.unwrap_or(1),
        code = signal.received() => code,
    };
    let leftover = tokio::select! {
        finished = deployment.finish() => finished.err(),
        _ = signal.received() => deployment.leftover_message("the clean-up was stopped"),
    };
    match leftover {
        Some(leftover) => {
            eprintln!("{leftover}");
            code.max(1)
        }
        None => code,
    }
}

async fn sweep_journals(journals: Vec<PathBuf>, variables: &Variables) -> u8 {
    let journals = if journals.is_empty() {
        Journal::list(&variables.journals)
    } else {
        Ok(journals)
    };
    match journals {
        Ok(journals) => sweep(&SweepScope::Journals(journals), variables).await,
        Err(error) => {
            let folder = variables.journals.display();
            eprintln!("failed to read the folder of journals, {folder}: {error}");
            1
        }
    }
}

/// Sweeps, and returns the exit code. Ctrl-C only ends it: what is left is still in the journals.
async fn sweep(scope: &SweepScope, variables: &Variables) -> u8 {
    match deployed::sweep(scope, variables, |line| println!("{line}")).await {
        Ok(()) => 0,
        Err(leftover) => {
            eprintln!("{leftover}");
            1
        }
    }
}

/// Serves the API with this bug, and returns the exit code.
async fn faulty(mutant: &'static Mutant) -> u8 {
    match Target::Embedded.open(&mutant.setup()).await {
        Err(reason) => {
            eprintln!("{reason}");
            1
        }
        Ok(environment) => {
            println!("The API with a bug is at {}", environment.api().url());
            // Without signals to wait for it would have to be killed, and it is about to end anyway.
            let _ = tokio::signal::ctrl_c().await;
            environment.close().await;
            0
        }
    }
}
