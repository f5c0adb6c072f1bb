//! `cargo bench -p function` compares the bootstrap in the bundle with a baseline, under the conditions of Lambda.
//!
//! [`function`] runs a bootstrap under an emulated [`runtime_api`], with a canned DynamoDB, the [`backend`], behind
//! TLS. [`measure`] takes interleaved times, and [`report`] prints them. With `--memory`, [`memory`] takes them under
//! the CPU limits of small functions, which a [`cgroup`] enforces, and [`cost`] has the prices. With `--gate`, [`gate`]
//! counts instructions instead, which other processes cannot disturb. [`subject`] builds the bootstraps, and
//! [`request`] has the events that they handle. [`steps`] says which step the benchmark is at.

mod backend;
mod cgroup;
mod cost;
mod function;
mod gate;
mod http;
mod measure;
mod memory;
mod report;
mod request;
mod runtime_api;
mod steps;
mod subject;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use backend::Backend;
use cgroup::Parent;
use steps::Steps;
use subject::Subject;

/// An error that ends the benchmark.
type Error = Box<dyn std::error::Error + Send + Sync>;

/// Compares the function that `cargo zip` ships with a hand-written baseline.
#[derive(Parser)]
#[command(bin_name = "cargo bench -p function --")]
struct Arguments {
    /// The bootstrap of the function to measure, instead of the one in the bundle.
    #[arg(long)]
    bootstrap: Option<PathBuf>,

    /// The bootstrap of a second function to measure and compare.
    #[arg(long, value_name = "BOOTSTRAP")]
    against: Option<PathBuf>,

    /// Measures with the CPU time that Lambda gives functions of these memory sizes, in MB, and prints the costs.
    #[arg(
        long,
        value_name = "MB",
        value_delimiter = ',',
        value_parser = clap::value_parser!(u32).range(128..=10_240)
    )]
    memory: Vec<u32>,

    /// Counts instructions under valgrind instead, and fails if a count is out of bounds.
    #[arg(long, conflicts_with_all = ["against", "memory"])]
    gate: bool,

    /// The flag that cargo passes to every benchmark.
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
    // Opened before the builds, because it may fail.
    let cgroups = (!arguments.memory.is_empty())
        .then(Parent::open)
        .transpose()?;
    let mut steps = match (arguments.gate, &cgroups) {
        (true, _) => Steps::of_gate(),
        (false, None) => Steps::of_times("about half a minute"),
        (false, Some(_)) => Steps::of_times("about a minute"),
    };
    let function = if let Some(bootstrap) = &arguments.bootstrap {
        steps.next("the function is read");
        Subject::at_path("function", bootstrap)?
    } else {
        steps.next("the function is built");
        Subject::bundle()?
    };
    steps.next("the baseline is built");
    let baseline = Subject::baseline()?;
    let backend = Backend::start()?;
    if arguments.gate {
        return gate::check(&function, &baseline, &backend, &mut steps);
    }
    let mut subjects = vec![function, baseline];
    if let Some(bootstrap) = &arguments.against {
        subjects.push(Subject::at_path("against", bootstrap)?);
    }
    if let Some(cgroups) = cgroups {
        let tables = memory::run(&subjects, &arguments.memory, &backend, &cgroups, &mut steps)?;
        report::print_memory(&tables);
    } else {
        report::print(&measure::run(&subjects, &backend, &mut steps)?);
    }
    Ok(ExitCode::SUCCESS)
}
