//! The property of a failing table: the service answers with the right status in time, and recovers afterwards.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::contract::check::{check, check_declared, check_failure, check_fault_message};
use crate::contract::item::Item;
use crate::contract::model::Expected;
use crate::contract::profile::ApiProfile;
use crate::contract::tags::ShownTags;
use crate::coverage::contract_doc::ContractDoc;
use crate::coverage::tracker;
use crate::environments::environment::{Environment, Setup};
use crate::environments::target::Target;
use crate::faults::case::{
    ExpectedOutcome, FaultCase, FaultPattern, ID, NEW, NEWER, OLD, OLDER, all, get, list, put,
};
use crate::faults::precondition::Precondition;
use crate::report::failure::Failure;
use crate::request::concrete::{Request, RequestKind};
use crate::request::conditions::IF_MATCH;
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
    /// The failure.
    pub failure: Failure,
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

/// Checks every case.
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
) -> Outcome<Passed, Box<FaultFailure>> {
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
    let progress = Progress::new(test, u32::try_from(cases.len()).unwrap_or(u32::MAX));
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
) -> Outcome<(), Box<FaultFailure>> {
    let environment = target
        .open(&case_setup(&case, setup))
        .await
        .map_err(Inconclusive)?;
    let outcome = match case.pattern {
        FaultPattern::Unreachable(_) => check_unreachable(&environment, &case).await,
        FaultPattern::Always(_) | FaultPattern::Once(_) | FaultPattern::UntilDeadline(_) => {
            check_fault(&environment, &case).await
        }
    };
    let outcome = outcome.map_err(|reason| {
        let reason = format!("{case}: {reason}");
        let failure = Failure {
            clauses: ContractDoc::load().clauses_about(&[case.cell()]),
            ..Failure::of_exchanges(reason, environment.exchanges())
        };
        Failed(Box::new(FaultFailure { case, failure }))
    });
    environment.close().await;
    outcome
}

/// Returns the setup of a case.
fn case_setup(case: &FaultCase, setup: &Setup) -> Setup {
    let endpoint = match case.pattern {
        FaultPattern::Unreachable(endpoint) => Some(endpoint),
        FaultPattern::Always(_) | FaultPattern::Once(_) | FaultPattern::UntilDeadline(_) => None,
    };
    let attempt_timeout = match case.pattern {
        // The service responds half a second before its deadline, so before this time-out.
        FaultPattern::UntilDeadline(_) => Some(TIME_LIMIT),
        // The true time-out, because a busy machine may delay the write that follows the read.
        FaultPattern::Once(_) if case.writes_after_failed_read() => None,
        FaultPattern::Always(fault) | FaultPattern::Once(fault) if fault.is_hang() => {
            Some(ATTEMPT_TIMEOUT)
        }
        // The true time-out, because a busy machine may delay a response.
        FaultPattern::Always(_) | FaultPattern::Once(_) | FaultPattern::Unreachable(_) => None,
    };
    let time_limit = if case.may_need_the_whole_time() {
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

async fn check_unreachable(environment: &Environment, case: &FaultCase) -> Result<(), String> {
    let mut tags = ShownTags::default();
    let request = case.request(tags.of(ID));
    let response = send(environment, &request).await?;
    let api = environment.api().profile();
    check_response(api, &response, &request, case.expected(), &mut tags)
}

async fn check_fault(environment: &Environment, case: &FaultCase) -> Result<(), String> {
    let proxy = environment.proxy().expect("this environment has a proxy");
    let expected = case.expected();
    let mut tags = ShownTags::default();
    match case.precondition {
        Precondition::Nothing | Precondition::IfMatch | Precondition::IfNoneMatch => {
            expect_put(environment, OLD, &mut tags).await?;
        }
        Precondition::StaleIfMatch => {
            expect_put(environment, OLDER, &mut tags).await?;
            expect_put(environment, OLD, &mut tags).await?;
        }
        Precondition::IfAbsent => {}
    }
    let request = &case.request(tags.of(ID));
    let writes_before = proxy.script().writes();
    if case.only_writes {
        proxy.script().spare_reads();
    }
    match case.pattern {
        FaultPattern::Once(fault) => proxy.script().enqueue([fault]),
        FaultPattern::Always(fault) | FaultPattern::UntilDeadline(fault) => {
            proxy.script().set_default(Some(fault));
        }
        FaultPattern::Unreachable(_) => {
            unreachable!("no proxy is in front of an endpoint without a table")
        }
    }

    let response = send(environment, request).await?;
    let api = environment.api().profile();
    check_response(api, &response, request, expected, &mut tags)?;
    let sends = || proxy.script().writes() - writes_before;
    let allowed = case.allowed_writes();
    // On a busy machine the proxy may read a request only after the service has given it up.
    let arrival = async {
        while sends() < *allowed.start() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    let _ = timeout(MAX_ARRIVAL_TIME, arrival).await;
    if !allowed.contains(&sends()) {
        return Err(format!(
            "the service sent {} writes to the table, not {allowed:?}",
            sends()
        ));
    }

    proxy.script().reset();
    proxy.apply_delayed().await;
    let old = case.initial_write();
    let new = match &request.kind {
        RequestKind::Put { .. } => Some(NEW),
        RequestKind::Delete(_) => None,
        RequestKind::Get(_) | RequestKind::List { .. } | RequestKind::NoRoute(_) => old,
    };
    let allowed = match expected {
        ExpectedOutcome::Success => vec![new],
        ExpectedOutcome::NotModified
        | ExpectedOutcome::PreconditionFailed
        | ExpectedOutcome::Unchanged
        | ExpectedOutcome::OperatorError => vec![old],
        ExpectedOutcome::Ambiguous => vec![new, old],
    };
    let found = stored_write(environment, &mut tags).await?;
    if !allowed.contains(&found) {
        return Err(format!(
            "after the fault the stored write is {found:?}, not one of {allowed:?} \
             ({OLD}: put before the fault, {NEW}: put during it, None: no item)"
        ));
    }
    expect_put(environment, NEWER, &mut tags).await?;
    match stored_write(environment, &mut tags).await? {
        Some(NEWER) => Ok(()),
        found => Err(format!(
            "after the fault has ended, the item is that of write {found:?}, not of the latest PUT"
        )),
    }
}

/// Checks that a response is the right one for the expected outcome, and that its tag is that of the item.
fn check_response(
    api: &ApiProfile,
    response: &Response,
    request: &Request,
    expected: ExpectedOutcome,
    tags: &mut ShownTags,
) -> Result<(), String> {
    check_declared(response, request.route_key(), api.gateway)?;
    let status = expected.status();
    if response.status != status {
        return Err(format!("the status is {}, not {status}", response.status));
    }
    match expected {
        ExpectedOutcome::Success => {}
        ExpectedOutcome::NotModified => {
            check(
                &Expected::NotModified(ID.to_owned()),
                response,
                request,
                api,
            )?;
        }
        ExpectedOutcome::PreconditionFailed => {
            let expected = Expected::PreconditionFailed(vec![IF_MATCH], &[]);
            check(&expected, response, request, api)?;
        }
        ExpectedOutcome::Unchanged
        | ExpectedOutcome::Ambiguous
        | ExpectedOutcome::OperatorError => {
            check_failure(response, request, &api.private_names)?;
            check_fault_message(response, request, api.gateway)?;
        }
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
    match (&request.kind, status) {
        (RequestKind::Put { .. }, 200) => learn_tag(tags, NEW, response),
        (RequestKind::Get(_), 200 | 304) => learn_tag(tags, OLD, response),
        _ => Ok(()),
    }
}

/// Adds the tag that a response shows of the item of this write. The item must not have had another tag before.
fn learn_tag(tags: &mut ShownTags, write: u64, response: &Response) -> Result<(), String> {
    tags.learn(ID, &Item::from_write(write), response.etag()?)
}

async fn send(environment: &Environment, request: &Request) -> Result<Response, String> {
    environment.client(0).send(request).await.response
}

/// Puts the item of this write, and adds its tag.
async fn expect_put(
    environment: &Environment,
    write: u64,
    tags: &mut ShownTags,
) -> Result<(), String> {
    let response = expect_200(environment, &put(write)).await?;
    learn_tag(tags, write, &response)
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

/// Returns the number of the write that put the item; `None` if there is no item. GET and the list must agree, and the
/// tag must be that of the item.
async fn stored_write(
    environment: &Environment,
    tags: &mut ShownTags,
) -> Result<Option<u64>, String> {
    let response = send(environment, &get()).await?;
    if ![200, 404].contains(&response.status) {
        let status = response.status;
        return Err(format!(
            "GET with a working table was answered with {status}"
        ));
    }
    let found = shown_write(&response, &get())?;
    if let Some(write) = found {
        learn_tag(tags, write, &response)?;
    }
    let listed = shown_write(&expect_200(environment, &list()).await?, &list())?;
    if found == listed {
        Ok(found)
    } else {
        Err(format!(
            "GET shows write {found:?}, and the list shows write {listed:?}"
        ))
    }
}
