//! The results, as tables in Markdown.

use std::time::Duration;

use crate::measure::Results;
use crate::request::Request;

/// A column: its name, its value for a subject, and the number of decimals.
type Column = (&'static str, Box<dyn Fn(&Results<'_>) -> f64>, usize);

/// Prints the results, and the ratios of the function to each other subject.
pub fn print(results: &[Results<'_>]) {
    table("Cold start, with GET /items/{id}", &cold(), results);
    for (index, request) in Request::ALL.into_iter().enumerate() {
        table(request.route_key(), &warm(index), results);
    }
}

fn cold() -> Vec<Column> {
    vec![
        ("init ms", Box::new(|it| milliseconds(it.cold.init)), 2),
        (
            "first response ms",
            Box::new(|it| milliseconds(it.cold.first)),
            2,
        ),
        (
            "CPU to first response ms",
            Box::new(|it| milliseconds(it.cold.cpu)),
            2,
        ),
        (
            "zip KB",
            Box::new(|it| scaled(it.subject.zip as u64, 1000)),
            0,
        ),
    ]
}

fn warm(index: usize) -> Vec<Column> {
    vec![
        (
            "p50 µs",
            Box::new(move |it| microseconds(it.warm[index].p50)),
            1,
        ),
        (
            "p99 µs",
            Box::new(move |it| microseconds(it.warm[index].p99)),
            1,
        ),
        (
            "CPU µs",
            Box::new(move |it| microseconds(it.warm[index].cpu)),
            1,
        ),
        ("per second", Box::new(move |it| it.warm[index].rate), 0),
        (
            "peak MB",
            Box::new(move |it| scaled(it.warm[index].peak_memory, 1_000_000)),
            2,
        ),
    ]
}

fn table(title: &str, columns: &[Column], results: &[Results<'_>]) {
    println!("\n{title}\n");
    let names: Vec<_> = columns.iter().map(|(name, ..)| *name).collect();
    println!("| | {} |", names.join(" | "));
    println!("|---|{}", "--:|".repeat(names.len()));
    for result in results {
        let figures = columns
            .iter()
            .map(|(_, figure, digits)| format!("{:.digits$}", figure(result)));
        row(&result.subject.name, figures);
    }
    let [function, references @ ..] = results else {
        return;
    };
    for reference in references {
        let ratios = columns
            .iter()
            .map(|(_, figure, _)| format!("{:.2}x", figure(function) / figure(reference)));
        row(&format!("function / {}", reference.subject.name), ratios);
    }
}

fn row(name: &str, cells: impl Iterator<Item = String>) {
    println!("| {name} | {} |", cells.collect::<Vec<_>>().join(" | "));
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn microseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

#[expect(
    clippy::cast_precision_loss,
    reason = "files and processes are much smaller"
)]
fn scaled(bytes: u64, unit: u64) -> f64 {
    bytes as f64 / unit as f64
}
