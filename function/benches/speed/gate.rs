//! The gate: instructions counted by callgrind, which other processes and a slow machine cannot disturb.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use crate::Error;
use crate::backend::Backend;
use crate::function::Function;
use crate::request::Request;
use crate::steps::Steps;
use crate::subject::{Subject, workspace};

/// The number of warm invocations that are counted, after the first one.
const WARM_REQUESTS: u64 = 40;
/// The same for the lists, of which each takes much longer.
const WARM_LISTS: u64 = 4;

/// The number of runs from which the lowest count is taken: a timer that fires during a run can only add
/// instructions.
const COUNTED_RUNS: usize = 3;

/// The maximum number of runs.
const MAX_RUNS: usize = 10;

/// The instructions from the spawn to the first response, including the request for the next event, and of each later
/// `GET /items/{id}` and `GET /items`.
struct Count {
    cold: u64,
    warm: u64,
    list: u64,
}

/// The limits of the function: 4 % above its count for a cold start, and 2 % for the others.
const FUNCTION_LIMITS: Count = Count {
    cold: 4_790_000,
    warm: 611_000,
    list: 44_200_000,
};

/// The counts of the baseline. A change in either direction is a failure, because the ratios would lose their
/// meaning.
const BASELINE: Count = Count {
    cold: 3_008_000,
    warm: 116_400,
    list: 24_177_000,
};

/// The tolerance for the baseline on a different machine, in percent. The processor and the C library choose other
/// code for copying memory and for cryptography.
const MARGIN_PERCENT: u64 = 5;

/// The crates whose C code gathers entropy from clock jitter for 25 ms, at the first connection.
const JITTER_ENTROPY_CRATES: [&str; 2] = ["aws-lc-sys", "aws-lc-fips-sys"];

/// Checks the function's dependencies, and compares every count with its bounds.
pub fn check(
    function: &Subject,
    baseline: &Subject,
    backend: &Backend,
    steps: &mut Steps,
) -> Result<ExitCode, Error> {
    steps.next("the dependencies");
    let mut good = has_no_jitter_entropy()?;
    let count = count_instructions(function, backend, steps)?;
    good &= is_within("function, cold", count.cold, 0, FUNCTION_LIMITS.cold);
    good &= is_within("function, warm", count.warm, 0, FUNCTION_LIMITS.warm);
    good &= is_within("function, list", count.list, 0, FUNCTION_LIMITS.list);
    let count = count_instructions(baseline, backend, steps)?;
    for (name, count, pinned) in [
        ("baseline, cold", count.cold, BASELINE.cold),
        ("baseline, warm", count.warm, BASELINE.warm),
        ("baseline, list", count.list, BASELINE.list),
    ] {
        let margin = pinned * MARGIN_PERCENT / 100;
        good &= is_within(name, count, pinned - margin, pinned + margin);
    }
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn is_within(name: &str, count: u64, min: u64, max: u64) -> bool {
    let good = (min..=max).contains(&count);
    let verdict = if good { "ok" } else { "FAILED" };
    println!("{verdict}: {name}: {count} instructions, allowed: {min} to {max}");
    good
}

/// Asks cargo, because the bundle is stripped of symbols.
fn has_no_jitter_entropy() -> Result<bool, Error> {
    let output = Command::new(env!("CARGO"))
        .current_dir(workspace())
        .args([
            "tree",
            "--locked",
            "--package=function",
            "--edges=normal,build",
        ])
        .args(["--prefix=none", "--format={p}", "--target=all"])
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let tree = String::from_utf8(output.stdout)?;
    let names = || tree.lines().filter_map(|line| line.split(' ').next());
    if !names().any(|name| name == "ring") {
        return Err("failed to read the function's dependencies: ring is not among them".into());
    }
    let found: Vec<_> = names()
        .filter(|name| JITTER_ENTROPY_CRATES.contains(name))
        .collect();
    let verdict = if found.is_empty() { "ok" } else { "FAILED" };
    println!("{verdict}: crates with jitter entropy in the function: {found:?}");
    Ok(found.is_empty())
}

fn count_instructions(
    subject: &Subject,
    backend: &Backend,
    steps: &mut Steps,
) -> Result<Count, Error> {
    let mut count = |step, request, invocations| {
        steps.next(&format!("{}, {step}", subject.name));
        min_instructions(subject, backend, request, invocations)
    };
    let cold = count("cold", Request::Get, 1)?;
    let gets = count("warm", Request::Get, 1 + WARM_REQUESTS)?;
    let first_list = count("the first list", Request::List, 1)?;
    let lists = count("lists", Request::List, 1 + WARM_LISTS)?;
    Ok(Count {
        cold,
        warm: gets.saturating_sub(cold) / WARM_REQUESTS,
        list: lists.saturating_sub(first_list) / WARM_LISTS,
    })
}

/// Returns the lowest count of the runs with only one connection. On a busy machine under valgrind the first
/// connection may take longer than the function waits for it.
fn min_instructions(
    subject: &Subject,
    backend: &Backend,
    request: Request,
    invocations: u64,
) -> Result<u64, Error> {
    let mut counts = Vec::new();
    for _ in 0..MAX_RUNS {
        let before = backend.connections();
        let count = instructions(subject, backend, request, invocations)?;
        if backend.connections() == before + 1 {
            counts.push(count);
        }
        if counts.len() == COUNTED_RUNS {
            break;
        }
    }
    let minimum = counts.into_iter().min();
    let name = &subject.name;
    Ok(minimum
        .ok_or_else(|| format!("{name} opened another connection in each of {MAX_RUNS} runs"))?)
}

fn instructions(
    subject: &Subject,
    backend: &Backend,
    request: Request,
    invocations: u64,
) -> Result<u64, Error> {
    let counts = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("callgrind.{}", subject.name));
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--quiet", "--tool=callgrind"])
        .arg(format!("--callgrind-out-file={}", counts.display()))
        .arg(&subject.bootstrap);
    let mut function = Function::start(valgrind, backend)
        .map_err(|error| format!("{error} (valgrind is in the package valgrind)"))?;
    let event = request.event();
    for _ in 0..invocations {
        function.invoke(request, &event)?;
    }
    function.stop()?;
    let counts = fs::read_to_string(counts)?;
    let total = counts
        .lines()
        .find_map(|line| line.strip_prefix("totals:"))
        .ok_or("callgrind wrote no totals")?;
    Ok(total.trim().parse()?)
}
