//! Counts the cells that a run of the tests reached, collects the buckets that its random cases reached, and reports
//! the gaps at its end.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use crate::contract::openapi;
use crate::coverage::buckets::{self, Bucket, FAULTS};
use crate::coverage::cell::Cell;
use crate::coverage::contract_doc::ContractDoc;
use crate::toolkit::dynamodb::fault::Fault;

static REACHED: Mutex<BTreeMap<Cell, u64>> = Mutex::new(BTreeMap::new());

/// Counts these cells.
pub fn record(cells: impl IntoIterator<Item = Cell>) {
    let mut reached = REACHED.lock().unwrap_or_else(PoisonError::into_inner);
    for cell in cells {
        *reached.entry(cell).or_default() += 1;
    }
}

static DRAWN: Mutex<BTreeMap<Bucket, u64>> = Mutex::new(BTreeMap::new());

/// Counts the buckets that a random case reached.
pub fn record_drawn(buckets: impl IntoIterator<Item = Bucket>) {
    let mut drawn = DRAWN.lock().unwrap_or_else(PoisonError::into_inner);
    for bucket in buckets {
        *drawn.entry(bucket).or_default() += 1;
    }
}

/// Returns the cells that were reached so far, with their counts.
#[must_use]
pub fn cells() -> BTreeMap<Cell, u64> {
    let reached = REACHED.lock();
    reached.unwrap_or_else(PoisonError::into_inner).clone()
}

/// Returns the buckets that random cases reached so far, with their counts.
#[must_use]
pub fn buckets() -> BTreeMap<Bucket, u64> {
    let drawn = DRAWN.lock();
    drawn.unwrap_or_else(PoisonError::into_inner).clone()
}

/// Returns the table of the buckets that the random cases reached so far; `None` if there was no random case.
#[must_use]
pub fn drawn_buckets() -> Option<String> {
    let drawn = DRAWN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut declared = Vec::new();
    // A run of some tests may have only sequences or only histories.
    if drawn.keys().any(|bucket| bucket.quantity != FAULTS) {
        declared = ContractDoc::load().buckets;
    }
    if drawn.keys().any(|bucket| bucket.quantity == FAULTS) {
        declared.extend(Fault::all().map(|fault| Bucket::new(FAULTS, fault.to_string())));
    }
    (!declared.is_empty()).then(|| buckets::table(&declared, &drawn))
}

/// The coverage of a run.
#[derive(Debug)]
pub struct Coverage {
    /// The rows of `CONTRACT.md` with the count of each cell, and the responses that were never observed.
    pub table: String,
    /// The cells that were never reached, and those that `CONTRACT.md` does not declare.
    pub gaps: Vec<String>,
}

/// Returns the coverage so far; `None` if no cell was reached.
#[must_use]
pub fn coverage() -> Option<Coverage> {
    let reached = REACHED.lock().unwrap_or_else(PoisonError::into_inner);
    (!reached.is_empty()).then(|| Coverage::of(&ContractDoc::load(), &reached))
}

impl Coverage {
    fn of(contract: &ContractDoc, reached: &BTreeMap<Cell, u64>) -> Self {
        let mut table =
            "| request | transition | status | input, with its count |\n|---|---|---|---|\n"
                .to_owned();
        let mut gaps = Vec::new();
        let mut declared = BTreeSet::new();
        for row in &contract.rows {
            for transition in &row.transitions {
                let counts: Vec<_> = row
                    .classes
                    .iter()
                    .map(|class| {
                        let cell = Cell::new(&row.route, transition, row.status, class);
                        let count = reached.get(&cell).copied().unwrap_or_default();
                        if count == 0 {
                            gaps.push(format!("never reached: {cell}"));
                        }
                        declared.insert(cell);
                        format!("{class} {count}")
                    })
                    .collect();
                let _ = writeln!(
                    table,
                    "| {} | {transition} | {} | {} |",
                    row.route,
                    row.status,
                    counts.join("; ")
                );
            }
        }
        let undeclared = reached.keys().filter(|cell| !declared.contains(cell));
        gaps.extend(undeclared.map(|cell| format!("not declared: {cell}")));

        let seen: BTreeSet<_> = reached
            .keys()
            .map(|cell| (cell.route.as_str(), cell.status))
            .collect();
        let unseen: Vec<_> = openapi::declared()
            .filter(|declared| !seen.contains(declared))
            .map(|(route, status)| format!("{route} {status}"))
            .collect();
        let _ = writeln!(
            table,
            "\nDeclared in openapi.json, but never observed: {}.",
            unseen.join(", ")
        );
        Self { table, gaps }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unreached_or_undeclared_cell_is_a_gap() {
        let contract = ContractDoc::parse("| `GET /items` | items | 200 | limit; no limit | 1.1 |");
        let cell = |class| Cell::new("GET /items", "items", 200, class);
        let gaps = |cells: &[Cell]| {
            let reached = cells.iter().map(|cell| (cell.clone(), 1)).collect();
            Coverage::of(&contract, &reached).gaps
        };
        let (limit, no_limit, undeclared) = (cell("limit"), cell("no limit"), cell("other"));
        assert!(gaps(&[limit.clone(), no_limit.clone()]).is_empty());
        assert_eq!(
            gaps(std::slice::from_ref(&limit)),
            ["never reached: GET /items | items | 200 | no limit"]
        );
        assert_eq!(
            gaps(&[limit, no_limit, undeclared]),
            ["not declared: GET /items | items | 200 | other"]
        );
    }
}
