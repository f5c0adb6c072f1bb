//! A figure of a history: a lane for each client, and a bar for each operation from its request to its response.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use crate::report::html::format::round;
use crate::report::html::orders::Numbered;
use crate::toolkit::linearizability::register::RegisterOperation;

/// The sizes of a figure, in pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    /// The size of the text.
    font: f64,
    /// The estimated width of a character.
    character: f64,
    /// The height of a bar.
    bar: f64,
    /// The height of a row of bars.
    row: f64,
    /// The distance between two events with no bar that needs more.
    gap: f64,
}

/// The sizes of a figure with few operations.
pub(super) const LARGE: Size = Size {
    font: 14.0,
    character: 8.6,
    bar: 32.0,
    row: 44.0,
    gap: 26.0,
};

/// The sizes of a figure with many operations.
pub(super) const SMALL: Size = Size {
    font: 11.5,
    character: 7.1,
    bar: 20.0,
    row: 26.0,
    gap: 9.0,
};

/// The width of the names of the clients.
const NAMES_WIDTH: f64 = 72.0;

/// The space before the first bar.
const START: f64 = 10.0;

/// The width of a figure that still fits on paper.
const PAPER_WIDTH: f64 = 620.0;

/// The space at the top, for the direction of time.
const TOP: f64 = 26.0;

/// The note on an ambiguous write.
const AMBIGUOUS: &str = "outcome unknown";

/// A bar in its lane.
struct Bar<'a> {
    numbered: Numbered<'a>,
    /// The text in it.
    label: String,
    /// The row of the figure.
    row: usize,
}

/// Returns the figure of these operations. `id` is unique in the document, and `tooltip` describes an operation.
pub(super) fn figure(
    id: &str,
    title: &str,
    operations: &[Numbered],
    size: Size,
    tooltip: impl Fn(&Numbered) -> String,
) -> Markup {
    let (bars, lanes) = arranged(operations);
    let positions = positions(&bars, size);
    let end = positions.values().copied().fold(START, f64::max);
    let width = end + 24.0;
    let rows: usize = lanes.values().sum();
    let height = TOP + pixels(rows) * size.row + 6.0;
    let fade = format!("{id}-fade");
    let backgrounds = backgrounds(&lanes, size);
    let background = |width: f64| {
        html! {
            @for (index, (_, y, height)) in backgrounds.iter().enumerate() {
                @let class = if index % 2 == 0 { "lane" } else { "lane odd" };
                rect class=(class) x="0" y=(round(*y)) width=(round(width)) height=(round(*height)) {}
            }
        }
    };
    html! {
        div.lanes.long[width > PAPER_WIDTH] {
            // Not part of the figure, so that the names stay where they are when the figure is scrolled.
            svg.names aria-hidden="true" width=(NAMES_WIDTH) height=(round(height))
                viewBox={ "0 0 " (NAMES_WIDTH) " " (round(height)) } font-size="12" {
                (background(NAMES_WIDTH))
                @for (client, y, _) in &backgrounds {
                    text.axis x="10" y=(round(y + size.row / 2.0)) dy="0.35em" { "client " (client) }
                }
            }
            svg role="img" aria-labelledby={ (id) "-title" } width=(round(width)) height=(round(height))
                viewBox={ "0 0 " (round(width)) " " (round(height)) } font-size=(size.font) {
                title id={ (id) "-title" } { (title) }
                defs {
                    @for kind in ["quiet", "contradicting"] {
                        linearGradient id={ (fade) "-" (kind) } class=(kind) {
                            stop offset="0" {}
                            stop offset="1" stop-opacity="0.05" {}
                        }
                    }
                }
                text.axis x=(START) y="17" font-size="11" { "time →" }
                (background(width))
                // The operations that contradict each other are drawn last, so that they are on top.
                @for contradicts in [false, true] {
                    @for bar in bars.iter().filter(|bar| bar.numbered.1.contradicts == contradicts) {
                        g id=(bar_id(id, bar.numbered.0)) {
                            (drawn(bar, &positions, size, end, &fade, &tooltip(&bar.numbered)))
                        }
                    }
                }
            }
        }
    }
}

/// Returns the id of the bar of an operation.
pub(super) fn bar_id(figure: &str, number: usize) -> String {
    format!("{figure}-{number}")
}

/// Returns the client, the top and the height of each lane.
fn backgrounds(lanes: &BTreeMap<usize, usize>, size: Size) -> Vec<(usize, f64, f64)> {
    let mut top = TOP;
    let lanes = lanes.iter().map(|(client, rows)| {
        let (y, height) = (top, pixels(*rows) * size.row);
        top += height;
        (*client, y, height)
    });
    lanes.collect()
}

/// Returns the bars, and the number of rows of each client. A client waits for each response, so its bars do not
/// overlap, except that an ambiguous write, which has no end, has a row of its own.
fn arranged<'a>(operations: &[Numbered<'a>]) -> (Vec<Bar<'a>>, BTreeMap<usize, usize>) {
    let mut by_client = BTreeMap::<usize, Vec<Numbered>>::new();
    for numbered in operations {
        by_client
            .entry(numbered.1.client)
            .or_default()
            .push(*numbered);
    }
    let (mut bars, mut lanes) = (Vec::new(), BTreeMap::new());
    let mut first_row = 0;
    for (client, mut operations) in by_client {
        operations.sort_by_key(|(_, operation)| (operation.returned.is_none(), operation.invoked));
        // The ends of the last bars of each row.
        let mut ends = Vec::<u64>::new();
        for numbered in operations {
            let (number, operation) = numbered;
            let free = ends.iter().position(|end| *end <= operation.invoked);
            let end = operation.returned.unwrap_or(u64::MAX);
            let row = free.unwrap_or(ends.len());
            match ends.get_mut(row) {
                Some(last) => *last = end,
                None => ends.push(end),
            }
            let sign = if operation.contradicts { "✗ " } else { "" };
            let note = if operation.returned.is_none() {
                format!(": {AMBIGUOUS}")
            } else {
                String::new()
            };
            bars.push(Bar {
                numbered,
                label: format!("{sign}#{number} {}{note}", operation.operation),
                row: first_row + row,
            });
        }
        first_row += ends.len();
        lanes.insert(client, ends.len());
    }
    (bars, lanes)
}

/// Returns the position of each time. Only the order of the times matters, so the distances are as small as the labels
/// allow. The position of the last time is that of the right edge.
fn positions(bars: &[Bar], size: Size) -> BTreeMap<u64, f64> {
    let end = |bar: &Bar| bar.numbered.1.returned.unwrap_or(u64::MAX);
    let times = bars
        .iter()
        .flat_map(|bar| [bar.numbered.1.invoked, end(bar)]);
    let times: BTreeSet<_> = times.collect();
    let mut positions = BTreeMap::new();
    let mut last = START - size.gap;
    for time in times {
        let ending = bars.iter().filter(|bar| end(bar) == time);
        let needed = ending.map(|bar| {
            let characters = bar.label.chars().count();
            let start = positions
                .get(&bar.numbered.1.invoked)
                .copied()
                .unwrap_or_default();
            // An ambiguous write fades out after its label.
            let tail = if bar.numbered.1.returned.is_none() {
                40.0
            } else {
                0.0
            };
            start + pixels(characters) * size.character + 14.0 + tail
        });
        last = needed.fold(last + size.gap, f64::max);
        positions.insert(time, last);
    }
    positions
}

fn drawn(
    bar: &Bar,
    positions: &BTreeMap<u64, f64>,
    size: Size,
    right: f64,
    fade: &str,
    tooltip: &str,
) -> Markup {
    let (_, operation) = bar.numbered;
    let x = positions
        .get(&operation.invoked)
        .copied()
        .unwrap_or_default();
    let end = operation
        .returned
        .and_then(|end| positions.get(&end).copied());
    let y = TOP + pixels(bar.row) * size.row + (size.row - size.bar) / 2.0;
    let kind = if is_read(operation.operation) {
        "read"
    } else {
        "write"
    };
    let (contradicts, fill) = if operation.contradicts {
        (" contradicts", "contradicting")
    } else {
        ("", "quiet")
    };
    let text_x = x + 7.0;
    html! {
        g class={ "bar " (kind) (contradicts) } {
            title { (tooltip) }
            @match end {
                Some(end) => rect x=(round(x)) y=(round(y)) width=(round(end - x)) height=(round(size.bar)) rx="4" {},
                None => path d=(open_ended(x, y, right, size.bar)) fill={ "url(#" (fade) "-" (fill) ")" } {}
            }
            text x=(round(text_x)) y=(round(y + size.bar / 2.0)) dy="0.35em" { (bar.label) }
        }
    }
}

/// Returns the outline of a bar without an end: its right edge is a zigzag.
fn open_ended(x: f64, y: f64, right: f64, height: f64) -> String {
    let (bottom, tooth) = (y + height, height / 4.0);
    let zigzag = [0.0, 1.0, 2.0, 3.0].map(|step| {
        let (out, down) = (right + 8.0, y + step * tooth + tooth / 2.0);
        format!(
            "L{} {}L{} {}",
            round(out),
            round(down),
            round(right),
            round(down + tooth / 2.0)
        )
    });
    format!(
        "M{} {}L{} {}{}L{} {}Z",
        round(x),
        round(y),
        round(right),
        round(y),
        zigzag.concat(),
        round(x),
        round(bottom)
    )
}

fn is_read(operation: RegisterOperation) -> bool {
    match operation {
        RegisterOperation::Read(_) | RegisterOperation::ReadOther(_) => true,
        RegisterOperation::Write(_)
        | RegisterOperation::Replace { .. }
        | RegisterOperation::Update(_) => false,
    }
}

/// Returns a count as a number of pixels to multiply.
fn pixels(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}
