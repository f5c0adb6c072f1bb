//! The test that no container is left behind after a pass, a fail, a panic or Ctrl-C: each child process runs one test
//! that starts the container, and ends in one of these ways.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use contract_tests::toolkit::dynamodb::container::{DynamoDbLocal, LABEL};
use contract_tests::toolkit::dynamodb::docker;
use contract_tests::toolkit::progress::{Progress, REPORT_INTERVAL};
use contract_tests::toolkit::random::unique_prefix;
use function::config::variable;
use libtest_mimic::Trial;
use tokio::runtime::Handle;

use crate::results::Results;
use crate::suite::Availability;

/// The variable that says how a child process ends.
const EXIT_PATH: &str = "CONTRACT_EXIT_PATH";

/// The variable with the label of the child's container.
const CONTAINER_LABEL: &str = "CONTRACT_EXIT_PATH_LABEL";

/// The line that the child prints once its container is running.
const READY: &str = "the container is running";

/// The ways in which a child ends, each with its exit code.
const EXIT_PATHS: [(&str, i32); 4] = [
    ("pass", 0),
    ("fail", 101),
    ("panic", 101),
    ("interrupt", 130),
];

/// Returns the way in which this process ends, if it is a child.
pub fn requested() -> Option<String> {
    variable(EXIT_PATH)
}

/// Returns the label of the container, if this process is a child.
pub fn label() -> Option<String> {
    variable(CONTAINER_LABEL)
}

/// Returns the only test of a child.
pub fn trial(exit_path: String, runtime: &Handle, dynamodb: &Arc<DynamoDbLocal>) -> Trial {
    let (runtime, dynamodb) = (runtime.clone(), Arc::clone(dynamodb));
    Trial::test("exit_path", move || {
        runtime.block_on(dynamodb.endpoint())?;
        println!("{READY}");
        match exit_path.as_str() {
            "fail" => Err("as requested".into()),
            "panic" => panic!("as requested"),
            "interrupt" => runtime.block_on(std::future::pending()),
            _ => Ok(()),
        }
    })
}

/// Returns the test that starts the children, and counts the containers that they leave behind.
pub fn container_trial(availability: Availability, runtime: &Handle, results: &Results) -> Trial {
    let name = "dynamodb-local::container::no_container_is_left_behind".to_owned();
    let (runtime, test) = (runtime.clone(), name.clone());
    availability.trial(name, results, move || {
        let total = u32::try_from(EXIT_PATHS.len()).ok();
        let progress = Progress::counting(&test, total, "exit paths", REPORT_INTERVAL);
        for (exit_path, code) in EXIT_PATHS {
            check_exit_path(exit_path, code, &runtime)
                .map_err(|reason| format!("{exit_path}: {reason}"))?;
            progress.advance(1);
        }
        Ok(())
    })
}

fn check_exit_path(exit_path: &str, code: i32, runtime: &Handle) -> Result<(), String> {
    let label = unique_prefix();
    let count = || runtime.block_on(docker::count_containers(&format!("{LABEL}={label}")));
    let executable = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut child = Command::new(executable)
        .env(EXIT_PATH, exit_path)
        .env(CONTAINER_LABEL, &label)
        .env_remove("DYNAMODB_ENDPOINT")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    let output = BufReader::new(child.stdout.take().expect("stdout is piped"));
    let mut lines = output.lines().map_while(Result::ok);
    if !lines.any(|line| line.contains(READY)) {
        return Err(format!(
            "the container did not start, and the process ended with {:?}",
            child.wait()
        ));
    }
    if exit_path == "interrupt" {
        // The child waits until it is interrupted, so its container must be running now.
        let running = count()?;
        interrupt(&child)?;
        if running != 1 {
            return Err(format!("{running} containers were running"));
        }
    }
    lines.for_each(drop);
    let ended = child.wait().map_err(|error| error.to_string())?;
    match (count()?, ended.code()) {
        (0, Some(ended)) if ended == code => Ok(()),
        (left, ended) => Err(format!(
            "{left} containers are left behind, and the exit code is {ended:?}"
        )),
    }
}

fn interrupt(child: &Child) -> Result<(), String> {
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    sent.map(drop).map_err(|error| error.to_string())
}
