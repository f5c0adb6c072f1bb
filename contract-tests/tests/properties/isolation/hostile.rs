//! APIs that disturb a run: each run ends by itself or at the second Ctrl-C, and reports the items that it leaves.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use aws_lambda_events::http::HeaderName;
use aws_lambda_events::http::header::{LOCATION, RETRY_AFTER};
use local::gateway::{Handler, LambdaResponse};
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::time::sleep;

use super::api::SharedApi;
use super::middleware::{BUSY, Request, TOKEN, intercept, method, read, replace_successes, reply};
use super::run::{Run, run_command};
use super::{Test, TestResult, wait_for_items};

/// The tests, each with a hostile API.
pub const TESTS: [(&str, Test); 10] = [
    (
        "a_long_retry_after_makes_a_run_inconclusive",
        long_retry_after,
    ),
    (
        "items_that_a_busy_api_keeps_are_reported_and_swept",
        busy_deletes,
    ),
    ("a_second_interrupt_ends_the_clean_up", interrupted_twice),
    (
        "an_endless_list_does_not_block_a_run_or_a_sweep",
        endless_list,
    ),
    ("an_endless_body_is_not_buffered", endless_body),
    (
        "a_request_without_a_response_ends_at_the_deadline",
        no_response,
    ),
    ("a_put_is_awaited_beyond_the_deadline_of_its_test", slow_put),
    ("a_redirect_is_not_followed", redirect),
    (
        "an_api_that_only_fails_does_not_pass_the_health_check",
        failing,
    ),
    (
        "a_false_item_in_the_list_does_not_affect_foreign_items",
        false_item,
    ),
];

/// The header with a date that is later than the end of any run.
const FAR_RETRY_AFTER: (HeaderName, &str) = (RETRY_AFTER, "Thu, 31 Dec 2099 23:59:59 GMT");

fn is_list(request: &Request) -> bool {
    method(request) == "GET" && request.raw_path.as_deref() == Some("/items")
}

fn page(items: &[Value], last: Option<&str>) -> LambdaResponse {
    let count = items.len();
    let mut page = json!({"Items": items, "Count": count, "ScannedCount": count});
    if let Some(last) = last {
        page["LastEvaluatedKey"] = json!({ "id": last });
    }
    reply(200, &[], &page.to_string())
}

fn long_retry_after(runtime: &Handle) -> TestResult {
    let always = |inner| intercept(inner, |_| Some(reply(503, &[FAR_RETRY_AFTER], BUSY)));
    let api = SharedApi::start(runtime, Some(&always))?;
    let mut run = Run::start(api.url(), &[("CONTRACT_TIME", "8")])?;
    let expected = ["no request is sent for", "CONTRACT_TIME=8 has only"];
    run.expect_clean_end(2, &expected)?;
    api.check_unchanged()
}

fn busy_deletes(runtime: &Handle) -> TestResult {
    let is_busy = Arc::new(AtomicBool::new(true));
    let wrap = |inner| {
        let (is_busy, has_put) = (Arc::clone(&is_busy), AtomicBool::new(false));
        intercept(inner, move |request| {
            // A run whose first request is a DELETE would end with nothing to leave behind.
            has_put.fetch_or(method(request) == "PUT", Ordering::SeqCst);
            let refused = method(request) == "DELETE"
                && has_put.load(Ordering::SeqCst)
                && is_busy.load(Ordering::SeqCst);
            refused.then(|| reply(503, &[FAR_RETRY_AFTER], BUSY))
        })
    };
    let api = SharedApi::start(runtime, Some(&wrap))?;
    let mut run = Run::start(api.url(), &[("CONTRACT_CLEAN_UP", "5")])?;
    let expected = ["items are left behind", "CONTRACT_CLEAN_UP=5 has only"];
    run.expect_end(2, &expected)?;
    is_busy.store(false, Ordering::SeqCst);
    run.sweep(0, "ids deleted")?;
    api.check_unchanged()?;
    Ok(())
}

fn interrupted_twice(runtime: &Handle) -> TestResult {
    let wrap = |inner| {
        intercept(inner, |request| {
            (method(request) == "DELETE").then(|| reply(503, &[], BUSY))
        })
    };
    let api = SharedApi::start(runtime, Some(&wrap))?;
    let mut run = Run::start(api.url(), &[("CONTRACT_CLEAN_UP", "3600")])?;
    wait_for_items(&api)?;
    run.interrupt()?;
    run.wait_for_line("stopping")?;
    run.interrupt()?;
    let expected = [
        "items are left behind",
        "the clean-up was stopped",
        "contract-tests -- sweep",
    ];
    run.expect_end(130, &expected)?;
    Ok(())
}

fn endless_list(runtime: &Handle) -> TestResult {
    let pages = Arc::new(AtomicUsize::new(0));
    let wrap = |inner| {
        let pages = Arc::clone(&pages);
        replace_successes(inner, move |request| {
            let number = || pages.fetch_add(1, Ordering::SeqCst).to_string();
            is_list(request).then(|| page(&[], Some(&number())))
        })
    };
    let api = SharedApi::start(runtime, Some(&wrap))?;
    let mut run = Run::start_tests("deployed::sequences", api.url(), &[])?;
    run.expect_clean_end(0, &["other users have more than CONTRACT_PAGES=20 pages"])?;
    api.check_unchanged()?;

    pages.store(0, Ordering::SeqCst);
    let sweep = ["sweep", "--url", api.url()];
    run_command(&sweep, &[], 1, "goes on beyond CONTRACT_PAGES=20 pages")?;
    // The health check requests one page too.
    match pages.load(Ordering::SeqCst) {
        21 => Ok(()),
        pages => Err(format!("{pages} pages were requested").into()),
    }
}

fn endless_body(_: &Handle) -> TestResult {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    let max_taken = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&max_taken);
    // The server runs until this process ends.
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let seen = Arc::clone(&seen);
            // The body ends with an error, when the client closes the connection.
            thread::spawn(move || send_without_end(connection, &seen));
        }
    });
    Run::start(&url, &[])?.expect_clean_end(2, &["has more than 10485760 bytes"])?;
    // The buffers of the two sockets take some bytes that the client never reads.
    match max_taken.load(Ordering::SeqCst) >> 20 {
        10..=64 => Ok(()),
        megabytes => Err(format!("{megabytes} MiB were sent").into()),
    }
}

/// Answers a request with an endless body, and records the maximum number of bytes that a client took.
fn send_without_end(mut connection: TcpStream, max_taken: &AtomicUsize) -> io::Result<()> {
    let mut buffer = [b' '; 4096];
    let _ = connection.read(&mut buffer)?;
    connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")?;
    let mut taken = 0;
    loop {
        connection.write_all(&buffer)?;
        taken += buffer.len();
        max_taken.fetch_max(taken, Ordering::SeqCst);
    }
}

fn no_response(_: &Handle) -> TestResult {
    // The operating system accepts connections, but no response ever comes.
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    let mut run = Run::start(&url, &[("CONTRACT_TIME", "5")])?;
    let output = run.expect_clean_end(
        2,
        &[
            "waiting:",
            "has not answered yet",
            "cannot be reached",
            "CONTRACT_TIME=5 is over",
        ],
    )?;
    drop(listener);
    if output.contains("Latency") {
        return Err(format!("the latency of a request without a response: {output}").into());
    }
    Ok(())
}

/// Tests an API that stores each item late, even after its client has disconnected.
fn slow_put(runtime: &Handle) -> TestResult {
    let under_way = Arc::new(AtomicUsize::new(0));
    let wrap = |inner: Handler| -> Handler {
        let under_way = Arc::clone(&under_way);
        Arc::new(move |event| {
            let is_put = method(&read(&event)) == "PUT";
            let (inner, under_way) = (Handler::clone(&inner), Arc::clone(&under_way));
            let response = tokio::spawn(async move {
                if is_put {
                    under_way.fetch_add(1, Ordering::SeqCst);
                    sleep(Duration::from_secs(4)).await;
                }
                let response = inner(event).await;
                if is_put {
                    under_way.fetch_sub(1, Ordering::SeqCst);
                }
                response
            });
            Box::pin(async move { response.await.expect("the service does not panic") })
        })
    };
    let api = SharedApi::start(runtime, Some(&wrap))?;
    let mut run = Run::start_tests(
        "deployed::concurrency",
        api.url(),
        &[("CONTRACT_TIME", "2")],
    )?;
    run.expect_clean_end(2, &["CONTRACT_TIME=2 is over"])?;
    while under_way.load(Ordering::SeqCst) > 0 {
        thread::sleep(Duration::from_millis(10));
    }
    api.check_unchanged()
}

fn redirect(runtime: &Handle) -> TestResult {
    let elsewhere = TcpListener::bind("127.0.0.1:0")?;
    elsewhere.set_nonblocking(true)?;
    let location = format!("http://{}/items", elsewhere.local_addr()?);
    let wrap = |inner: Handler| {
        let location = location.clone();
        intercept(inner, move |_| {
            Some(reply(307, &[(LOCATION, &location)], "{}"))
        })
    };
    let api = SharedApi::start(runtime, Some(&wrap))?;
    let mut run = Run::start(api.url(), &[("CONTRACT_BEARER", TOKEN)])?;
    run.expect_clean_end(64, &["there is no API of items", "answered 307"])?;
    match elsewhere.accept() {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => api.check_unchanged(),
        connection => Err(format!("the redirect was followed: {connection:?}").into()),
    }
}

/// Tests an API that answers every request with an error: 500 means that it is broken, 503 that it is busy.
fn failing(runtime: &Handle) -> TestResult {
    for (status, code) in [(500, 64), (503, 2)] {
        let wrap = |inner| {
            intercept(inner, move |_| {
                Some(reply(status, &[], r#"{"message":""}"#))
            })
        };
        let api = SharedApi::start(runtime, Some(&wrap))?;
        let mut run = Run::start(api.url(), &[])?;
        run.expect_clean_end(
            code,
            &["there is no API of items", &format!("answered {status}")],
        )?;
    }
    Ok(())
}

/// Tests a list that shows an item of the run that was never put, and that no DELETE removes.
fn false_item(runtime: &Handle) -> TestResult {
    let wrap = |inner| {
        let ghost = Mutex::new(None);
        replace_successes(inner, move |request| {
            let mut ghost = ghost.lock().unwrap_or_else(PoisonError::into_inner);
            let body = request.body.as_deref().unwrap_or_default();
            // The namespace is that of the last PUT.
            if let Some(at) = body.find("contract-") {
                let namespace = body.get(at..at + 36);
                *ghost = namespace.map(|namespace| json!({"id": format!("{namespace}ghost")}));
            }
            let ghost = ghost.clone().filter(|_| is_list(request));
            ghost.map(|ghost| page(&[ghost], None))
        })
    };
    let api = SharedApi::start(runtime, Some(&wrap))?;
    let mut run = Run::start_tests("deployed::sequences", api.url(), &[])?;
    let expected = [
        "fail          deployed::sequences",
        "items are left behind",
        "the list still shows",
    ];
    run.expect_end(101, &expected)?;
    api.check_unchanged()?;
    Ok(())
}
