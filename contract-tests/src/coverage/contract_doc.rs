//! The content of `CONTRACT.md`: the clauses, the tests of each, and the cells and buckets that a run must reach.

use std::collections::BTreeSet;

use crate::coverage::buckets::Bucket;
use crate::coverage::cell::{Cell, FAULT_CLASS_PREFIX};

/// The clauses and the tables of coverage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContractDoc {
    /// The titles of the sections with a number, such as `("2", "PUT /items")`.
    pub sections: Vec<(String, String)>,
    /// The clauses, in their order.
    pub clauses: Vec<Clause>,
    /// The rows of the coverage table.
    pub rows: Vec<Row>,
    /// The buckets that a run must reach.
    pub buckets: Vec<Bucket>,
}

/// A clause of the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// Its number, such as `2.1`.
    pub number: String,
    /// The sentence.
    pub sentence: String,
    /// The tests that check it.
    pub tests: Vec<String>,
}

/// Cells with the same route and status: every transition with every class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The route key.
    pub route: String,
    /// The states of the item before and after the request.
    pub transitions: Vec<String>,
    /// The status.
    pub status: u16,
    /// The classes of input.
    pub classes: Vec<String>,
    /// The clauses that the row is about.
    pub clauses: Vec<String>,
}

impl ContractDoc {
    /// Returns the content of `CONTRACT.md`.
    #[must_use]
    pub fn load() -> Self {
        Self::parse(include_str!("../../CONTRACT.md"))
    }

    /// Returns the numbers of the clauses that these cells are about, in the order of `CONTRACT.md`.
    #[must_use]
    pub fn clauses_about(&self, cells: &[Cell]) -> Vec<String> {
        let is_about = |row: &&Row| row.cells().any(|cell| cells.contains(&cell));
        let about = self.rows.iter().filter(is_about);
        let about: BTreeSet<_> = about.flat_map(|row| &row.clauses).collect();
        let numbers = self.clauses.iter().map(|clause| &clause.number);
        numbers.filter(|it| about.contains(it)).cloned().collect()
    }

    /// Returns the cells that the sequences of one client must reach, on a table that works.
    pub fn sequence_cells(&self) -> impl Iterator<Item = Cell> {
        let rows = self.rows.iter();
        rows.flat_map(Row::cells)
            .filter(|cell| !cell.class.starts_with(FAULT_CLASS_PREFIX))
    }

    /// Parses the headings and the tables. A row of three columns is a clause if it begins with a number, and the
    /// buckets of a quantity if it ends with one; a row of five is one of the coverage table.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut contract = Self::default();
        for line in text.lines() {
            let heading = line.strip_prefix("## ");
            if let Some((number, title)) = heading.and_then(|heading| heading.split_once(' '))
                && number.parse::<u32>().is_ok()
            {
                contract
                    .sections
                    .push((number.to_owned(), title.to_owned()));
            }
            let Some(cells) = line
                .strip_prefix("| ")
                .and_then(|line| line.strip_suffix(" |"))
            else {
                continue;
            };
            match cells.split(" | ").collect::<Vec<_>>()[..] {
                [number, sentence, tests] if number.starts_with(|c: char| c.is_ascii_digit()) => {
                    contract.clauses.push(Clause {
                        number: number.to_owned(),
                        sentence: sentence.to_owned(),
                        tests: listed(tests),
                    });
                }
                [quantity, ranges, about] if about.starts_with(|c: char| c.is_ascii_digit()) => {
                    let ranges = listed(ranges)
                        .into_iter()
                        .flat_map(|range| expanded(&range));
                    let buckets = ranges.map(|range| Bucket::new(quantity, range));
                    contract.buckets.extend(buckets);
                }
                [route, transitions, status, classes, about] => {
                    if let Ok(status) = status.parse() {
                        contract.rows.push(Row {
                            route: route.trim_matches('`').to_owned(),
                            transitions: listed(transitions),
                            status,
                            classes: listed(classes),
                            clauses: listed(about),
                        });
                    }
                }
                _ => {}
            }
        }
        contract
    }
}

impl Row {
    /// Returns its cells.
    pub fn cells(&self) -> impl Iterator<Item = Cell> {
        let transitions = self.transitions.iter();
        transitions.flat_map(move |transition| {
            let classes = self.classes.iter();
            classes.map(move |class| Cell::new(&self.route, transition, self.status, class))
        })
    }
}

fn listed(cell: &str) -> Vec<String> {
    cell.split("; ")
        .map(|name| name.trim_matches('`').to_owned())
        .collect()
}

/// Returns each range of `-1 to 2` or of `2^0 to 2^18`. Any other text is one range.
fn expanded(ranges: &str) -> Vec<String> {
    let parsed = ranges.split_once(" to ").and_then(|(first, last)| {
        let base = if first.starts_with("2^") { "2^" } else { "" };
        let number = |text: &str| text.strip_prefix(base)?.parse::<i64>().ok();
        Some((base, number(first)?..=number(last)?))
    });
    match parsed {
        None => vec![ranges.to_owned()],
        Some((base, numbers)) => numbers.map(|number| format!("{base}{number}")).collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::contract::openapi;

    /// The test binaries that clauses may name, and the folders of their modules.
    const BINARIES: [(&str, &str); 4] = [
        ("rules", "contract-tests/tests/rules"),
        ("recorded", "contract-tests/tests/recorded"),
        ("service", "function/tests/service"),
        ("gateway", "local/tests/gateway"),
    ];

    /// The file with the names of the trials, which are not functions.
    const TRIALS: &str = "contract-tests/tests/properties/suite.rs";

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
    }

    fn read(path: &str) -> String {
        std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Returns every test in the modules of a binary, as clauses name it.
    fn tests_of(binary: &str, folder: &str) -> BTreeSet<String> {
        let files = std::fs::read_dir(root().join(folder)).expect("a folder of tests");
        let mut tests = BTreeSet::new();
        for file in files {
            let path = file.expect("a file").path();
            let Some(module) = path.file_stem().and_then(|stem| stem.to_str()) else {
                continue;
            };
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let lines: Vec<_> = text.lines().map(str::trim).collect();
            for (at, _) in lines.iter().enumerate().filter(|(_, line)| is_test(line)) {
                let function = lines[at..].iter().find(|line| !line.starts_with("#["));
                let name =
                    function.and_then(|line| line.trim_start_matches("async ").strip_prefix("fn "));
                if let Some(name) = name.and_then(|line| line.split('(').next()) {
                    tests.insert(match module {
                        "main" => format!("{binary}::{name}"),
                        _ => format!("{binary}::{module}::{name}"),
                    });
                }
            }
        }
        assert!(!tests.is_empty(), "{folder} has tests");
        tests
    }

    fn is_test(attribute: &str) -> bool {
        attribute == "#[test]" || attribute.starts_with("#[tokio::test")
    }

    #[test]
    fn the_clauses_are_numbered_in_order_and_each_is_a_sentence() {
        let contract = ContractDoc::load();
        assert!(!contract.clauses.is_empty() && !contract.rows.is_empty());
        for (index, (number, _)) in contract.sections.iter().enumerate() {
            assert_eq!(*number, (index + 1).to_string());
        }
        let (mut section, mut number) = (0, 0);
        for clause in &contract.clauses {
            let next = [
                format!("{section}.{}", number + 1),
                format!("{}.1", section + 1),
            ];
            assert!(
                next.contains(&clause.number),
                "{} comes after {section}.{number}",
                clause.number
            );
            if clause.number == next[1] {
                section += 1;
                number = 0;
            }
            number += 1;
            assert!(
                clause.sentence.ends_with('.'),
                "{} is not a sentence",
                clause.number
            );
        }
        assert_eq!(
            contract.sections.len(),
            section,
            "every section has a title"
        );
    }

    #[test]
    fn every_clause_has_tests_and_every_test_of_rules_and_service_has_a_clause() {
        let contract = ContractDoc::load();
        let functions: BTreeSet<_> = BINARIES
            .iter()
            .flat_map(|(binary, folder)| tests_of(binary, folder))
            .collect();
        let trials = read(TRIALS);
        let mut named = BTreeSet::new();
        for clause in &contract.clauses {
            for test in &clause.tests {
                let exists = match test.strip_prefix("properties::") {
                    Some(trial) => trials.contains(&format!("\"{trial}\"")),
                    None => functions.contains(test),
                };
                assert!(exists, "{} names the unknown test {test:?}", clause.number);
                named.insert(test.clone());
            }
        }
        // The tests of `recorded` compare with the tutorial, and many of `gateway` with AWS, so the tests of both may
        // be without a clause.
        let needs_clause = |test: &&String| {
            let binary = test.split("::").next();
            binary.is_some_and(|binary| !["recorded", "gateway"].contains(&binary))
        };
        let unnamed: Vec<_> = functions.difference(&named).filter(needs_clause).collect();
        assert!(unnamed.is_empty(), "no clause names {unnamed:#?}");
    }

    #[test]
    fn every_row_names_existing_clauses_and_declared_responses() {
        let contract = ContractDoc::load();
        let numbers: BTreeSet<_> = contract
            .clauses
            .iter()
            .map(|clause| &clause.number)
            .collect();
        let declared: BTreeSet<_> = openapi::declared().collect();
        for row in &contract.rows {
            let response = (row.route.as_str(), row.status);
            assert!(
                declared.contains(&response),
                "{response:?} is not in openapi.json"
            );
            for clause in &row.clauses {
                assert!(
                    numbers.contains(clause),
                    "{response:?} names the clause {clause:?}"
                );
            }
        }
    }
}
