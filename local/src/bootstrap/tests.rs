//! Tests of the ports for the processes, by a scripted client.

#[path = "../../tests/support/mod.rs"]
mod support;

use std::fs::{self, Permissions};
use std::num::NonZeroU64;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};
use support::{Response, call, send};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Bootstrap;
use super::process::Process;
use super::table_server;
use crate::embedded::Embedded;
use crate::error::Error;
use crate::gateway::{GatewayError, MAX_RESPONSE_BYTES};
use crate::store::Store;
use crate::table::Table;
use crate::trace::Trace;

const NEXT: &str = "GET /2018-06-01/runtime/invocation/next";

const NO_CONTENT: &str =
    r#"{"statusCode": 204, "headers": {}, "multiValueHeaders": {}, "cookies": [], "body": "a"}"#;

/// A program that does nothing, so that the test speaks for it. If there is a folder `instances` beside it, each
/// process writes its address there. The program is written before any test starts a process: a file that is open for
/// writing in a forked process cannot be started.
static SLEEPER: LazyLock<PathBuf> = LazyLock::new(|| {
    let file = std::env::temp_dir().join(format!("sleeper-{}", std::process::id()));
    let script = r#"#!/bin/sh
cd "$LAMBDA_TASK_ROOT/instances" 2>/dev/null && echo "$AWS_LAMBDA_RUNTIME_API" >$$
exec sleep 600
"#;
    fs::write(&file, script).expect("written");
    fs::set_permissions(&file, Permissions::from_mode(0o755)).expect("executable");
    file
});

/// Starts a process that has requested an event.
async fn start() -> (Process, String, JoinHandle<Response>) {
    let mut process = Process::start(&SLEEPER, &[]).await.expect("a process");
    let url = format!("http://{}", process.runtime_api());
    let next = next(&url);
    process.ready().await.expect("a request");
    (process, url, next)
}

/// Requests an event.
fn next(url: &str) -> JoinHandle<Response> {
    let url = url.to_owned();
    tokio::spawn(async move { call(&url, NEXT, "").await })
}

fn kill(id: &str) {
    let killed = Command::new("kill").args(["-9", id]).status();
    assert!(killed.expect("kill").success());
}

/// Starts two instances. Returns the start, which waits for their requests, and the id and the URL of each process.
async fn start_two(name: &str) -> (JoinHandle<Result<Bootstrap, Error>>, [(String, String); 2]) {
    let folder = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
    let (file, instances) = (folder.join("bootstrap"), folder.join("instances"));
    fs::create_dir_all(&instances).expect("a folder");
    symlink(&*SLEEPER, &file).expect("a link");
    let starting = tokio::spawn(async move {
        let table = Table::open(&Store::Memory, "items").await?;
        let (timeout, two) = (Duration::from_secs(10), NonZeroU64::MIN.saturating_add(1));
        Bootstrap::start(&file, &table, &Store::Memory, timeout, two).await
    });
    let process = |file: fs::DirEntry| {
        let address = fs::read_to_string(file.path()).ok()?;
        let url = format!("http://{}", address.strip_suffix('\n')?);
        Some((file.file_name().into_string().ok()?, url))
    };
    let patience = Instant::now() + Duration::from_secs(20);
    loop {
        assert!(Instant::now() < patience, "the processes did not start");
        let files = fs::read_dir(&instances).expect("a folder");
        let processes: Vec<_> = files.filter_map(|file| process(file.ok()?)).collect();
        if let Ok(processes) = processes.try_into() {
            fs::remove_dir_all(&folder).expect("removed");
            return (starting, processes);
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn event() -> LambdaEvent<Value> {
    let mut context = Context::default();
    "id-1".clone_into(&mut context.request_id);
    context.deadline = 7;
    context.xray_trace_id = Some("Root=1".to_owned());
    LambdaEvent::new(json!({"routeKey": "GET /items"}), context)
}

fn post(path: &str) -> String {
    format!("POST /2018-06-01/runtime/{path}")
}

/// Invokes the function, which posts `body` to the path. Returns the result, and the status of the post.
async fn invoke_with(path: &str, body: &str) -> (Result<i64, GatewayError>, u16) {
    let (mut process, url, next) = start().await;
    let event = event();
    let answer = async {
        next.await.expect("an event");
        call(&url, &post(path), body).await.status
    };
    let (result, status) = tokio::join!(process.invoke(&event, None), answer);
    process.kill().await;
    (result.map(|response| response.status_code), status)
}

#[tokio::test]
async fn the_process_gets_the_event_and_its_headers() {
    let (mut process, url, next) = start().await;
    let event = event();
    let answer = async {
        let event = next.await.expect("an event");
        // Neither another request for an event nor another invocation disturbs this one.
        assert_eq!(call(&url, NEXT, "").await.status, 403);
        for path in ["invocation/id-2/response", "invocation/id-2/error"] {
            assert_eq!(call(&url, &post(path), "{}").await.status, 403, "{path}");
        }
        assert_eq!(call(&url, &post("invocation/id-1"), "{}").await.status, 404);
        call(&url, &post("invocation/id-1/response"), NO_CONTENT).await;
        event
    };
    let (response, event) = tokio::join!(process.invoke(&event, None), answer);
    assert_eq!(response.expect("a response").status_code, 204);
    assert_eq!(
        (event.status, event.body.as_str()),
        (200, r#"{"routeKey":"GET /items"}"#)
    );
    for (name, value) in [
        ("lambda-runtime-aws-request-id", "id-1"),
        ("lambda-runtime-deadline-ms", "7"),
        ("lambda-runtime-trace-id", "Root=1"),
    ] {
        assert_eq!(event.header(name), Some(value));
    }
}

#[tokio::test]
async fn an_invocation_may_fail() {
    let response = "invocation/id-1/response";
    let (error, status) = invoke_with("invocation/id-1/error", "{}").await;
    assert!(
        matches!(error, Err(GatewayError::FunctionFailed)),
        "{error:?}"
    );
    assert_eq!(status, 202);
    let (error, _) = invoke_with(response, "text").await;
    assert!(
        matches!(error, Err(GatewayError::MalformedResponse(_))),
        "{error:?}"
    );
    let (error, status) = invoke_with(response, &"a".repeat(MAX_RESPONSE_BYTES + 1)).await;
    assert!(
        matches!(error, Err(GatewayError::ResponseTooLarge(_))),
        "{error:?}"
    );
    assert_eq!(status, 413);
}

#[tokio::test]
async fn a_process_that_ends_during_an_invocation_fails_it() {
    let (mut process, _, next) = start().await;
    let (event, id) = (event(), process.id().expect("a process").to_string());
    let end = async {
        next.await.expect("an event");
        kill(&id);
    };
    let (result, ()) = tokio::join!(process.invoke(&event, None), end);
    assert!(
        matches!(&result, Err(GatewayError::ProcessEnded(reason)) if reason.contains("signal: 9")),
        "{result:?}"
    );
}

#[tokio::test]
async fn two_instances_have_an_event_at_once_and_a_crash_fails_only_its_own() {
    let (starting, instances) = start_two("two_instances_have_an_event_at_once").await;
    let nexts = instances.each_ref().map(|(_, url)| next(url));
    let bootstrap = starting.await.expect("no panic").expect("two instances");
    let handler = bootstrap.handler();
    let invocations = [(); 2].map(|()| tokio::spawn(handler(event())));
    // Both have an event before either has responded.
    for next in nexts {
        assert_eq!(next.await.expect("an event").status, 200);
    }
    let [(crashed, _), (_, url)] = &instances;
    kill(crashed);
    call(url, &post("invocation/id-1/response"), NO_CONTENT).await;
    let mut errors = Vec::new();
    for invocation in invocations {
        let result = invocation.await.expect("no panic");
        match result.error {
            Some(error) => errors.push(error),
            None => assert_eq!(result.response.status_code, 204),
        }
    }
    assert!(
        matches!(&errors[..], [GatewayError::ProcessEnded(reason)] if reason.contains("signal: 9")),
        "{errors:?}"
    );
    bootstrap.stop().await;
}

#[tokio::test]
async fn an_instance_that_does_not_start_ends_the_other() {
    let (starting, instances) = start_two("an_instance_that_does_not_start").await;
    let [(crashed, _), (other, url)] = &instances;
    let _next = next(url);
    kill(crashed);
    let error = starting.await.expect("no panic").expect_err("an error");
    let error = error.to_string();
    assert!(
        error.contains("signal: 9 (SIGKILL)) during init"),
        "{error}"
    );
    let exists = || Command::new("kill").args(["-0", other]).output();
    let patience = Instant::now() + Duration::from_secs(20);
    while exists().expect("kill").status.success() {
        assert!(Instant::now() < patience, "the other process did not end");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn an_event_is_not_lost_if_the_process_no_longer_waits_for_it() {
    let (mut process, _, next) = start().await;
    next.abort();
    let _ = next.await;
    // The connection is closed a moment later.
    let event = event();
    while process.is_waiting() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let result = process.invoke(&event, None).await;
    assert!(
        matches!(result, Err(GatewayError::ProcessEnded(_))),
        "{result:?}"
    );
}

#[tokio::test]
async fn an_error_during_init_ends_the_process() {
    let mut process = Process::start(&SLEEPER, &[]).await.expect("a process");
    let url = format!("http://{}", process.runtime_api());
    let path = post("init/error");
    let (ready, _) = tokio::join!(process.ready(), call(&url, &path, "{}"));
    assert_eq!(ready, Err("it reported an error".to_owned()));
}

#[tokio::test]
async fn a_web_page_gets_no_event_and_takes_none_from_the_process() {
    let (mut process, url, next) = start().await;
    let host = support::host(&url).to_owned();
    for headers in [
        "origin: null\r\n",
        "sec-fetch-site: none\r\n",
        "user-agent: Mozilla/5.0\r\n",
        "host: evil.example\r\n",
        "user-agent: curl\r\nuser-agent: Mozilla/5.0\r\n",
    ] {
        for line in [NEXT, &post("invocation/id-1/response")] {
            assert_eq!(
                send(&url, line, headers, "").await.status,
                403,
                "{host} {headers}"
            );
        }
    }
    let event = event();
    let answer = async {
        assert_eq!(next.await.expect("an event").status, 200);
        call(&url, &post("invocation/id-1/error"), "{}").await
    };
    let (result, _) = tokio::join!(process.invoke(&event, None), answer);
    assert!(
        matches!(result, Err(GatewayError::FunctionFailed)),
        "{result:?}"
    );
}

#[tokio::test]
async fn the_table_refuses_a_request_without_its_key() {
    let embedded = Embedded::in_memory().expect("a table");
    let trace = Trace::default();
    let (_sender, current) = watch::channel(Some(trace.clone()));
    let (_server, environment) = table_server::start(embedded, current)
        .await
        .expect("a port");
    let value = |name| {
        let variable = environment.iter().find(|(found, _)| *found == name);
        variable.expect("a variable").1.as_str()
    };
    let (url, key) = (
        value("AWS_ENDPOINT_URL_DYNAMODB"),
        value("AWS_ACCESS_KEY_ID"),
    );
    let target = "x-amz-target: DynamoDB_20120810.DescribeTable\r\n";
    let describe = async |headers: String| {
        send(
            url,
            "POST /",
            &(headers + target),
            r#"{"TableName":"items"}"#,
        )
        .await
    };
    let authorization =
        |key: &str| format!("authorization: AWS4-HMAC-SHA256 Credential={key}/x\r\n");
    for headers in [
        String::new(),
        authorization("LOCAL"),
        authorization(&key[..31]),
        authorization(&format!("X{key}")),
        format!("authorization: {key}\r\n"),
    ] {
        let refused = describe(headers).await;
        assert_eq!(refused.status, 400);
        assert!(
            refused.body.contains("UnrecognizedClientException"),
            "{}",
            refused.body
        );
    }
    for foreign in ["origin: http://localhost\r\n", "host: localhost\r\n"] {
        let refused = describe(authorization(key) + foreign).await;
        assert_eq!(refused.status, 403, "{foreign}");
        assert!(
            refused.body.contains("AccessDeniedException"),
            "{}",
            refused.body
        );
    }
    assert!(trace.invocation().calls.is_empty());
    let executed = describe(authorization(key)).await;
    assert!(
        executed.body.contains("ResourceNotFoundException"),
        "{}",
        executed.body
    );
    assert_eq!(trace.invocation().calls[0].status, Some(400));
}
