//! `cargo run -p contract-tests`: replays a saved failure on any API, deletes the stale items of killed runs, or serves
//! a mutant.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use contract_tests::deployed::sweep::SweepScope;
use contract_tests::deployed::{self, Deployment};
use contract_tests::environments::environment::Setup;
use contract_tests::environments::target::Target;
use contract_tests::mutants::mutant::{ALL, Mutant};
use contract_tests::report::explain::{contradiction, exchange_line};
use contract_tests::report::failure::{Failure, mark_contradiction};
use contract_tests::report::file;
use contract_tests::report::script::compared;
use contract_tests::request::exchange::without_foreign_start;
use contract_tests::request::url::GatewayProfile;
use contract_tests::sequences;
use contract_tests::settings::{EXIT_INCONCLUSIVE, Variables, arguments, or_exit};
use contract_tests::toolkit::deployed::journal::Journal;
use contract_tests::toolkit::http::base_url::BaseUrl;
use contract_tests::toolkit::outcome::NotPassed::{Failed, Inconclusive};
use contract_tests::toolkit::printable::shortened;
use contract_tests::toolkit::progress::{LONG_WAIT, Progress};
use contract_tests::toolkit::terminal;
use local::signal::Signal;

/// Replays a saved failure, deletes stale items, or serves a mutant of the API. `cargo test -p contract-tests` runs the
/// tests themselves.
#[derive(Parser)]
#[command(bin_name = "cargo run -p contract-tests --", after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Sends the requests of a saved sequence, and compares each response with the expected one. Shows a saved history,
    /// and checks it again.
    Replay {
        /// The file of the saved failure.
        #[arg(value_parser = path)]
        file: PathBuf,

        /// The URL of the API to send them to; by default, an API on a table in memory.
        #[arg(long)]
        url: Option<String>,
    },
    /// Deletes the items that earlier runs left behind because they were killed or could not reach the API any more.
    Sweep {
        /// The journals of these runs; by default, all in target/contract-tests (or `CONTRACT_JOURNALS`).
        #[arg(value_parser = path)]
        journals: Vec<PathBuf>,

        /// The URL of an API to sweep without journals: lists its items, and deletes those of runs that began more than
        /// a day ago.
        #[arg(long, conflicts_with = "journals")]
        url: Option<String>,
    },
    /// Serves a mutant, which is the API with a deliberate bug, until Ctrl-C. To test it:
    /// `CONTRACT_URL=… cargo test -p contract-tests deployed::`
    Faulty {
        /// The name of the mutant.
        #[arg(value_parser = parse_mutant)]
        mutant: &'static Mutant,

        /// The port to listen on; 0 takes any free port.
        #[arg(long, default_value_t = 0)]
        port: u16,
    },
}

const EXIT_CODES: &str = "\
Exit codes:
  0         passed, and no items of an ended run are left behind
  1         failed, or items are or may be left behind
  2         inconclusive: the contract could not be checked
  64        an argument or an environment variable is invalid
  130, 143  Ctrl-C or SIGTERM ended a replay";

/// Parses a path. Rejects a URL, because `--url` was probably forgotten.
fn path(value: &str) -> Result<PathBuf, String> {
    if value.contains("://") {
        Err("a URL must follow --url".to_owned())
    } else {
        Ok(value.into())
    }
}

/// Parses the value of `--url`. Clap does not parse it, because the errors of Clap repeat the value.
fn parse_url(url: &str) -> BaseUrl {
    or_exit(BaseUrl::parse("--url", url))
}

fn parse_mutant(name: &str) -> Result<&'static Mutant, String> {
    Mutant::named(name).ok_or_else(|| {
        let names: Vec<_> = ALL.iter().map(|mutant| mutant.name).collect();
        format!("the mutants are:\n{}", names.join("\n"))
    })
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Arguments = arguments();
    let variables = Variables::from_env();
    terminal::draw_bars();
    let code = match arguments.command {
        Command::Replay { file, url } => {
            let failure = or_exit(file::read(&file));
            match url {
                None if failure.operations.is_empty() => show(failure),
                Some(_) if failure.operations.is_empty() => or_exit(Err(format!(
                    "the failure in {} cannot be sent again, because it may not occur again: leave out --url to see it",
                    file.display()
                ))),
                None => replay(&failure, Target::Embedded).await,
                Some(url) => replay_at(parse_url(&url), failure, &variables).await,
            }
        }
        Command::Sweep { url: Some(url), .. } => {
            sweep(&SweepScope::Url(parse_url(&url)), &variables).await
        }
        Command::Sweep { journals, .. } => sweep_journals(journals, &variables).await,
        Command::Faulty { mutant, port } => faulty(mutant, port).await,
    };
    ExitCode::from(code)
}

/// Replays a failure and returns the exit code.
async fn replay(failure: &Failure, target: Target) -> u8 {
    let total = u32::try_from(failure.operations.len()).ok();
    let progress = Progress::counting("replaying the failure", total, "operations", LONG_WAIT);
    let replayed = sequences::shrink::replay(&target, &failure.operations, &progress).await;
    // Removes the bar before the result is printed.
    drop(progress);
    let (steps, outcome, prefix) = match replayed {
        Ok(run) => (run.steps, run.outcome, run.prefix),
        Err(reason) => (Vec::new(), Err(Inconclusive(reason)), String::new()),
    };
    let own_prefix = target.own_prefix(&prefix);
    for step in &steps {
        let target = step.request.target(GatewayProfile::HttpApi, step.style);
        let target = without_foreign_start(&target.unwrap_or_default(), own_prefix);
        println!("{} {target:?}", step.request.method());
        let (expected, actual) = compared(step, own_prefix);
        println!("  expected: {expected}\n  actual:   {actual}");
    }
    match outcome {
        Ok(()) => {
            println!("\nPassed.");
            0
        }
        Err(Failed(reason)) => {
            println!("\nFailed: {}", shortened(&reason));
            1
        }
        Err(Inconclusive(reason)) => {
            eprintln!("Inconclusive: {reason}");
            EXIT_INCONCLUSIVE
        }
    }
}

/// Shows the exchanges and the history of a failure, checks the history again, and returns the exit code.
fn show(mut failure: Failure) -> u8 {
    let not_linearizable = mark_contradiction(&mut failure.history);
    for (index, exchange) in failure.exchanges.iter().enumerate() {
        let operations = failure.history.iter();
        let contradicts = operations
            .filter(|of| of.contradicts)
            .any(|of| of.exchanges.contains(&index));
        let is_marked = contradicts || failure.wrong == Some(index);
        let mark = if is_marked { ">" } else { " " };
        let (invoked, returned) = (exchange.invoked, exchange.returned);
        println!(
            "{mark} {invoked:>5} to {returned:>5}  {}",
            exchange_line(exchange)
        );
    }
    if not_linearizable {
        println!("\nThe smallest part of the history that is not linearizable:\n");
        print!("{}", contradiction(&failure));
    } else if !failure.history.is_empty() {
        println!("\nThe history of each item is linearizable.");
        if failure.wrong.is_none() {
            return 0;
        }
    }
    println!("\nFailed: {}", shortened(&failure.broken));
    1
}

/// Replays a failure at this API and cleans up there, also after a signal.
async fn replay_at(url: BaseUrl, failure: Failure, variables: &Variables) -> u8 {
    let mut signal = Signal::listen().expect("signals can be listened to");
    let deployment = Deployment::of_variables(url, variables);
    let target = Target::deployed(&deployment);
    let replayed = tokio::spawn(async move { replay(&failure, target).await });
    let code = tokio::select! {
        // `replay` panics if standard output is closed.
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

/// Sweeps and returns the exit code. Ctrl-C needs no handler: the next sweep finds the items that are left.
async fn sweep(scope: &SweepScope, variables: &Variables) -> u8 {
    match deployed::sweep(scope, variables, terminal::print_result).await {
        Ok(()) => 0,
        Err(leftover) => {
            eprintln!("{leftover}");
            1
        }
    }
}

/// Serves the mutant on this port, and returns the exit code.
async fn faulty(mutant: &'static Mutant, port: u16) -> u8 {
    let setup = Setup {
        port,
        // Only behind a proxy can a read be stale.
        proxied: true,
        ..mutant.setup()
    };
    if setup.rewrite_target.is_some() {
        eprintln!(
            "this bug is in front of the gateway, in the tests' client, so it cannot be served"
        );
        return 1;
    }
    match Target::Embedded.open(&setup).await {
        Err(reason) => {
            eprintln!("{reason}");
            1
        }
        Ok(environment) => {
            println!("The mutant is at {}", environment.api().url());
            // If it cannot listen for Ctrl-C, it ends at once.
            let _ = tokio::signal::ctrl_c().await;
            environment.close().await;
            0
        }
    }
}
