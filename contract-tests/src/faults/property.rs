//! What the service makes of a table that fails: the right status in time, and afterwards all is well.

use std::fmt::{self, Display};
use std::time::{Duration, Instant};

use crate::contract::check::{check_declared, check_failure};
use crate::contract::item::Item;
use crate::coverage::cell::{Cell, FAULT_CLASS_PREFIX};
use crate::coverage::tracker;
use crate::environments::environment::{Environment, Setup};
use crate::environments::target::Target;
use crate::request::concrete::{GatewayProfile, Request};
use crate::toolkit::dynamodb::fault::Fault;
use crate::toolkit::http::response::Response;
use crate::toolkit::outcome::NotPassed::{Failed, Inconclusive};
use crate::toolkit::outcome::Outcome;
use crate::toolkit::progress::{Passed, Progress};

/// The time limit of an invocation here: shorter than Lambda's, so that hanging does not take long.
pub const TIME_LIMIT: Duration = Duration::from_secs(2);

/// How long a response may take, whatever the table does. The service has half a second less than the
/// time limit; that it answered by itself, and was not stopped at the limit, its status shows. This only
/// says that nothing waits without end, and a busy machine needs some slack.
const RESPONSE_DEADLINE: Duration = Duration::from_secs(10);

/// How many cases are tried at once: some take all the time that they are given.
const PARALLELISM: usize = 4;

/// What a client is doing, and what the service condition meanwhile.
#[derive(Clone, Debug)]
pub struct FaultCase {
    request: Request,
    condition: Condition,
}

/// The fate of a request whose every attempt meets the same fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ExpectedOutcome {
    /// It succeeds.
    Success,
    /// 503: nothing was changed.
    Unchanged,
    /// 503: it may or may not have been applied.
    Ambiguous,
    /// 500: an operator must act; nothing was changed.
    OperatorError,
}

/// The fault, or the endpoint, that every request to the table condition.
#[derive(Clone, Copy, Debug)]
enum Condition {
    /// This fault.
    Fault(Fault),
    /// An endpoint at which there is no table.
    Unreachable(&'static str),
}

/// Endpoints at which there is no table: one that refuses every connection, and one with no address.
const UNREACHABLE: [&str; 2] = ["http://127.0.0.1:1", "http://table.invalid"];

/// A case in which the service did wrong.
#[derive(Debug)]
pub struct FaultFailure {
    /// The case.
    pub case: FaultCase,
    /// A sentence about its mistake.
    pub wrong: String,
}

impl Display for FaultFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.case, self.wrong)
    }
}

impl Display for FaultCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let route = self.request.route_key();
        match self.condition {
            Condition::Fault(fault) => write!(f, "{route}, when every request condition {fault:?}"),
            Condition::Unreachable(endpoint) => {
                write!(f, "{route}, when the table is at {endpoint}")
            }
        }
    }
}

/// Tries every route on every fault.
///
/// # Errors
/// The first case that went wrong; or why that could not be told.
///
/// # Panics
/// If a case does.
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

/// Tries one case.
///
/// # Errors
/// If it went wrong; or why that could not be told.
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
    outcome.map_err(|wrong| Failed(FaultFailure { case, wrong }))
}

/// Returns the fate of a write that meets this fault.
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
    /// Returns the fate of the request.
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

    /// Returns its cell of the contract.
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

/// The status that a fate is answered with.
fn status(expected: ExpectedOutcome) -> u16 {
    match expected {
        ExpectedOutcome::Success => 200,
        ExpectedOutcome::Unchanged | ExpectedOutcome::Ambiguous => 503,
        ExpectedOutcome::OperatorError => 500,
    }
}

/// The id of the item.
const ID: &str = "item";

/// The writes of the item: the one before the fault, the one that meets it, and the one after it.
const OLD: u64 = 1;
const NEW: u64 = 2;
const NEWER: u64 = 3;

fn put(write: u64) -> Request {
    Item::from_write(write).put(ID)
}

fn get() -> Request {
    Request::Get(ID.to_owned())
}

/// Returns what a client may be doing when the table fails: one request of every route.
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
        return Err(format!("a write of unknown fate was sent {sends} times"));
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
            "the item is that of write {found:?} afterwards, and should be that of one of {allowed:?}"
        ));
    }
    expect_200(environment, &put(NEWER)).await?;
    match stored_write(environment).await? {
        Some(NEWER) => Ok(()),
        found => Err(format!(
            "after all has healed, the item is that of write {found:?} and not that of the PUT"
        )),
    }
}

/// Whether a response is the right one for what happened.
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
        return Err(format!("{:?} is not true", response.message()?));
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
            "the response took {elapsed:?}, at a time limit of {TIME_LIMIT:?}"
        ));
    }
    Ok(response)
}

async fn expect_200(environment: &Environment, request: &Request) -> Result<(), String> {
    let response = send_within_deadline(environment, request).await?;
    match response.status {
        200 => Ok(()),
        status => Err(format!(
            "{} of a sound table was answered with {status}",
            request.method()
        )),
    }
}

/// Returns the write that the item comes from, if there is one.
async fn stored_write(environment: &Environment) -> Result<Option<u64>, String> {
    let response = send_within_deadline(environment, &get()).await?;
    match response.status {
        200 => {
            let (_, item) = response.item()?;
            let write = item
                .write_number()
                .ok_or_else(|| format!("{} was never put", item.shown(ID)));
            write.map(Some)
        }
        404 => Ok(None),
        status => Err(format!("GET of a sound table was answered with {status}")),
    }
}
