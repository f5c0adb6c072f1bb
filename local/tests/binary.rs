//! The program `local`, started and stopped as a user does.
#![cfg(unix)]

mod support;

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use support::call;

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.args(arguments);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A running program, which ends with the test whatever happens.
struct Running {
    child: Child,
    url: String,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut child = program(arguments).spawn().expect("a process");
        let stdout = child.stdout.as_mut().expect("its output");
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let url = line
            .split_whitespace()
            .find(|word| word.starts_with("http://"));
        let url = url.expect("a URL").to_owned();
        Self { child, url }
    }

    /// Sends the signal, and returns the exit code and what it logged.
    fn stop(mut self, signal: &str) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &id]).status();
        assert!(sent.expect("kill").success());
        let code = self.child.wait().expect("an end").code();
        let mut logged = String::new();
        let mut stderr = self.child.stderr.take().expect("its log");
        stderr.read_to_string(&mut logged).expect("text");
        (code, logged)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn fails(arguments: &[&str]) -> String {
    let Output { status, stderr, .. } = program(arguments).output().expect("a process");
    assert!(!status.success(), "{arguments:?}");
    String::from_utf8(stderr).expect("text")
}

/// A folder of this test's own, empty.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

#[tokio::test]
async fn it_serves_until_it_is_told_to_stop() {
    for signal in ["INT", "TERM"] {
        let program = Running::start(&["--port", "0"]);
        let put = call(
            &program.url,
            "PUT /items",
            r#"{"id":"secret","name":"hush"}"#,
        )
        .await;
        assert_eq!(
            (put.status, put.body.as_str()),
            (200, r#""Put item secret""#)
        );
        assert_eq!(
            call(&program.url, "GET /items/secret", "").await.status,
            200
        );
        assert_eq!(call(&program.url, "GET /secret", "").await.status, 404);

        let (code, logged) = program.stop(signal);
        assert_eq!(code, Some(0), "{signal}: {logged}");
        let lines: Vec<&str> = logged.lines().collect();
        assert_eq!(lines.len(), 5, "{logged}");
        assert!(lines[0].contains(" 200 PUT /items "), "{logged}");
        assert!(
            lines[0].contains(put.header("apigw-requestid").expect("an id")),
            "{logged}"
        );
        assert!(lines[1].contains(" 200 GET /items/{id} "), "{logged}");
        assert!(lines[2].contains(" 404 - "), "{logged}");
        assert_eq!(lines[3..], ["stopping", "stopped"]);
        assert!(
            !logged.contains("secret") && !logged.contains("hush"),
            "{logged}"
        );
    }
}

#[tokio::test]
async fn a_closed_output_does_not_stop_it() {
    let mut program = Running::start(&["--port", "0"]);
    drop(program.child.stdout.take());
    drop(program.child.stderr.take());
    for _ in 0..2 {
        assert_eq!(call(&program.url, "GET /items", "").await.status, 200);
    }
}

#[tokio::test]
async fn data_outlives_the_program() {
    let folder = folder("data_outlives_the_program");
    let file = folder.join("items.db");
    let arguments = ["--port", "0", "--data", file.to_str().expect("UTF-8")];
    let program = Running::start(&arguments);
    call(&program.url, "PUT /items", r#"{"id":"a","price":1.5}"#).await;
    assert_eq!(program.stop("TERM").0, Some(0));

    let program = Running::start(&arguments);
    let item = call(&program.url, "GET /items/a", "").await;
    assert_eq!(item.body, r#"{"Item":{"id":"a","price":1.5}}"#);
    call(&program.url, "PUT /items", r#"{"id":"b"}"#).await;
    // What was acknowledged is kept even if the program had no time to stop.
    assert_eq!(program.stop("KILL").0, None);

    let program = Running::start(&arguments);
    assert_eq!(call(&program.url, "GET /items/b", "").await.status, 200);
}

#[tokio::test]
async fn what_keeps_it_from_starting_is_said() {
    let folder = folder("what_keeps_it_from_starting_is_said");
    let running = Running::start(&["--port", "0"]);
    let port = running.url.rsplit_once(':').expect("a port").1;
    let message = fails(&["--port", port]);
    let expected = format!("failed to listen on 127.0.0.1:{port}: the port is taken; ");
    assert!(message.starts_with(&expected), "{message}");
    assert!(message.ends_with("--port 0\n"), "{message}");

    let path = |name: &str| folder.join(name).to_str().expect("UTF-8").to_owned();
    let nowhere = path("missing/items.db");
    let message = fails(&["--port", "0", "--data", &nowhere]);
    assert!(
        message.starts_with(&format!("failed to open the data file {nowhere}: ")),
        "{message}"
    );

    let other = path("other.db");
    std::fs::write(&other, "not a database, whatever its name says").expect("written");
    let message = fails(&["--port", "0", "--data", &other]);
    assert!(
        message.starts_with(&format!("failed to use the data file {other}: ")),
        "{message}"
    );

    fails(&[
        "--data",
        "a",
        "--dynamodb-endpoint",
        "http://localhost:8000",
    ]);
}
