//! `cargo bench -p function` measures the bundle's own bytes against a floor, in the conditions of Lambda.
//!
//! [`function`] runs a bootstrap under an emulated [`runtime_api`], with a canned DynamoDB, the
//! [`backend`], behind TLS. [`measure`] takes the times, interleaved, and [`report`] prints them. With
//! `--gate`, [`gate`] counts instructions instead, which no other process can disturb. The contenders
//! are built in [`subject`], and what they are asked is in [`request`].

mod backend;
mod function;
mod gate;
mod http;
mod measure;
mod report;
mod request;
mod runtime_api;
mod subject;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use backend::Backend;
use subject::Subject;

/// Whatever ends the benchmark, in words.
type Error = Box<dyn std::error::Error + Send + Sync>;

/// Measures the function that `cargo zip` ships against a hand-rolled floor.
#[derive(Parser)]
#[command(bin_name = "cargo bench -p function --")]
struct Arguments {
    /// The function to measure, instead of the bundle's: its bootstrap.
    #[arg(long)]
    bootstrap: Option<PathBuf>,

    /// A second function to measure, and to compare: its bootstrap.
    #[arg(long, value_name = "BOOTSTRAP")]
    against: Option<PathBuf>,

    /// Counts instructions under valgrind instead, and fails when a count has left its bounds.
    #[arg(long, conflicts_with = "against")]
    gate: bool,

    /// What cargo says to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    let function = match &arguments.bootstrap {
        Some(bootstrap) => Subject::at_path("function", bootstrap)?,
        None => Subject::bundle()?,
    };
    let baseline = Subject::baseline()?;
    let backend = Backend::start()?;
    if arguments.gate {
        return gate::check(&function, &baseline, &backend);
    }
    let mut subjects = vec![function, baseline];
    if let Some(bootstrap) = &arguments.against {
        subjects.push(Subject::at_path("against", bootstrap)?);
    }
    let results = measure::run(&subjects, &backend)?;
    report::print(&results);
    Ok(ExitCode::SUCCESS)
}
