//! The gate: instructions counted by callgrind, which no other process and no slow machine can disturb.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use crate::Error;
use crate::backend::Backend;
use crate::contender::{Contender, workspace};
use crate::function::Function;
use crate::request::Request;

/// Warm invocations that are counted, after the first one.
const WARM: u64 = 40;

/// Runs of which the fewest instructions count: a timer that fires meanwhile can only add some.
const RUNS: usize = 3;

/// Runs after which there must have been a good one.
const TRIES: usize = 10;

/// Instructions from the spawn to the first answer, the wish for the next event included, and of
/// each `GET /items/{id}` after it.
struct Count {
    cold: u64,
    warm: u64,
}

/// The most that the function may take, 5 % above what it takes.
const FUNCTION: Count = Count {
    cold: 4_800_000,
    warm: 615_000,
};

/// What the floor takes: it may be neither faster nor slower, or nothing can be measured against it.
const FLOOR: Count = Count {
    cold: 3_007_000,
    warm: 116_400,
};

/// How far the counts of another machine may lie from these, in percent: its processor and its C
/// library choose other code for copying memory and for cryptography.
const MARGIN: u64 = 5;

/// Crates whose C code gathers entropy from the jitter of the clock, 25 ms of it, at the first connection.
const JITTER: [&str; 2] = ["aws-lc-sys", "aws-lc-fips-sys"];

/// Compares every count with its bounds.
pub fn check(
    function: &Contender,
    floor: &Contender,
    backend: &Backend,
) -> Result<ExitCode, Error> {
    let mut good = no_jitter()?;
    let counted = count(function, backend)?;
    good &= within("function, cold", counted.cold, 0, FUNCTION.cold);
    good &= within("function, warm", counted.warm, 0, FUNCTION.warm);
    let counted = count(floor, backend)?;
    for (name, counted, pinned) in [
        ("floor, cold", counted.cold, FLOOR.cold),
        ("floor, warm", counted.warm, FLOOR.warm),
    ] {
        let margin = pinned * MARGIN / 100;
        good &= within(name, counted, pinned - margin, pinned + margin);
    }
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn within(name: &str, counted: u64, least: u64, most: u64) -> bool {
    let good = (least..=most).contains(&counted);
    let verdict = if good { "ok" } else { "FAILED" };
    println!("{verdict}: {name}: {counted} instructions, of {least} to {most}");
    good
}

/// Asks cargo, for the bundle has no symbols left to ask.
fn no_jitter() -> Result<bool, Error> {
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
        return Err("the function's dependencies could not be read: ring is not among them".into());
    }
    let found: Vec<_> = names().filter(|name| JITTER.contains(name)).collect();
    let verdict = if found.is_empty() { "ok" } else { "FAILED" };
    println!("{verdict}: crates with jitter entropy in the function: {found:?}");
    Ok(found.is_empty())
}

fn count(contender: &Contender, backend: &Backend) -> Result<Count, Error> {
    let cold = fewest(contender, backend, 1)?;
    let all = fewest(contender, backend, 1 + WARM)?;
    Ok(Count {
        cold,
        warm: all.saturating_sub(cold) / WARM,
    })
}

/// Only runs with one connection count: under valgrind on a busy machine the first may take longer than
/// the function waits for it.
fn fewest(contender: &Contender, backend: &Backend, invocations: u64) -> Result<u64, Error> {
    let mut counts = Vec::new();
    for _ in 0..TRIES {
        let before = backend.connections();
        let count = instructions(contender, backend, invocations)?;
        if backend.connections() == before + 1 {
            counts.push(count);
        }
        if counts.len() == RUNS {
            break;
        }
    }
    let fewest = counts.into_iter().min();
    let name = &contender.name;
    Ok(
        fewest
            .ok_or_else(|| format!("{name} opened another connection in each of {TRIES} runs"))?,
    )
}

fn instructions(contender: &Contender, backend: &Backend, invocations: u64) -> Result<u64, Error> {
    let counts =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("callgrind.{}", contender.name));
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--quiet", "--tool=callgrind"])
        .arg(format!("--callgrind-out-file={}", counts.display()))
        .arg(&contender.bootstrap);
    let mut function = Function::start(valgrind, backend)
        .map_err(|error| format!("{error} (valgrind is in the package of that name)"))?;
    let event = Request::Get.event();
    for _ in 0..invocations {
        function.invoke(Request::Get, &event)?;
    }
    function.stop()?;
    let counts = fs::read_to_string(counts)?;
    let total = counts
        .lines()
        .find_map(|line| line.strip_prefix("totals:"))
        .ok_or("callgrind wrote no totals")?;
    Ok(total.trim().parse()?)
}
