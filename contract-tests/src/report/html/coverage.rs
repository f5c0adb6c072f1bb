//! The coverage of a run: the cells and the buckets that it reached, with their counts.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use crate::coverage::buckets::{Bucket, FAULTS};
use crate::coverage::cell::{Cell, FAULT_CLASS_PREFIX};
use crate::coverage::contract_doc::{ContractDoc, Row};
use crate::report::html::format::{count, number};
use crate::report::run::RunRecord;
use crate::toolkit::dynamodb::fault::Fault;

/// The maximum number of empty buckets that a sentence names.
const MAX_NAMED: usize = 8;

/// Returns the section with the cells and the buckets.
pub(super) fn section(contract: &ContractDoc, record: &RunRecord) -> Markup {
    html! {
        section #coverage aria-labelledby="coverage-heading" {
            h2 #coverage-heading { "Coverage" }
            h3 { "Cells of the contract" }
            (cells(contract, record))
            h3 { "Buckets of the random cases" }
            (buckets(contract, record))
        }
    }
}

fn cells(contract: &ContractDoc, record: &RunRecord) -> Markup {
    if record.cells.is_empty() {
        return html! {
            p {
                "No cell was recorded. Only tests on a table in memory or on DynamoDB Local record cells, and a "
                "filtered run may have none of them."
            }
        };
    }
    let declared: BTreeSet<_> = contract.rows.iter().flat_map(Row::cells).collect();
    let empty = declared
        .iter()
        .filter(|cell| !record.cells.contains_key(cell));
    let empty = empty.count();
    let undeclared = record.cells.keys().filter(|cell| !declared.contains(cell));
    let undeclared: Vec<_> = undeclared.collect();
    let is_fault = |row: &&Row| {
        let mut classes = row.classes.iter();
        classes.any(|class| class.starts_with(FAULT_CLASS_PREFIX))
    };
    let (faults, others): (Vec<_>, Vec<_>) = contract.rows.iter().partition(is_fault);
    html! {
        p {
            "A cell is a route, a transition of the item, a status and one class of input. "
            (number(declared.len() - empty)) " of " (count(declared.len(), "cell")) " were reached. "
            @if empty > 0 {
                b.warning { (number(empty)) @if empty == 1 { " was" } @else { " were" } " never reached" }
                ": those cells are hatched. A run of all tests has to reach every cell, but not a filtered run."
            }
        }
        (scale())
        @for (title, rows) in [("Without a fault of the table", &others), ("With a fault of the table", &faults)] {
            @for (index, (route, rows)) in by_route(rows).into_iter().enumerate() {
                @if index == 0 { h4 { (title) } }
                (of_route(route, &rows, record))
            }
        }
        @if !undeclared.is_empty() {
            p { b.warning { (count(undeclared.len(), "cell")) " reached, but not declared in CONTRACT.md:" } }
            ul { @for cell in undeclared { li { (cell.to_string()) } } }
        }
    }
}

/// Returns the rows of each route, in the order of the routes' first rows.
fn by_route<'a>(rows: &[&'a Row]) -> Vec<(&'a str, Vec<&'a Row>)> {
    let mut routes = Vec::<(&str, Vec<&Row>)>::new();
    for row in rows {
        match routes.iter_mut().find(|(route, _)| *route == row.route) {
            Some((_, rows)) => rows.push(row),
            None => routes.push((&row.route, vec![row])),
        }
    }
    routes
}

/// Returns the cells of a route, folded. Rows with the same transition and status are one.
fn of_route(route: &str, rows: &[&Row], record: &RunRecord) -> Markup {
    let mut groups = Vec::<((&str, u16), Vec<(&str, u64)>)>::new();
    let mut empty = 0;
    for row in rows {
        for transition in &row.transitions {
            let classes = row.classes.iter().map(|class| {
                let cell = Cell::new(route, transition, row.status, class);
                let count = record.cells.get(&cell).copied().unwrap_or_default();
                empty += usize::from(count == 0);
                (class.as_str(), count)
            });
            let key = (transition.as_str(), row.status);
            match groups.iter_mut().find(|(group, _)| *group == key) {
                Some((_, cells)) => cells.extend(classes),
                None => groups.push((key, classes.collect())),
            }
        }
    }
    let cells: usize = groups.iter().map(|(_, cells)| cells.len()).sum();
    let is_open = !rows
        .iter()
        .any(|row| row.classes[0].starts_with(FAULT_CLASS_PREFIX));
    html! {
        details.route open[is_open] {
            summary {
                code { (route) } " " span.muted { "· " (count(cells, "cell")) }
                @if empty > 0 { " · " b.warning { (number(empty)) " empty" } }
            }
            @for ((transition, status), cells) in groups {
                div.transition {
                    p.key {
                        b { (status) } " "
                        @if transition != "-" { (transition.replace("->", "→")) }
                    }
                    ul.cells {
                        @for (class, count) in cells {
                            li class=(level(count)) {
                                (class.strip_prefix(FAULT_CLASS_PREFIX).unwrap_or(class)) " "
                                @if count == 0 { b { "0 · empty" } } @else { b { (number(count)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Returns the legend of the colours.
fn scale() -> Markup {
    let counts = [0, 1, 10, 100, 1_000, 10_000];
    let labels = [
        "0 · empty",
        "1–9",
        "10–99",
        "100–999",
        "1,000–9,999",
        "10,000+",
    ];
    html! {
        ul.cells.scale aria-label="Colours by the number of requests" {
            @for (count, label) in counts.into_iter().zip(labels) { li class=(level(count)) { (label) } }
        }
    }
}

/// Returns the class of a colour, by the power of ten of a count.
fn level(count: u64) -> &'static str {
    match count.checked_ilog10() {
        None => "level-0",
        Some(0) => "level-1",
        Some(1) => "level-2",
        Some(2) => "level-3",
        Some(3) => "level-4",
        Some(_) => "level-5",
    }
}

fn buckets(contract: &ContractDoc, record: &RunRecord) -> Markup {
    if record.buckets.is_empty() {
        return html! {
            p {
                "No bucket was recorded. Only random cases record buckets, and a run of a deployed API or a filtered "
                "run may have none."
            }
        };
    }
    // A run of some tests may have only sequences or only histories.
    let is_of_faults = |bucket: &&Bucket| bucket.quantity == FAULTS;
    let mut declared = Vec::new();
    if record.buckets.keys().any(|bucket| !is_of_faults(&bucket)) {
        declared.extend(contract.buckets.iter().cloned());
    }
    if record.buckets.keys().any(|bucket| is_of_faults(&bucket)) {
        declared.extend(Fault::all().map(|fault| Bucket::new(FAULTS, fault.to_string())));
    }
    let is_reached = |bucket: &&Bucket| record.buckets.contains_key(bucket);
    let empty = declared.iter().filter(|bucket| !is_reached(bucket)).count();
    html! {
        p {
            "A bucket is a range of a size, a number or a spelling: 2^6 is 64 to 127. "
            "The random cases reached " (number(declared.len() - empty)) " of " (count(declared.len(), "bucket")) ". "
            @if empty > 0 {
                b.warning { (number(empty)) @if empty == 1 { " is" } @else { " are" } " empty" }
                ": those buckets are hatched. A generator cannot find a bug there."
            }
        }
        div.quantities {
            @for group in declared.chunk_by(|bucket, next| bucket.quantity == next.quantity) {
                (strip(group, &record.buckets))
            }
        }
    }
}

/// Returns the buckets of a quantity as a strip of squares.
fn strip(buckets: &[Bucket], reached: &BTreeMap<Bucket, u64>) -> Markup {
    let counts = buckets.iter().map(|bucket| {
        let count = reached.get(bucket).copied().unwrap_or_default();
        (bucket.range.as_str(), count)
    });
    let counts: Vec<_> = counts.collect();
    let empty: Vec<_> = counts.iter().filter(|(_, count)| *count == 0).collect();
    let quantity = buckets.first().map_or("", |bucket| &bucket.quantity);
    let ranges = |at: Option<&Bucket>| at.map_or(String::new(), |bucket| bucket.range.clone());
    let label = format!(
        "{quantity}: {} of {} reached, from {} to {}",
        number(counts.len() - empty.len()),
        count(counts.len(), "bucket"),
        ranges(buckets.first()),
        ranges(buckets.last()),
    );
    html! {
        div.quantity {
            p.key {
                b { (quantity) } " "
                span.muted { (number(counts.len() - empty.len())) " of " (number(counts.len())) }
            }
            div.strip role="img" aria-label=(label) {
                @for (range, count) in &counts {
                    @let note = if *count == 0 { " · empty" } else { "" };
                    span class=(level(*count)) title={ (range) ": " (number(*count)) (note) } {}
                }
            }
            p.ends { span { (ranges(buckets.first())) } " … " span { (ranges(buckets.last())) } }
            @if !empty.is_empty() {
                p.ends {
                    "Empty: "
                    @for (index, (range, _)) in empty.iter().take(MAX_NAMED).enumerate() {
                        @if index > 0 { "; " }
                        (range)
                    }
                    @if empty.len() > MAX_NAMED { " and " (number(empty.len() - MAX_NAMED)) " more" }
                }
            }
        }
    }
}
