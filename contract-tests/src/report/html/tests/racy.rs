//! Samples with histories that are not linearizable.

use crate::report::failure::{Failure, HistoryOperation};
use crate::report::fixtures::failure;
use crate::report::html::tests::samples::{Random, exchange, failed};
use crate::report::run::RunRecord;
use crate::toolkit::linearizability::history::{Entry, Operation as _};
use crate::toolkit::linearizability::minimise::minimise;
use crate::toolkit::linearizability::register::{RegisterEntry, RegisterOperation};

/// Returns a run whose failure is a history of 8 clients, with stale reads and ambiguous writes.
pub(super) fn racy() -> RunRecord {
    of_history(random_history())
}

/// Returns a run whose failure is a write of unknown outcome that a client read, and that was then undone.
pub(super) fn undone() -> RunRecord {
    let operations = [
        (1, RegisterOperation::Write(Some(1)), 1, Some(4)),
        (2, RegisterOperation::Write(Some(3)), 3, None),
        (3, RegisterOperation::Read(Some(3)), 6, Some(8)),
        (1, RegisterOperation::Read(Some(1)), 9, Some(12)),
        (2, RegisterOperation::Update(Some(10)), 10, Some(13)),
    ];
    let entries = operations.map(|(client, operation, invoked, returned)| Entry {
        client,
        operation,
        invoked,
        returned,
    });
    of_history(entries.into())
}

fn of_history(entries: Vec<RegisterEntry>) -> RunRecord {
    let name = "dynamodb-local::faults::every_item_stays_linearizable";
    let smallest = minimise(entries.clone());
    let mut exchanges = Vec::new();
    let mut operations = Vec::new();
    for entry in entries {
        let value = entry.operation.to_string();
        let (method, target) = match entry.operation {
            RegisterOperation::Read(_) => ("GET", "/items/contract-1-key%200"),
            RegisterOperation::Write(_)
            | RegisterOperation::Replace { .. }
            | RegisterOperation::Update(_)
            | RegisterOperation::ReadOther(_) => ("PUT", "/items"),
        };
        let body =
            (method == "PUT").then(|| format!(r#"{{"id":"contract-1-key 0","name":"{value}"}}"#));
        let response = match (entry.returned, method) {
            (None, _) => {
                r#"503 {"message":"The service is unavailable for a moment.","outcome":"unknown"}"#
            }
            (_, "PUT") => "200 \"Put item contract-1-key 0\"",
            _ => r#"200 {"Item":{"id":"contract-1-key 0"}}"#,
        };
        let mut sent = exchange(method, target, body.as_deref(), "", response);
        sent.expected = None;
        sent.client = entry.client;
        sent.invoked = entry.invoked;
        if entry.returned.is_none() {
            sent.faults = vec!["DropAfterApply".to_owned()];
        }
        operations.push(HistoryOperation {
            item: "contract-1-key 0".to_owned(),
            client: entry.client,
            operation: entry.operation,
            invoked: entry.invoked,
            returned: entry.returned,
            exchanges: vec![exchanges.len()],
            contradicts: smallest.contains(&entry),
        });
        exchanges.push(sent);
    }
    exchanges.push(exchange(
        "GET",
        "/items?limit=2",
        None,
        "",
        "200 {\"Items\":[]}",
    ));
    failed(
        name,
        Failure {
            exchanges,
            history: operations,
            operations: Vec::new(),
            clauses: vec!["4.1".to_owned(), "7.8".to_owned()],
            case: 12,
            note: Some("a history is not run again, because it might not occur again".to_owned()),
            ..failure(
                name,
                "the history of one item is not linearizable: no order of its operations explains the responses",
            )
        },
    )
}

/// Returns the history of a register whose reads are sometimes stale, and whose writes are sometimes ambiguous.
fn random_history() -> Vec<RegisterEntry> {
    const CLIENTS: usize = 8;
    let mut random = Random(3);
    let mut open: Vec<Option<RegisterEntry>> = vec![None; CLIENTS + 1];
    let (mut entries, mut state, mut before) = (Vec::new(), None, None);
    for time in 1.. {
        if entries.len() >= 96 {
            break;
        }
        let client = 1 + usize::try_from(random.below(CLIENTS as u64)).unwrap_or(0);
        match open[client].take() {
            None => {
                let operation = match random.below(10) {
                    0..4 => RegisterOperation::Write(Some(time)),
                    4 => RegisterOperation::Replace {
                        from: state,
                        to: Some(time),
                    },
                    _ => RegisterOperation::Read(None),
                };
                open[client] = Some(Entry {
                    client,
                    operation,
                    invoked: time,
                    returned: None,
                });
            }
            Some(mut entry) => {
                entry.returned = Some(time);
                if let RegisterOperation::Read(value) = &mut entry.operation {
                    *value = if time > 150 && random.below(6) == 0 {
                        before
                    } else {
                        state
                    };
                } else if let Some(next) = entry.operation.step(&state) {
                    (before, state) = (state, next);
                    if random.below(9) == 0 {
                        entry.returned = None;
                    }
                } else {
                    continue;
                }
                entries.push(entry);
            }
        }
    }
    entries.sort_by_key(|entry| entry.invoked);
    entries
}
