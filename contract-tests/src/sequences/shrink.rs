//! Shrinking: from a sequence that broke the contract to the fewest and simplest requests that still do
//! (delta debugging: parts are left out, from halves to single operations, as long as that can be done).

use std::collections::HashSet;

use crate::contract::run::Run;
use crate::environments::environment::Setup;
use crate::environments::target::Target;
use crate::request::concrete::Request;
use crate::request::ids::Ids;
use crate::request::operation::{Operation, Query};
use crate::sequences::execute::{FinalCheck, execute};
use crate::sequences::simplify::{simpler_operations, with_simpler_ids};
use crate::toolkit::outcome::NotPassed::{Failed, Inconclusive};

/// The most sequences that are tried, lest a slow environment never ends.
const MAX_TRIES: usize = 1_500;

/// The shortest run that is known to break the contract.
#[derive(Debug)]
pub struct Shrunk {
    /// The run.
    pub run: Run,
    /// How the search ended, if not by finding nothing shorter.
    pub note: Option<String>,
}

/// Runs the operations in an environment of their own.
///
/// # Errors
/// What kept the environment from starting.
pub async fn run_fresh(
    target: &Target,
    setup: &Setup,
    operations: &[Operation],
    final_check: FinalCheck,
) -> Result<Run, String> {
    let environment = target.open(setup).await?;
    let run = execute(&environment, operations, final_check).await;
    environment.close().await;
    Ok(run)
}

/// Shrinks the sequence that broke the contract in `first_run`. Each candidate runs in a fresh environment;
/// where one cannot be told, the search ends with what was proven last.
pub async fn shrink(target: &Target, setup: &Setup, first_run: Run) -> Shrunk {
    let candidates = with_explicit_check(&first_run);
    let mut search = Search {
        target,
        setup,
        best: first_run,
        tried: HashSet::new(),
    };
    let note = search.run(candidates).await.err();
    Shrunk {
        run: search.best,
        note,
    }
}

/// The operations of a run, and as one more of them what was found by looking at the state in the end:
/// then nothing is sent that a script would not show. Should the last look alone not do, all of them.
fn with_explicit_check(run: &Run) -> [Vec<Operation>; 2] {
    let check_steps = run
        .steps
        .iter()
        .filter(|step| step.operation_index.is_none());
    let (lists, gets): (Vec<_>, Vec<_>) =
        check_steps.partition(|step| matches!(step.request, Request::List { .. }));
    let paginate = (!lists.is_empty()).then_some(Operation::Paginate {
        limit: 1000,
        delete_last_of_page: false,
    });
    let gets: Vec<_> = gets
        .iter()
        .map(|step| to_operation(&step.request, &run.prefix))
        .collect();
    let last_check = paginate.as_ref().or(gets.last()).cloned();
    let with = |checks: Vec<Operation>| [run.operations.clone(), checks].concat();
    [
        with(last_check.into_iter().collect()),
        with(gets.into_iter().chain(paginate).collect()),
    ]
}

struct Search<'a> {
    target: &'a Target,
    setup: &'a Setup,
    best: Run,
    /// What was tried already, as it is saved.
    tried: HashSet<String>,
}

impl Search<'_> {
    async fn run(&mut self, candidates: [Vec<Operation>; 2]) -> Result<(), String> {
        for operations in candidates {
            if self.still_fails(operations).await? {
                return self.shrink().await;
            }
        }
        Err("the same requests did not break it a second time".to_owned())
    }

    async fn shrink(&mut self) -> Result<(), String> {
        // What could not be left out may be once the others are simpler.
        while self.remove_operations().await? || self.simplify().await? {}
        Ok(())
    }

    /// Leaves out whatever need not be there; whether anything was.
    async fn remove_operations(&mut self) -> Result<bool, String> {
        let mut changed = false;
        let mut width = self.best.operations.len().div_ceil(2);
        loop {
            let mut start = 0;
            while start < self.best.operations.len() {
                let mut candidate = self.best.operations.clone();
                candidate.drain(start..candidate.len().min(start + width));
                if self.still_fails(candidate).await? {
                    changed = true;
                } else {
                    start += width;
                }
            }
            if width <= 1 {
                return Ok(changed);
            }
            width = width.div_ceil(2);
        }
    }

    /// Simplifies what is in the operations; whether anything could be.
    async fn simplify(&mut self) -> Result<bool, String> {
        let mut changed = false;
        'restart: loop {
            for candidate in self.candidates() {
                if self.still_fails(candidate).await? {
                    changed = true;
                    continue 'restart;
                }
            }
            return Ok(changed);
        }
    }

    /// Every sequence that is simpler than the best in one place.
    fn candidates(&self) -> Vec<Vec<Operation>> {
        let operations = &self.best.operations;
        let mut candidates = Vec::new();
        for (index, operation) in operations.iter().enumerate() {
            let mut replace = |replacement: &[Operation]| {
                candidates
                    .push([&operations[..index], replacement, &operations[index + 1..]].concat());
            };
            for simpler in simpler_operations(operation) {
                replace(&[simpler]);
            }
            if matches!(operation, Operation::Paginate { .. }) {
                let steps = self
                    .best
                    .steps
                    .iter()
                    .filter(|step| step.operation_index == Some(index));
                let pages = steps.map(|step| to_operation(&step.request, &self.best.prefix));
                replace(&pages.collect::<Vec<_>>());
            }
        }
        candidates.extend(with_simpler_ids(operations));
        candidates
    }

    /// Whether these operations break the contract as well; if so, they are the best from now on.
    async fn still_fails(&mut self, operations: Vec<Operation>) -> Result<bool, String> {
        let json = serde_json::to_string(&operations).expect("operations can be written");
        if !self.tried.insert(json) {
            return Ok(false);
        }
        if self.tried.len() > MAX_TRIES {
            return Err(format!(
                "there may be a shorter one: {MAX_TRIES} were tried"
            ));
        }
        let inconclusive = |reason| format!("there may be a shorter one: {reason}");
        let run = run_fresh(self.target, self.setup, &operations, FinalCheck::Skip).await;
        let run = run.map_err(inconclusive)?;
        match &run.outcome {
            Ok(()) => Ok(false),
            Err(Inconclusive(reason)) => Err(inconclusive(reason.clone())),
            Err(Failed(_)) => {
                self.best = run;
                Ok(true)
            }
        }
    }
}

/// The operation that sends this and nothing else. Only what a look or a walk sends is asked for.
fn to_operation(request: &Request, prefix: &str) -> Operation {
    let literal = |id: &String| Ids::new(prefix).literal(id);
    match request {
        Request::Get(id) => Operation::Get(literal(id)),
        Request::Delete(id) => Operation::Delete(literal(id)),
        Request::List {
            limit,
            start,
            other,
        } => Operation::List(Query {
            limit: limit.clone(),
            start: start.as_ref().map(literal),
            other: other.clone(),
        }),
        Request::Put { .. } | Request::NoRoute(_) => {
            unreachable!("a look or a walk reads or deletes")
        }
    }
}
