//! Whether no container stays behind, however the tests end: they are run in a process of their own, and
//! made to end in each way.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use contract_tests::toolkit::dynamodb::container::{DynamoDbLocal, LABEL};
use contract_tests::toolkit::dynamodb::docker;
use contract_tests::toolkit::random::unique_prefix;
use function::config::variable;
use libtest_mimic::Trial;
use tokio::runtime::Handle;

use crate::suite::Availability;

/// Tells such a process how to end.
const EXIT_PATH: &str = "CONTRACT_EXIT_PATH";

/// Tells it how to label its container.
const CONTAINER_LABEL: &str = "CONTRACT_EXIT_PATH_LABEL";

/// What it says once its container runs.
const READY: &str = "the container is running";

/// How such a process is to end, with the exit code that it then has.
const EXIT_PATHS: [(&str, i32); 4] = [
    ("pass", 0),
    ("fail", 101),
    ("panic", 101),
    ("interrupt", 130),
];

/// How this process is to end, if it is one of those.
pub fn requested() -> Option<String> {
    variable(EXIT_PATH)
}

/// The label of its container.
pub fn label() -> Option<String> {
    variable(CONTAINER_LABEL)
}

/// The one test of such a process.
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

/// The test that starts such processes, and counts what they leave.
pub fn container_trial(availability: Availability, runtime: &Handle) -> Trial {
    let name = "dynamodb-local::container::no_container_is_left_behind".to_owned();
    let runtime = runtime.clone();
    availability.trial(name, move || {
        for (exit_path, code) in EXIT_PATHS {
            check_exit_path(exit_path, code, &runtime)
                .map_err(|wrong| format!("{exit_path}: {wrong}"))?;
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
    let output = BufReader::new(child.stdout.take().expect("its output is piped"));
    let mut lines = output.lines().map_while(Result::ok);
    if !lines.any(|line| line.contains(READY)) {
        return Err(format!(
            "its container did not start, and it ended with {:?}",
            child.wait()
        ));
    }
    if exit_path == "interrupt" {
        // It waits for ever, so this is the moment to see that a container can be counted.
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
            "{left} containers stay behind, and the exit code is {ended:?}"
        )),
    }
}

fn interrupt(child: &Child) -> Result<(), String> {
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    sent.map(drop).map_err(|error| error.to_string())
}
