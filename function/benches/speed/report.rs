//! The results, as tables in Markdown.

use std::time::Duration;

use crate::cost;
use crate::measure::{self, Results};
use crate::memory::{Row, Sample, Table};
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

/// Prints the results with each memory size, and their costs.
pub fn print_memory(tables: &[Table<'_>]) {
    for table in tables {
        print_costs(table);
    }
}

fn print_costs(
    Table {
        title,
        request,
        rows,
    }: &Table<'_>,
) {
    let request = *request;
    let dynamodb = cost::assumed_dynamodb_time(request).as_millis();
    println!(
        "\n{title}, {}. The billed time includes {dynamodb} ms for DynamoDB.\n",
        request.route_key()
    );
    println!("| | MB | p50 ms | p99 ms | CPU ms | throttled | billed ms | $ per million |");
    println!("|---{}", "|--:".repeat(7) + "|");
    for Row {
        subject,
        memory,
        samples,
    } in rows
    {
        let quantile = |time: fn(&Sample) -> Duration, share| {
            let time = measure::quantile(samples.iter().map(time).collect(), share);
            format!("{:.2}", milliseconds(time))
        };
        let count = u32::try_from(samples.len()).expect("there are few samples");
        let throttled = samples.iter().filter(|sample| sample.throttled).count();
        let billed: Duration = samples
            .iter()
            .map(|sample| cost::billed(request, sample.time()))
            .sum();
        let billed = billed / count;
        let cells = [
            memory.to_string(),
            quantile(|sample| sample.invocation.response, 0.5),
            quantile(|sample| sample.invocation.response, 0.99),
            quantile(|sample| sample.cpu, 0.5),
            format!("{} %", throttled * 100 / samples.len()),
            format!("{:.1}", milliseconds(billed)),
            format!("{:.2}", cost::price_of_million(billed, *memory)),
        ];
        row(&subject.name, cells.into_iter());
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
