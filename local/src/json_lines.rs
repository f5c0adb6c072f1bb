//! Items as JSON lines, one item on each: the file of `--seed`, and the export of a table.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use function::attempt::RequestBudget;
use function::event::QueryStringParameters;
use function::item::Item;
use function::precondition::Preconditions;
use function::query::Query;
use function::render::Page;
use function::table::Table;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::chain;

/// The time limit for storing an item, and for reading a page.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Reads the items of a file.
///
/// # Errors
/// The reason why the file cannot be read, or the first line that is not an item as PUT accepts it, or that has the id
/// of an earlier line.
pub(crate) fn read(file: &Path) -> Result<Vec<Item>, String> {
    let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
    parse(&text)
}

fn parse(text: &str) -> Result<Vec<Item>, String> {
    let mut items = Vec::new();
    let mut lines = HashMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let item = Item::parse(line).map_err(|error| format!("line {number}: {error}"))?;
        if let Some(earlier) = lines.insert(item.id().as_str().to_owned(), number) {
            return Err(format!(
                "line {number} has the same id as line {earlier}: remove one of them"
            ));
        }
        items.push(item);
    }
    Ok(items)
}

/// Stores the items, and replaces those with the same ids.
///
/// # Errors
/// The number of items that are stored, and the reason why the next one is not.
pub(crate) async fn store(items: &[Item], table: &Table) -> Result<(), String> {
    for (stored, item) in items.iter().enumerate() {
        let put = table.put(item, &Preconditions::default(), &budget()).await;
        put.map_err(|error| {
            let total = items.len();
            format!("{stored} of {total} items are stored: {}", chain(&error))
        })?;
    }
    Ok(())
}

/// Returns the items of a table, each on a line as a list shows it. An item that is written meanwhile may be missing.
///
/// # Errors
/// The reason why a page cannot be read.
pub async fn export(table: &Table) -> Result<String, String> {
    let mut lines = String::new();
    let mut start = None;
    loop {
        let parameters = QueryStringParameters {
            limit: None,
            exclusive_start_key: start,
        };
        let List { items, last } = list(table, &parameters)
            .await
            .map_err(|error| chain(&*error))?;
        for item in items {
            lines.push_str(item.get());
            lines.push('\n');
        }
        let Some(LastKey { id }) = last else {
            return Ok(lines);
        };
        start = Some(id);
    }
}

/// The response of Lambda.
#[derive(Deserialize)]
struct Response {
    body: String,
}

/// A page of `GET /items`. Its items are kept as text, because a price may have more digits than an `f64`.
#[derive(Deserialize)]
struct List {
    #[serde(rename = "Items")]
    items: Vec<Box<RawValue>>,
    #[serde(rename = "LastEvaluatedKey")]
    last: Option<LastKey>,
}

#[derive(Deserialize)]
struct LastKey {
    id: String,
}

async fn list(
    table: &Table,
    parameters: &QueryStringParameters,
) -> Result<List, Box<dyn std::error::Error + Send + Sync>> {
    let query = Query::parse(Some(parameters))?;
    let page = table.scan(query, Page::read, &budget()).await?;
    let response: Response = serde_json::from_str(page.response()?.json())?;
    Ok(serde_json::from_str(&response.body)?)
}

fn budget() -> RequestBudget {
    RequestBudget::with_deadline(Instant::now() + TIMEOUT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    async fn table() -> Table {
        let table = crate::table::Table::open(&Store::Memory, "items").await;
        table.expect("a table").items()
    }

    /// Loads these lines and returns the sorted lines of the export.
    async fn export_of(table: &Table, text: &str) -> Vec<String> {
        let items = parse(text).expect("items");
        store(&items, table).await.expect("stored");
        let exported = export(table).await.expect("an export");
        assert!(exported.is_empty() || exported.ends_with('\n'));
        let mut lines: Vec<_> = exported.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    }

    #[tokio::test]
    async fn an_export_has_the_lines_that_were_loaded() {
        let lines = [
            r#"{"id":"a"}"#,
            r#"{"id":"b","price":12345678901234567890123456789012345678}"#,
            r#"{"id":"c","price":0.1,"name":"a \"quote\",\na line and \\"}"#,
            r#"{"id":"ü 漢 🎉","price":-1.5,"name":"ü 漢 🎉"}"#,
        ];
        let table = table().await;
        assert_eq!(export_of(&table, "").await, [""; 0]);
        let text = format!("\r\n{}\r\n \n{}", lines[0], lines[1..].join("\n"));
        assert_eq!(export_of(&table, &text).await, lines);
        assert_eq!(export_of(&table, &lines.join("\n")).await, lines, "again");
    }

    #[tokio::test]
    async fn a_line_replaces_the_stored_item() {
        let table = table().await;
        export_of(&table, r#"{"id":"a","price":1,"name":"x"}"#).await;
        let replaced = export_of(&table, r#"{"id":"a","price":2}"#).await;
        assert_eq!(replaced, [r#"{"id":"a","price":2}"#]);
    }

    #[tokio::test]
    async fn an_export_has_every_page() {
        let name = "x".repeat(300_000);
        let line = |id| format!(r#"{{"id":"{id}","name":"{name}"}}"#);
        let lines: Vec<_> = (0..9).map(line).collect();
        let table = table().await;
        assert!(export_of(&table, &lines.join("\n")).await == lines);
        let first = QueryStringParameters {
            limit: None,
            exclusive_start_key: None,
        };
        let page = list(&table, &first).await.expect("a page");
        assert!(page.last.is_some(), "the table has one page only");
    }

    #[test]
    fn an_error_names_the_line() {
        let valid = r#"{"id":"a"}"#;
        for (text, expected) in [
            ("{\"id\":\"b\"}\n\n{}".to_owned(), "line 3: id is missing"),
            (format!("{valid}\n{valid}{valid}"), "line 2: "),
            (format!("[{valid}]"), "line 1: "),
            (format!("\u{feff}{valid}"), "line 1: "),
            (
                format!("{valid}\n{{\"id\":\"b\"}}\n\n{{\"id\":\"\\u0061\"}}"),
                "line 4 has the same id as line 1: remove one of them",
            ),
        ] {
            let error = parse(&text).expect_err(&text);
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[tokio::test]
    async fn an_item_that_cannot_be_stored_is_counted() {
        let items = parse("{\"id\":\"a\"}\n{\"id\":\"b\"}").expect("items");
        let opened = crate::table::Table::open(&Store::Memory, "items").await;
        let missing = Table::new(opened.expect("a table").client(), "missing");
        let error = store(&items, &missing).await.expect_err("no such table");
        let expected = "0 of 2 items are stored: Internal server error: ";
        assert!(error.starts_with(expected), "{error}");
        let error = export(&missing).await.expect_err("no such table");
        assert!(error.starts_with("Internal server error: "), "{error}");
    }
}
