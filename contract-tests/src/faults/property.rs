//! The property of a failing table: the service answers with the right status in time, and recovers afterwards.

use std::fmt::{self, Display};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::contract::check::{check_declared, check_failure, check_fault_message};
use crate::contract::profile::ApiProfile;
use crate::coverage::tracker;
use crate::environments::environment::{Environment, Setup};
use crate::environments::target::Target;
use crate::faults::case::{
    Condition, ExpectedOutcome, FaultCase, ID, NEW, NEWER, OLD, all, get, list, put,
};
use crate::request::concrete::{Request, RequestKind};
use crate::toolkit::http::response::Response;
use crate::toolkit::outcome::NotPassed::{Failed, Inconclusive};
use crate::toolkit::outcome::Outcome;
use crate::toolkit::progress::{Passed, Progress};

/// The time limit of an invocation that may need the whole time: shorter than Lambda's, so that a table that hangs does
/// not delay the tests. An invocation that always ends earlier keeps the default limit, so that a busy machine does not
/// change its outcome.
const TIME_LIMIT: Duration = Duration::from_secs(4);

/// The maximum time until a request that was sent arrives at the proxy.
const MAX_ARRIVAL_TIME: Duration = Duration::from_secs(10);

/// The time-out of an attempt that may hang: a read is then retried before its deadline.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(500);

/// The number of cases that run at once with a table in this process: many wait for time-outs.
const PARALLELISM: usize = 32;

/// The number of cases that run at once on `DynamoDB` Local.
const CONTAINER_PARALLELISM: usize = 8;

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

/// Returns this setup with a table that can be made to fail, and with short time limits.
#[must_use]
pub fn with_failing_table(setup: &Setup) -> Setup {
    Setup {
        proxied: true,
        attempt_timeout: Some(ATTEMPT_TIMEOUT),
        time_limit: TIME_LIMIT,
        ..setup.clone()
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
    let parallelism = match target {
        Target::Embedded => PARALLELISM,
        Target::DynamoDbLocal(_) | Target::Deployed(..) => CONTAINER_PARALLELISM,
    };
    let mut cases = all();
    if !setup.is_original() {
        // Most mutants fail a case that does not hang.
        cases.reverse();
    }
    let mut cases = cases.into_iter();
    let mut progress = Progress::new(test, u32::try_from(cases.len()).unwrap_or(u32::MAX));
    let mut running = JoinSet::new();
    let mut outcome = Ok(());
    loop {
        while outcome.is_ok()
            && running.len() < parallelism
            && let Some(case) = cases.next()
        {
            let (target, setup) = (target.clone(), setup.clone());
            running.spawn(async move {
                let cell = case.cell();
                check_case(case, &target, &setup).await.map(|()| cell)
            });
        }
        // Waits for every case, also after a failure, so that each one cleans up.
        let Some(checked) = running.join_next().await else {
            break;
        };
        match checked.expect("a case does not panic") {
            Ok(cell) => {
                if setup.is_original() {
                    tracker::record([cell]);
                }
                progress.advance(1);
            }
            Err(not_passed) => outcome = outcome.and(Err(not_passed)),
        }
    }
    outcome?;
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
    let environment = target
        .open(&case_setup(case.condition, setup))
        .await
        .map_err(Inconclusive)?;
    let outcome = match case.condition {
        Condition::Unreachable(_) => send(&environment, &case.request)
            .await
            .and_then(|response| {
                check_response(
                    environment.api().profile(),
                    &response,
                    &case.request,
                    case.expected(),
                )
            }),
        Condition::Always(_) | Condition::Once(_) | Condition::UntilDeadline(_) => {
            check_fault(&environment, &case).await
        }
    };
    environment.close().await;
    outcome.map_err(|reason| Failed(FaultFailure { case, reason }))
}

/// Returns the setup of a case under this condition.
fn case_setup(condition: Condition, setup: &Setup) -> Setup {
    let endpoint = match condition {
        Condition::Unreachable(endpoint) => Some(endpoint),
        Condition::Always(_) | Condition::Once(_) | Condition::UntilDeadline(_) => None,
    };
    let attempt_timeout = match condition {
        // The service responds half a second before its deadline, so before this time-out.
        Condition::UntilDeadline(_) => Some(TIME_LIMIT),
        Condition::Always(fault) | Condition::Once(fault) if fault.is_hang() => {
            Some(ATTEMPT_TIMEOUT)
        }
        // The true time-out, because a busy machine may delay a response.
        Condition::Always(_) | Condition::Once(_) | Condition::Unreachable(_) => None,
    };
    let time_limit = if condition.may_need_the_whole_time() {
        TIME_LIMIT
    } else {
        setup.time_limit
    };
    Setup {
        proxied: endpoint.is_none(),
        endpoint,
        attempt_timeout,
        time_limit,
        ..setup.clone()
    }
}

async fn check_fault(environment: &Environment, case: &FaultCase) -> Result<(), String> {
    let proxy = environment.proxy().expect("this environment has a proxy");
    let (request, expected) = (&case.request, case.expected());
    expect_200(environment, &put(OLD)).await?;
    let writes_before = proxy.script().writes();
    match case.condition {
        Condition::Once(fault) => proxy.script().enqueue([fault]),
        Condition::Always(fault) | Condition::UntilDeadline(fault) => {
            proxy.script().set_default(Some(fault));
        }
        Condition::Unreachable(_) => {
            unreachable!("no proxy is in front of an endpoint without a table")
        }
    }

    let response = send(environment, request).await?;
    check_response(environment.api().profile(), &response, request, expected)?;
    if expected == ExpectedOutcome::Ambiguous {
        let sends = || proxy.script().writes() - writes_before;
        // On a busy machine the proxy may read a request only after the service has given it up.
        let arrival = async {
            while sends() == 0 {
                sleep(Duration::from_millis(5)).await;
            }
        };
        let _ = timeout(MAX_ARRIVAL_TIME, arrival).await;
        if sends() != 1 {
            return Err(format!("an ambiguous write was sent {} times", sends()));
        }
    }

    proxy.script().reset();
    proxy.apply_delayed().await;
    let old = Some(OLD);
    let new = match &request.kind {
        RequestKind::Put { .. } => Some(NEW),
        RequestKind::Delete(_) => None,
        RequestKind::Get(_) | RequestKind::List { .. } | RequestKind::NoRoute(_) => old,
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
    api: &ApiProfile,
    response: &Response,
    request: &Request,
    expected: ExpectedOutcome,
) -> Result<(), String> {
    check_declared(response, request.route_key(), api.gateway)?;
    let status = expected.status();
    if response.status != status {
        return Err(format!("the status is {}, not {status}", response.status));
    }
    if status != 200 {
        check_failure(response, request, &api.private_names)?;
        check_fault_message(response, request, api.gateway)?;
    }
    if status == 503
        && request.is_write()
        && response.may_have_been_applied()? != (expected == ExpectedOutcome::Ambiguous)
    {
        return Err(format!("the message {:?} is not true", response.message()?));
    }
    if status == 200 && !request.is_write() {
        let shown = shown_write(response, request)?;
        if shown != Some(OLD) {
            return Err(format!(
                "the item shown is that of write {shown:?}, not the one that was put before the fault"
            ));
        }
    }
    Ok(())
}

async fn send(environment: &Environment, request: &Request) -> Result<Response, String> {
    let response = environment.api().send(request).await;
    response.expect("the id can be sent")
}

async fn expect_200(environment: &Environment, request: &Request) -> Result<Response, String> {
    let response = send(environment, request).await?;
    match response.status {
        200 => Ok(response),
        status => Err(format!(
            "{} with a working table was answered with {status}",
            request.method()
        )),
    }
}

/// Returns the number of the write whose item a GET or a list shows; `None` if there is no item.
fn shown_write(response: &Response, request: &Request) -> Result<Option<u64>, String> {
    let item = match &request.kind {
        RequestKind::List { .. } => response.page("")?.items.remove(ID),
        RequestKind::Get(_) if response.status == 404 => None,
        RequestKind::Get(_)
        | RequestKind::Put { .. }
        | RequestKind::Delete(_)
        | RequestKind::NoRoute(_) => Some(response.item()?.1),
    };
    let write = item.map(|item| {
        let write = item.write_number();
        write.ok_or_else(|| format!("no client put {}", item.shown(ID)))
    });
    write.transpose()
}

/// Returns the number of the write that put the item; `None` if there is no item. GET and the list must agree.
async fn stored_write(environment: &Environment) -> Result<Option<u64>, String> {
    let response = send(environment, &get()).await?;
    if ![200, 404].contains(&response.status) {
        let status = response.status;
        return Err(format!(
            "GET with a working table was answered with {status}"
        ));
    }
    let found = shown_write(&response, &get())?;
    let listed = shown_write(&expect_200(environment, &list()).await?, &list())?;
    if found == listed {
        Ok(found)
    } else {
        Err(format!(
            "GET shows write {found:?}, and the list shows write {listed:?}"
        ))
    }
}
