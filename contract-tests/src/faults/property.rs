//! The property of a failing table: the service answers with the right status in time, and recovers afterwards.

use std::fmt::{self, Display};
use std::time::{Duration, Instant};

use crate::contract::check::{check_declared, check_failure};
use crate::contract::item::Item;
use crate::coverage::cell::{Cell, FAULT_CLASS_PREFIX};
use crate::coverage::tracker;
use crate::environments::environment::{Environment, Setup};
use crate::environments::target::Target;
use crate::request::concrete::Request;
use crate::request::url::GatewayProfile;
use crate::toolkit::dynamodb::fault::Fault;
use crate::toolkit::http::response::Response;
use crate::toolkit::outcome::NotPassed::{Failed, Inconclusive};
use crate::toolkit::outcome::Outcome;
use crate::toolkit::progress::{Passed, Progress};

/// The time limit of an invocation: shorter than Lambda's, so that a table that hangs does not delay the tests.
pub const TIME_LIMIT: Duration = Duration::from_secs(2);

/// The deadline of a response, whatever the table does. The service should answer half a second before the time limit;
/// the status shows that it answered itself and was not stopped at the limit. This deadline only detects endless waits,
/// and leaves slack for a busy machine.
const RESPONSE_DEADLINE: Duration = Duration::from_secs(10);

/// The number of cases that run at once: some use their whole time limit.
const PARALLELISM: usize = 4;

/// A request, and the condition of the table meanwhile.
#[derive(Clone, Debug)]
pub struct FaultCase {
    request: Request,
    condition: Condition,
}

/// The expected outcome of a request whose every attempt meets the same condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ExpectedOutcome {
    /// 200.
    Success,
    /// 503: the request changed nothing.
    Unchanged,
    /// 503: the write may or may not have been applied.
    Ambiguous,
    /// 500: an operator must act; the request changed nothing.
    OperatorError,
}

/// The condition of the table.
#[derive(Clone, Copy, Debug)]
enum Condition {
    /// Every request to the table meets this fault.
    Fault(Fault),
    /// The service uses this endpoint, which has no table.
    Unreachable(&'static str),
}

/// Endpoints without a table: one that refuses every connection, and one whose name does not resolve.
const UNREACHABLE: [&str; 2] = ["http://127.0.0.1:1", "http://table.invalid"];

/// A case that failed.
#[derive(Debug)]
pub struct FaultFailure {
    /// The case.
    pub case: FaultCase,
    /// A description of the failure.
    pub reason: String,
}

impl Display for FaultFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.case, self.reason)
    }
}

impl Display for FaultCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let route = self.request.route_key();
        match self.condition {
            Condition::Fault(fault) => write!(f, "{route}, when every request meets {fault:?}"),
            Condition::Unreachable(endpoint) => {
                write!(f, "{route}, when the table is at {endpoint}")
            }
        }
    }
}

/// Checks every route under every condition.
///
/// # Errors
/// The first case that failed; or the reason why the check is inconclusive.
///
/// # Panics
/// If a case panics.
pub async fn check_all(
    target: &Target,
    setup: &Setup,
    test: &str,
) -> Outcome<Passed, FaultFailure> {
    let faults = Fault::ALL.map(Condition::Fault).into_iter();
    let conditions = faults.chain(UNREACHABLE.map(Condition::Unreachable));
    let cases: Vec<_> = conditions
        .flat_map(|condition| requests().map(|request| FaultCase { request, condition }))
        .collect();
    let mut progress = Progress::new(test, u32::try_from(cases.len()).unwrap_or(u32::MAX));
    for batch in cases.chunks(PARALLELISM) {
        let checks: Vec<_> = batch
            .iter()
            .map(|case| {
                let (target, setup) = (target.clone(), setup.clone());
                let case = case.clone();
                tokio::spawn(async move { check_case(case, &target, &setup).await })
            })
            .collect();
        let mut outcome = Ok(());
        for check in checks {
            outcome = outcome.and(check.await.expect("a case does not panic"));
        }
        outcome?;
        if setup.is_original() {
            tracker::record(batch.iter().map(FaultCase::cell));
        }
        progress.advance(u32::try_from(batch.len()).unwrap_or(u32::MAX));
    }
    Ok(progress.passed(None, None))
}

/// Checks one case.
///
/// # Errors
/// The case, if it failed; or the reason why the check is inconclusive.
pub async fn check_case(
    case: FaultCase,
    target: &Target,
    setup: &Setup,
) -> Outcome<(), FaultFailure> {
    let FaultCase {
        ref request,
        condition,
    } = case;
    let setup = Setup {
        time_limit: TIME_LIMIT,
        proxied: matches!(condition, Condition::Fault(_)),
        endpoint: match condition {
            Condition::Fault(_) => None,
            Condition::Unreachable(endpoint) => Some(endpoint),
        },
        ..setup.clone()
    };
    let environment = target.open(&setup).await.map_err(Inconclusive)?;
    let outcome = match condition {
        Condition::Fault(fault) => check_fault(&environment, request, fault, case.expected()).await,
        Condition::Unreachable(_) => send_within_deadline(&environment, request)
            .await
            .and_then(|response| check_response(&response, request, case.expected())),
    };
    environment.close().await;
    outcome.map_err(|reason| Failed(FaultFailure { case, reason }))
}

/// Returns the expected outcome of a write that meets this fault.
fn expected_of_write(fault: Fault) -> ExpectedOutcome {
    match fault {
        Fault::Pass | Fault::Slow => ExpectedOutcome::Success,
        Fault::Throttle => ExpectedOutcome::Unchanged,
        Fault::Denied | Fault::TableGone => ExpectedOutcome::OperatorError,
        Fault::InternalError
        | Fault::Empty
        | Fault::Malformed
        | Fault::DropBeforeApply
        | Fault::DropAfterApply
        | Fault::ApplyLater
        | Fault::Hang
        | Fault::HangAfterApply => ExpectedOutcome::Ambiguous,
    }
}

impl FaultCase {
    /// Returns the expected outcome of the request.
    fn expected(&self) -> ExpectedOutcome {
        match self.condition {
            Condition::Unreachable(_) => ExpectedOutcome::Unchanged,
            Condition::Fault(fault) => match expected_of_write(fault) {
                ExpectedOutcome::Ambiguous if !self.request.is_write() => {
                    ExpectedOutcome::Unchanged
                }
                expected @ (ExpectedOutcome::Success
                | ExpectedOutcome::Unchanged
                | ExpectedOutcome::Ambiguous
                | ExpectedOutcome::OperatorError) => expected,
            },
        }
    }

    /// Returns the cell of the coverage table that the case reaches.
    fn cell(&self) -> Cell {
        let transition = match self.expected() {
            ExpectedOutcome::Success => "as asked",
            ExpectedOutcome::Unchanged | ExpectedOutcome::OperatorError => "unchanged",
            ExpectedOutcome::Ambiguous => "unknown",
        };
        let class = match self.condition {
            Condition::Fault(fault) => format!("{FAULT_CLASS_PREFIX}{fault:?}"),
            Condition::Unreachable(endpoint) => format!("{FAULT_CLASS_PREFIX}{endpoint}"),
        };
        Cell::new(
            self.request.route_key(),
            transition,
            status(self.expected()),
            &class,
        )
    }
}

/// Returns the status of this outcome.
fn status(expected: ExpectedOutcome) -> u16 {
    match expected {
        ExpectedOutcome::Success => 200,
        ExpectedOutcome::Unchanged | ExpectedOutcome::Ambiguous => 503,
        ExpectedOutcome::OperatorError => 500,
    }
}

/// The id of the item.
const ID: &str = "item";

/// The writes of the item: the one before the fault, the one during it, and the one after it.
const OLD: u64 = 1;
const NEW: u64 = 2;
const NEWER: u64 = 3;

fn put(write: u64) -> Request {
    Item::from_write(write).put(ID)
}

fn get() -> Request {
    Request::Get(ID.to_owned())
}

/// Returns the requests to test: one for each route.
fn requests() -> [Request; 4] {
    [
        put(NEW),
        Request::Delete(ID.to_owned()),
        get(),
        Request::page(None, None),
    ]
}

async fn check_fault(
    environment: &Environment,
    request: &Request,
    fault: Fault,
    expected: ExpectedOutcome,
) -> Result<(), String> {
    let proxy = environment.proxy().expect("this environment has a proxy");
    expect_200(environment, &put(OLD)).await?;
    let writes_before = proxy.script().writes();
    proxy.script().set_default(Some(fault));

    let response = send_within_deadline(environment, request).await?;
    check_response(&response, request, expected)?;
    let sends = proxy.script().writes() - writes_before;
    if expected == ExpectedOutcome::Ambiguous && sends != 1 {
        return Err(format!("an ambiguous write was sent {sends} times"));
    }

    proxy.script().reset();
    proxy.apply_delayed().await;
    let old = Some(OLD);
    let new = match request {
        Request::Put { .. } => Some(NEW),
        Request::Delete(_) => None,
        Request::Get(_) | Request::List { .. } | Request::NoRoute(_) => old,
    };
    let allowed = match expected {
        ExpectedOutcome::Success => vec![new],
        ExpectedOutcome::Unchanged | ExpectedOutcome::OperatorError => vec![old],
        ExpectedOutcome::Ambiguous => vec![new, old],
    };
    let found = stored_write(environment).await?;
    if !allowed.contains(&found) {
        return Err(format!(
            "after the fault the stored write is {found:?}, not one of {allowed:?} \
             ({OLD}: put before the fault, {NEW}: put during it, None: no item)"
        ));
    }
    expect_200(environment, &put(NEWER)).await?;
    match stored_write(environment).await? {
        Some(NEWER) => Ok(()),
        found => Err(format!(
            "after the fault has ended, the item is that of write {found:?}, not of the latest PUT"
        )),
    }
}

/// Checks that a response is the right one for the expected outcome.
fn check_response(
    response: &Response,
    request: &Request,
    expected: ExpectedOutcome,
) -> Result<(), String> {
    check_declared(response, request.route_key(), GatewayProfile::HttpApi)?;
    let status = status(expected);
    if response.status != status {
        return Err(format!("the status is {}, not {status}", response.status));
    }
    if status != 200 {
        check_failure(response, request)?;
    }
    if status == 503
        && request.is_write()
        && response.may_have_been_applied()? != (expected == ExpectedOutcome::Ambiguous)
    {
        return Err(format!("the message {:?} is not true", response.message()?));
    }
    Ok(())
}

async fn send_within_deadline(
    environment: &Environment,
    request: &Request,
) -> Result<Response, String> {
    let started = Instant::now();
    let response = environment
        .api()
        .send(request)
        .await
        .expect("the id can be sent")?;
    let elapsed = started.elapsed();
    if elapsed > RESPONSE_DEADLINE {
        return Err(format!(
            "the response took {elapsed:?}, longer than {RESPONSE_DEADLINE:?}"
        ));
    }
    Ok(response)
}

async fn expect_200(environment: &Environment, request: &Request) -> Result<(), String> {
    let response = send_within_deadline(environment, request).await?;
    match response.status {
        200 => Ok(()),
        status => Err(format!(
            "{} with a working table was answered with {status}",
            request.method()
        )),
    }
}

/// Returns the number of the write that put the item; `None` if there is no item.
async fn stored_write(environment: &Environment) -> Result<Option<u64>, String> {
    let response = send_within_deadline(environment, &get()).await?;
    match response.status {
        200 => {
            let (_, item) = response.item()?;
            let write = item
                .write_number()
                .ok_or_else(|| format!("no client put {}", item.shown(ID)));
            write.map(Some)
        }
        404 => Ok(None),
        status => Err(format!(
            "GET with a working table was answered with {status}"
        )),
    }
}
