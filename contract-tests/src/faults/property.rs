//! What the service makes of a table that fails: the right status in time, and afterwards all is well.

use std::fmt::{self, Display};
use std::time::{Duration, Instant};

use crate::contract::check::{declared, failure};
use crate::contract::item::Item;
use crate::coverage::cell::{A_TABLE, Cell};
use crate::coverage::ledger;
use crate::environments::environment::{Environment, Setup};
use crate::environments::target::Target;
use crate::request::call::{Call, Gateway};
use crate::toolkit::dynamodb::fault::Fault;
use crate::toolkit::http::answer::Answer;
use crate::toolkit::outcome::NotPassed::{Failed, Inconclusive};
use crate::toolkit::outcome::Outcome;
use crate::toolkit::progress::{Held, Progress};

/// The time limit of an invocation here: shorter than Lambda's, so that hanging does not take long.
pub const TIME_LIMIT: Duration = Duration::from_secs(2);

/// How long an answer may take, whatever the table does. The service has half a second less than the
/// time limit; that it answered by itself, and was not stopped at the limit, its status shows. This only
/// says that nothing waits without end, and a busy machine needs some slack.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many situations are tried at once: some take all the time that they are given.
const AT_ONCE: usize = 4;

/// What a client is doing, and what the service meets meanwhile.
#[derive(Clone, Debug)]
pub struct Situation {
    call: Call,
    meets: Meets,
}

/// The fate of a request whose every attempt meets the same fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It succeeds.
    Done,
    /// 503: nothing was changed.
    Unchanged,
    /// 503: it may or may not have been applied.
    Unknown,
    /// 500: an operator must act; nothing was changed.
    Operator,
}

/// The fault, or the endpoint, that every request to the table meets.
#[derive(Clone, Copy, Debug)]
enum Meets {
    /// This fault.
    Fault(Fault),
    /// An endpoint at which there is no table.
    NoTable(&'static str),
}

/// Endpoints at which there is no table: one that refuses every connection, and one with no address.
const UNREACHABLE: [&str; 2] = ["http://127.0.0.1:1", "http://table.invalid"];

/// A situation in which the service did wrong.
#[derive(Debug)]
pub struct Misbehaviour {
    /// The situation.
    pub situation: Situation,
    /// A sentence about its mistake.
    pub wrong: String,
}

impl Display for Misbehaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.situation, self.wrong)
    }
}

impl Display for Situation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let route = self.call.route_key();
        match self.meets {
            Meets::Fault(fault) => write!(f, "{route}, when every request meets {fault:?}"),
            Meets::NoTable(endpoint) => write!(f, "{route}, when the table is at {endpoint}"),
        }
    }
}

/// Tries every route on every fault.
///
/// # Errors
/// The first situation that went wrong; or why that could not be told.
///
/// # Panics
/// If a situation does.
pub async fn hold(target: &Target, setup: &Setup, test: &str) -> Outcome<Held, Misbehaviour> {
    let faults = Fault::ALL.map(Meets::Fault).into_iter();
    let all = faults.chain(UNREACHABLE.map(Meets::NoTable));
    let situations: Vec<_> = all
        .flat_map(|meets| calls().map(|call| Situation { call, meets }))
        .collect();
    let mut progress = Progress::new(test, u32::try_from(situations.len()).unwrap_or(u32::MAX));
    for at_once in situations.chunks(AT_ONCE) {
        let tried: Vec<_> = at_once
            .iter()
            .map(|situation| {
                let (target, setup) = (target.clone(), setup.clone());
                let situation = situation.clone();
                tokio::spawn(async move { hold_in(situation, &target, &setup).await })
            })
            .collect();
        let mut held = Ok(());
        for tried in tried {
            held = held.and(tried.await.expect("a situation does not panic"));
        }
        held?;
        if setup.is_sound() {
            ledger::note(at_once.iter().map(Situation::cell));
        }
        progress.step(u32::try_from(at_once.len()).unwrap_or(u32::MAX));
    }
    Ok(progress.held(None, None))
}

/// Tries one situation.
///
/// # Errors
/// If it went wrong; or why that could not be told.
pub async fn hold_in(
    situation: Situation,
    target: &Target,
    setup: &Setup,
) -> Outcome<(), Misbehaviour> {
    let Situation { ref call, meets } = situation;
    let setup = Setup {
        time_limit: TIME_LIMIT,
        proxied: matches!(meets, Meets::Fault(_)),
        endpoint: match meets {
            Meets::Fault(_) => None,
            Meets::NoTable(endpoint) => Some(endpoint),
        },
        ..setup.clone()
    };
    let environment = target.open(&setup).await.map_err(Inconclusive)?;
    let held = match meets {
        Meets::Fault(fault) => try_fault(&environment, call, fault, situation.fate()).await,
        Meets::NoTable(_) => answer_in_time(&environment, call)
            .await
            .and_then(|answer| judge(&answer, call, situation.fate())),
    };
    environment.close().await;
    held.map_err(|wrong| Failed(Misbehaviour { situation, wrong }))
}

/// Returns the fate of a write that meets this fault.
fn fate_of_write(fault: Fault) -> Fate {
    match fault {
        Fault::Pass | Fault::Slow => Fate::Done,
        Fault::Throttle => Fate::Unchanged,
        Fault::Denied | Fault::TableGone => Fate::Operator,
        Fault::InternalError
        | Fault::Empty
        | Fault::Malformed
        | Fault::Cut
        | Fault::CutAfter
        | Fault::Late
        | Fault::Hang
        | Fault::HangAfter => Fate::Unknown,
    }
}

impl Situation {
    /// Returns the fate of the call.
    fn fate(&self) -> Fate {
        match self.meets {
            Meets::NoTable(_) => Fate::Unchanged,
            Meets::Fault(fault) => match fate_of_write(fault) {
                Fate::Unknown if !self.call.is_write() => Fate::Unchanged,
                fate @ (Fate::Done | Fate::Unchanged | Fate::Unknown | Fate::Operator) => fate,
            },
        }
    }

    /// Returns its cell of the contract.
    fn cell(&self) -> Cell {
        let transition = match self.fate() {
            Fate::Done => "as asked",
            Fate::Unchanged | Fate::Operator => "unchanged",
            Fate::Unknown => "unknown",
        };
        let class = match self.meets {
            Meets::Fault(fault) => format!("{A_TABLE}{fault:?}"),
            Meets::NoTable(endpoint) => format!("{A_TABLE}{endpoint}"),
        };
        Cell::new(
            self.call.route_key(),
            transition,
            status(self.fate()),
            &class,
        )
    }
}

/// The status that a fate is answered with.
fn status(fate: Fate) -> u16 {
    match fate {
        Fate::Done => 200,
        Fate::Unchanged | Fate::Unknown => 503,
        Fate::Operator => 500,
    }
}

/// The id of the item.
const ID: &str = "item";

/// The writes of the item: the one before the fault, the one that meets it, and the one after it.
const OLD: u64 = 1;
const NEW: u64 = 2;
const NEWER: u64 = 3;

fn put(write: u64) -> Call {
    Item::of_write(write).put(ID)
}

fn get() -> Call {
    Call::Get(ID.to_owned())
}

/// Returns what a client may be doing when the table fails: one call of every route.
fn calls() -> [Call; 4] {
    [
        put(NEW),
        Call::Delete(ID.to_owned()),
        get(),
        Call::page(None, None),
    ]
}

async fn try_fault(
    environment: &Environment,
    call: &Call,
    fault: Fault,
    fate: Fate,
) -> Result<(), String> {
    let proxy = environment.proxy().expect("this environment has a proxy");
    expect_200(environment, &put(OLD)).await?;
    let writes = proxy.script().writes();
    proxy.script().always(Some(fault));

    let answer = answer_in_time(environment, call).await?;
    judge(&answer, call, fate)?;
    let sent = proxy.script().writes() - writes;
    if fate == Fate::Unknown && sent != 1 {
        return Err(format!("a write of unknown fate was sent {sent} times"));
    }

    proxy.script().heal();
    proxy.apply_late().await;
    let old = Some(OLD);
    let new = match call {
        Call::Put { .. } => Some(NEW),
        Call::Delete(_) => None,
        Call::Get(_) | Call::List { .. } | Call::NoRoute(_) => old,
    };
    let allowed = match fate {
        Fate::Done => vec![new],
        Fate::Unchanged | Fate::Operator => vec![old],
        Fate::Unknown => vec![new, old],
    };
    let found = write(environment).await?;
    if !allowed.contains(&found) {
        return Err(format!(
            "the item is that of write {found:?} afterwards, and should be that of one of {allowed:?}"
        ));
    }
    expect_200(environment, &put(NEWER)).await?;
    match write(environment).await? {
        Some(NEWER) => Ok(()),
        found => Err(format!(
            "after all has healed, the item is that of write {found:?} and not that of the PUT"
        )),
    }
}

/// Whether an answer is the right one for what happened.
fn judge(answer: &Answer, call: &Call, fate: Fate) -> Result<(), String> {
    declared(answer, call.route_key(), Gateway::DecodesTwice)?;
    let status = status(fate);
    if answer.status != status {
        return Err(format!("the status is {}, not {status}", answer.status));
    }
    if status != 200 {
        failure(answer, call)?;
    }
    if status == 503
        && call.is_write()
        && answer.may_have_been_applied()? != (fate == Fate::Unknown)
    {
        return Err(format!("{:?} is not true", answer.message()?));
    }
    Ok(())
}

async fn answer_in_time(environment: &Environment, call: &Call) -> Result<Answer, String> {
    let started = Instant::now();
    let answer = environment
        .api()
        .send(call)
        .await
        .expect("the id can be sent")?;
    let elapsed = started.elapsed();
    if elapsed > PATIENCE {
        return Err(format!(
            "the answer took {elapsed:?}, at a time limit of {TIME_LIMIT:?}"
        ));
    }
    Ok(answer)
}

async fn expect_200(environment: &Environment, call: &Call) -> Result<(), String> {
    let answer = answer_in_time(environment, call).await?;
    match answer.status {
        200 => Ok(()),
        status => Err(format!(
            "{} of a sound table was answered with {status}",
            call.method()
        )),
    }
}

/// Returns the write that the item comes from, if there is one.
async fn write(environment: &Environment) -> Result<Option<u64>, String> {
    let answer = answer_in_time(environment, &get()).await?;
    match answer.status {
        200 => {
            let (_, item) = answer.item()?;
            let write = item
                .write()
                .ok_or_else(|| format!("{} was never put", item.shown(ID)));
            write.map(Some)
        }
        404 => Ok(None),
        status => Err(format!("GET of a sound table was answered with {status}")),
    }
}
