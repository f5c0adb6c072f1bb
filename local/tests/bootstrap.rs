//! Tests of `--bootstrap`: the binary of the function, started by the program `local`.
#![cfg(unix)]

#[path = "support/program.rs"]
mod program;
mod support;

use std::fs;
use std::io::{BufRead, BufReader, Lines};
use std::num::NonZeroU64;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStderr, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread::sleep;
use std::time::Duration;

use lambda_runtime::{Context, LambdaEvent};
use local::bootstrap::Bootstrap;
use local::table::Table;
use local::trace::Trace;
use local::{Options, Store};
use program::{Running, folder, program, start_error};
use serde_json::{Value, json};
use support::{call, send};

/// The binary of the function. After `cargo test` has built the workspace, this builds nothing.
static BOOTSTRAP: LazyLock<PathBuf> = LazyLock::new(|| {
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--bin", "bootstrap"]);
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let status = build.current_dir(root).status();
    assert!(status.expect("cargo").success());
    Path::new(env!("CARGO_BIN_EXE_local")).with_file_name("bootstrap")
});

/// Runs a command of the system, which must succeed, and returns its output.
fn run(command: &[&str]) -> String {
    let output = Command::new(command[0]).args(&command[1..]).output();
    let output = output.expect("a process");
    assert!(output.status.success(), "{command:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// Copies a file. A copy by this process could still be open for writing in a forked process, and then not be started.
fn copy(from: &Path, to: &Path) {
    run(&[
        "cp",
        from.to_str().expect("UTF-8"),
        to.to_str().expect("UTF-8"),
    ]);
}

/// Writes a script that may be started.
fn script(file: &Path, text: &str) {
    let draft = file.with_extension("draft");
    fs::write(&draft, text).expect("written");
    copy(&draft, file);
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).expect("executable");
}

/// A program that runs the binary.
struct Served {
    program: Running,
    log: Lines<BufReader<ChildStderr>>,
}

impl Served {
    fn start(file: &Path, arguments: &[&str]) -> Self {
        let file = file.to_str().expect("UTF-8");
        let arguments = [&["--port", "0", "--bootstrap", file], arguments].concat();
        let mut program = Running::start(&arguments);
        let greeting = &program.greeting;
        assert!(
            greeting.contains(&format!("the function is {file})")),
            "{greeting}"
        );
        let log = program.child.stderr.take().expect("its log");
        Self {
            program,
            log: BufReader::new(log).lines(),
        }
    }

    /// Returns the process id of each instance of the function.
    fn processes(&self) -> Vec<String> {
        let parent = self.program.child.id().to_string();
        let processes = run(&["pgrep", "-P", &parent]);
        processes.lines().map(str::to_owned).collect()
    }

    /// Returns the process id of the only instance.
    fn process(&self) -> String {
        let [process] = self.processes().try_into().expect("one instance");
        process
    }

    fn signal_process(&self, signal: &str) {
        run(&["kill", "-s", signal, &self.process()]);
    }

    /// Reads the log up to the line that contains the text.
    fn logged(&mut self, text: &str) -> String {
        let mut lines = self.log.by_ref().map(|line| line.expect("text"));
        lines.find(|line| line.contains(text)).expect(text)
    }

    /// Sends the signal to the program, and returns its exit code and the rest of the log.
    fn stop(mut self, signal: &str) -> (Option<i32>, Vec<String>) {
        let code = self.program.end(signal);
        (code, self.log.map(|line| line.expect("text")).collect())
    }

    async fn status(&self) -> u16 {
        call(&self.program.url, "GET /items", "").await.status
    }
}

/// Waits until a process has ended, also if its parent has not yet waited for it.
fn wait_for_end(process: &str) {
    let runs = || {
        let state = Command::new("ps")
            .args(["-o", "stat=", "-p", process])
            .output();
        let state = String::from_utf8(state.expect("ps").stdout).expect("text");
        !state.trim().is_empty() && !state.starts_with('Z')
    };
    while runs() {
        sleep(Duration::from_millis(20));
    }
}

#[tokio::test]
async fn the_binary_serves_the_api_and_its_log_is_printed() {
    let mut served = Served::start(&BOOTSTRAP, &[]);
    let url = served.program.url.clone();
    for (line, body, expected) in [
        (
            "PUT /items",
            r#"{"id":"a","price":1.50}"#,
            r#""Put item a""#,
        ),
        ("GET /items/a", "", r#"{"Item":{"id":"a","price":1.5}}"#),
        (
            "GET /items",
            "",
            r#"{"Items":[{"id":"a","price":1.5}],"Count":1,"ScannedCount":1}"#,
        ),
        ("DELETE /items/a", "", r#""Deleted item a""#),
        ("GET /items/a", "", r#"{"message":"Item not found"}"#),
    ] {
        let response = call(&url, line, body).await;
        assert_eq!(response.body, expected, "{line}");
        let id = response.header("apigw-requestid").expect("an id");
        // The function's line comes first.
        let line = served.logged(id);
        assert!(line.starts_with('{'), "{line}");
        assert!(
            served
                .logged(id)
                .contains(&format!(" {} ", response.status))
        );
    }
    let process = served.process();
    let (code, _) = served.stop("TERM");
    assert_eq!(code, Some(0));
    wait_for_end(&process);
}

#[tokio::test]
async fn no_process_remains_after_a_signal() {
    for (signal, code) in [("INT", Some(0)), ("TERM", Some(0)), ("KILL", None)] {
        let served = Served::start(&BOOTSTRAP, &[]);
        assert_eq!(served.status().await, 200);
        let process = served.process();
        let (ended, log) = served.stop(signal);
        assert_eq!(ended, code, "{signal}");
        if code.is_some() {
            assert_eq!(log[2..], ["stopping", "stopped"], "{signal}");
        }
        // After SIGKILL the function ends because its Runtime API is gone.
        wait_for_end(&process);
    }
}

// A second thread sends the requests while the first waits for the log.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_build_replaces_all_processes_and_no_request_fails() {
    let folder = folder("a_new_build_replaces_all_processes_and_no_request_fails");
    let (file, build) = (folder.join("bootstrap"), folder.join("build"));
    copy(&BOOTSTRAP, &file);
    let mut served = Served::start(&file, &["--instances", "2"]);
    call(&served.program.url, "PUT /items", r#"{"id":"a"}"#).await;
    let before = served.processes();
    assert_eq!(before.len(), 2);
    let url = served.program.url.clone();
    let restarted = Arc::new(AtomicBool::new(false));
    let until = Arc::clone(&restarted);
    let requests = tokio::spawn(async move {
        let mut statuses = Vec::new();
        while !until.load(Ordering::Relaxed) {
            statuses.push(call(&url, "GET /items/a", "").await.status);
        }
        statuses
    });
    copy(&BOOTSTRAP, &build);
    fs::rename(&build, &file).expect("replaced");
    for _ in &before {
        assert_eq!(
            served.logged("restarted "),
            format!("restarted {}", file.display())
        );
    }
    restarted.store(true, Ordering::Relaxed);
    let statuses = requests.await.expect("requests");
    assert!(statuses.len() > 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    let after = served.processes();
    assert_eq!(after.len(), 2);
    assert!(after.iter().all(|process| !before.contains(process)));
}

#[tokio::test]
async fn a_broken_build_is_reported_and_a_later_one_is_used() {
    let folder = folder("a_broken_build_is_reported_and_a_later_one_is_used");
    let (file, build) = (folder.join("bootstrap"), folder.join("build"));
    copy(&BOOTSTRAP, &file);
    let mut served = Served::start(&file, &[]);
    script(&build, "#!/bin/sh\nexit 3\n");
    fs::rename(&build, &file).expect("replaced");
    let error = served.logged("failed to run");
    assert!(
        error.contains("it ended (exit status: 3) during init"),
        "{error}"
    );
    assert_eq!(served.status().await, 500);
    assert!(
        served
            .logged(" 500 GET /items ")
            .contains("it does not start")
    );

    copy(&BOOTSTRAP, &build);
    fs::rename(&build, &file).expect("replaced");
    served.logged("restarted ");
    assert_eq!(served.status().await, 200);
}

#[tokio::test]
async fn a_crash_between_requests_is_printed_and_the_next_request_starts_the_process() {
    let mut served = Served::start(&BOOTSTRAP, &[]);
    served.signal_process("KILL");
    let ended = served.logged("it ended");
    assert!(ended.contains("signal: 9"), "{ended}");
    assert_eq!(served.status().await, 200);
}

#[tokio::test]
async fn a_process_past_the_timeout_is_killed_and_started_again() {
    let mut served = Served::start(&BOOTSTRAP, &["--function-timeout", "2"]);
    let process = served.process();
    served.signal_process("STOP");
    // One waits in line until the other is stopped, and has its whole time afterwards.
    let (first, second) = tokio::join!(served.status(), served.status());
    assert_eq!(first.max(second), 500);
    assert_eq!(first.min(second), 200);
    assert!(
        served
            .logged(" 500 GET /items ")
            .contains("its timeout of 2s")
    );
    wait_for_end(&process);
}

#[test]
fn a_file_that_cannot_be_run_is_a_start_error() {
    let folder = folder("a_file_that_cannot_be_run_is_a_start_error");
    let path = |name: &str| folder.join(name).to_str().expect("UTF-8").to_owned();
    fs::write(path("data"), "not executable").expect("written");
    script(
        &folder.join("exits"),
        "#!/bin/sh\necho out; echo err >&2; exit 3\n",
    );
    script(
        &folder.join("other_machine"),
        "\u{7f}ELF of another machine",
    );
    for (name, reason, end) in [
        ("missing", "No such file", "builds\n"),
        ("data", "Permission denied", "builds\n"),
        ("other_machine", "Exec format error", "builds\n"),
        (
            "exits",
            "it ended (exit status: 3) during init",
            "may say why\n",
        ),
    ] {
        let message = start_error(&["--port", "0", "--bootstrap", &path(name)]);
        let line = message.lines().last().expect("an error");
        assert!(
            line.starts_with(&format!("failed to run {}", path(name))),
            "{message}"
        );
        assert!(line.contains(reason) && message.ends_with(end), "{message}");
        if name == "exits" {
            assert!(
                message.contains("out\n") && message.contains("err\n"),
                "{message}"
            );
        }
    }
}

#[test]
fn a_wrong_number_of_instances_is_a_start_error() {
    let message = start_error(&["--instances", "2"]);
    assert!(message.contains("--bootstrap <FILE>"), "{message}");
    for (number, reason) in [
        ("0", "0 is not in 1..=64"),
        ("65", "65 is not in 1..=64"),
        ("many", "invalid digit"),
    ] {
        let message = start_error(&["--bootstrap", "bootstrap", "--instances", number]);
        assert!(message.contains(reason), "{message}");
    }
}

#[tokio::test]
async fn a_data_file_keeps_the_items() {
    let folder = folder("a_data_file_keeps_the_items_of_the_binary");
    let file = folder.join("items.db");
    let arguments = ["--data", file.to_str().expect("UTF-8")];
    let served = Served::start(&BOOTSTRAP, &arguments);
    call(&served.program.url, "PUT /items", r#"{"id":"a"}"#).await;
    assert_eq!(served.stop("TERM").0, Some(0));
    let served = Served::start(&BOOTSTRAP, &arguments);
    assert_eq!(
        call(&served.program.url, "GET /items/a", "").await.status,
        200
    );
}

/// Returns the environment of a process.
#[cfg(target_os = "linux")]
fn environment(process: &str) -> std::collections::BTreeMap<String, String> {
    let variables = fs::read_to_string(format!("/proc/{process}/environ")).expect("variables");
    let variables = variables.split_terminator('\0');
    let variables = variables.map(|variable| variable.split_once('=').expect("a variable"));
    variables
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn two_more_ports_are_open_and_refuse_strangers() {
    let served = Served::start(&BOOTSTRAP, &[]);
    let environment = environment(&served.process());
    let runtime = format!("http://{}", environment["AWS_LAMBDA_RUNTIME_API"]);
    let table = &environment["AWS_ENDPOINT_URL_DYNAMODB"];
    let port = |url: &str| {
        url.rsplit_once(':')
            .expect("a port")
            .1
            .parse::<u16>()
            .expect("a number")
    };
    let mut expected = [&served.program.url, &runtime, table].map(|url| port(url));
    expected.sort_unstable();
    let mut ports = served.program.ports();
    ports.sort_unstable();
    assert_eq!(ports, expected);

    let scan = "x-amz-target: DynamoDB_20120810.Scan\r\n";
    assert_eq!(send(table, "POST /", scan, "{}").await.status, 400);
    let next = "GET /2018-06-01/runtime/invocation/next";
    // The process already waits for an event.
    assert_eq!(call(&runtime, next, "").await.status, 403);
    let page = "user-agent: Mozilla/5.0\r\n";
    assert_eq!(send(&runtime, next, page, "").await.status, 403);
    assert_eq!(served.status().await, 200);
}

/// The DynamoDB is the table of another program, which accepts only its own key.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_binary_calls_another_dynamodb_itself_with_the_credentials_of_the_environment() {
    let first = Served::start(&BOOTSTRAP, &[]);
    let variables = environment(&first.process());
    let url = &variables["AWS_ENDPOINT_URL_DYNAMODB"];
    let file = BOOTSTRAP.to_str().expect("UTF-8");
    let arguments = [
        "--port",
        "0",
        "--bootstrap",
        file,
        "--dynamodb-endpoint",
        url,
    ];
    let mut command = program(&arguments);
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        command.env(name, &variables[name]);
    }
    let second = Running::spawn(command);
    assert_eq!(second.ports().len(), 2);
    call(&second.url, "PUT /items", r#"{"id":"a"}"#).await;
    let item = call(&first.program.url, "GET /items/a", "").await;
    assert_eq!(item.body, r#"{"Item":{"id":"a"}}"#);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_process_gets_only_the_variables_of_lambda() {
    let file = BOOTSTRAP.to_str().expect("UTF-8");
    let mut command = program(&["--port", "0", "--bootstrap", file]);
    command
        .env("AWS_PROFILE", "mine")
        .env("AWS_SESSION_TOKEN", "secret")
        .env("SECRET", "secret");
    let served = Running::spawn(command);
    let process = run(&["pgrep", "-P", &served.child.id().to_string()]);
    let environment = environment(process.trim());
    for name in ["AWS_PROFILE", "AWS_SESSION_TOKEN", "SECRET", "HOME"] {
        assert!(!environment.contains_key(name), "{name}");
    }
    assert_eq!(environment["TABLE_NAME"], "http-crud-tutorial-items");
    assert_eq!(
        environment["AWS_LAMBDA_FUNCTION_NAME"],
        "http-crud-tutorial-function"
    );
    assert_eq!(served.stop("TERM").0, Some(0));
}

/// Starts a copy of the binary on a table in memory. Returns it with the id of its process.
async fn start_copy(name: &str) -> (Bootstrap, String) {
    let file = folder(name).join("bootstrap");
    copy(&BOOTSTRAP, &file);
    let table = Table::open(&Store::Memory, &Options::default().table_name).await;
    let (table, timeout) = (table.expect("a table"), Duration::from_secs(10));
    let started = Bootstrap::start(&file, &table, &Store::Memory, timeout, NonZeroU64::MIN).await;
    let process = run(&["pgrep", "-f", file.to_str().expect("UTF-8")]);
    (started.expect("a process"), process.trim().to_owned())
}

/// Returns the event of a request for the item `a`.
fn event(method: &str) -> LambdaEvent<Value> {
    let event = json!({
        "version": "2.0",
        "routeKey": format!("{method} /items{}", if method == "PUT" { "" } else { "/{id}" }),
        "headers": {},
        "requestContext": {"http": {"method": method}},
        "pathParameters": {"id": "a"},
        "body": r#"{"id":"a"}"#,
        "isBase64Encoded": false,
    });
    let mut context = Context::default();
    "id-1".clone_into(&mut context.request_id);
    LambdaEvent::new(event, context)
}

#[tokio::test]
async fn the_trace_has_the_log_and_the_calls_of_the_table() {
    let (bootstrap, process) = start_copy("the_trace_has_the_log").await;
    // The second invocation starts the process again. The calls of its init belong to no invocation.
    for is_killed in [false, true] {
        if is_killed {
            run(&["kill", "-s", "KILL", &process]);
        }
        let (trace, response) = loop {
            let trace = Trace::default();
            let invocation = bootstrap.handler()(event("GET"));
            let response = trace.clone().scope(invocation).await;
            // The killed process may still get an event, and then fails its invocation.
            if !(is_killed && response.error.is_some()) {
                break (trace, response);
            }
        };
        assert_eq!(response.response.status_code, 404);
        let invocation = trace.invocation();
        let log = &invocation.log;
        assert!(log.contains(r#""lambdaRequestId":"id-1""#), "{log}");
        let calls = invocation.calls.iter();
        let calls: Vec<_> = calls.map(|call| (&*call.operation, call.status)).collect();
        assert_eq!(calls, [("GetItem", Some(200))], "killed: {is_killed}");
        let reply = invocation.reply.as_deref().expect("a reply");
        assert!(reply.contains(r#""statusCode":404"#), "{reply}");
    }
    bootstrap.stop().await;
}

#[tokio::test]
async fn an_invocation_leaves_the_line_with_its_client() {
    let (bootstrap, process) = start_copy("an_invocation_leaves_the_line").await;
    run(&["kill", "-s", "STOP", &process]);
    let handler = bootstrap.handler();
    let [first, second] = ["GET", "PUT"].map(|method| tokio::spawn(handler(event(method))));
    // Long enough for both to enter the line.
    tokio::time::sleep(Duration::from_millis(200)).await;
    second.abort();
    run(&["kill", "-s", "CONT", &process]);
    let first = first.await.expect("no panic");
    assert_eq!(first.response.status_code, 404);
    let third = handler(event("GET")).await;
    assert_eq!(third.response.status_code, 404, "the item was put");
    bootstrap.stop().await;
}
