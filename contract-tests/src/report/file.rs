//! The file in which a failure is saved, so that it can be replayed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::report::failure::Failure;
use crate::toolkit::linearizability::transitions::MAX_OPERATIONS;
use crate::toolkit::random::unique_prefix;

/// The file of the failure of one test.
#[derive(Debug)]
pub struct FailureFile {
    folder: PathBuf,
    test: String,
    /// The end of the name, which no other run has.
    suffix: String,
}

impl FailureFile {
    /// Returns the file of a test in this folder. It is created when a failure is saved.
    #[must_use]
    pub fn new(folder: &Path, test: &str) -> Self {
        Self {
            folder: folder.to_owned(),
            test: test.replace("::", "-"),
            suffix: unique_prefix().trim_end_matches('-').to_owned(),
        }
    }

    /// Saves a failure, in place of the one that was saved before, and returns the path.
    ///
    /// # Errors
    /// If the file cannot be written: the reason, with the path.
    pub fn save(&self, failure: &Failure) -> Result<PathBuf, String> {
        let seed = failure.seed.map(|seed| format!("{seed}-"));
        let (test, seed, suffix) = (&self.test, seed.unwrap_or_default(), &self.suffix);
        let path = self.folder.join(format!("{test}-{seed}{suffix}.json"));
        let json = serde_json::to_string_pretty(failure).map_err(|error| error.to_string())?;
        replace(&path, &(json + "\n"))?;
        Ok(path)
    }
}

/// Replaces the content of a file at once, so that a reader never sees half of it, not even if this process is killed.
///
/// # Errors
/// If the file cannot be written: the reason, with the path.
pub fn replace(path: &Path, content: &str) -> Result<(), String> {
    let written = path.with_added_extension("new");
    path.parent()
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| std::fs::write(&written, content))
        .and_then(|()| std::fs::rename(&written, path))
        .map_err(|error| format!("failed to write {}: {error}", path.display()))
}

/// Reads a saved failure.
///
/// # Errors
/// If the file cannot be read, or is not a saved failure.
pub fn read(path: &Path) -> Result<Failure, String> {
    let file = path.display();
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("failed to read {file}: {error}"))?;
    let invalid = |reason: String| format!("{file} is not a saved failure: {reason}");
    let failure: Failure =
        serde_json::from_str(&text).map_err(|error| invalid(error.to_string()))?;
    check(&failure).map_err(invalid)?;
    Ok(failure)
}

/// Checks the parts of a failure that a person may have edited, so that no use of it panics.
fn check(failure: &Failure) -> Result<(), String> {
    let indices = failure.history.iter().flat_map(|of| &of.exchanges);
    let mut indices = indices.chain(&failure.wrong);
    if let Some(index) = indices.find(|index| failure.exchanges.get(**index).is_none()) {
        return Err(format!("it has no exchange {index}"));
    }
    let mut operations = BTreeMap::<&str, usize>::new();
    for of_item in &failure.history {
        *operations.entry(&of_item.item).or_default() += 1;
    }
    match operations
        .iter()
        .find(|(_, count)| **count > MAX_OPERATIONS)
    {
        None => Ok(()),
        Some((item, count)) => Err(format!(
            "the item {item:?} has {count} operations, more than {MAX_OPERATIONS}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_replaced_by_a_later_one_of_the_same_run_only() {
        let folder = std::env::temp_dir().join(format!("{}failures", unique_prefix()));
        let failure = |broken: &str| Failure {
            seed: Some(7),
            broken: broken.to_owned(),
            ..Failure::default()
        };
        let files = [(); 2].map(|()| FailureFile::new(&folder, "embedded::sequences"));
        let saved = [(&files[0], "a"), (&files[1], "b"), (&files[0], "c")].map(|(file, broken)| {
            let path = file.save(&failure(broken));
            path.expect("a writable folder")
        });
        let broken = |path: &PathBuf| read(path).expect("a failure").broken;
        assert_eq!(saved.each_ref().map(broken), ["c", "b", "c"]);
        let files = std::fs::read_dir(&folder).expect("a folder").count();
        std::fs::remove_dir_all(&folder).expect("a folder");
        assert_eq!(files, 2);
    }

    #[test]
    fn an_edited_failure_is_an_error_and_no_panic() {
        let operation = r#"{"item": "a", "client": 1, "operation": {"write": 1}, "invoked": 1, "returned": 2, "exchanges": []}"#;
        let too_many = vec![operation; MAX_OPERATIONS + 1].join(",");
        for (edited, error) in [
            (
                r#"{"broken": "", "test": "", "wrong": 0}"#.to_owned(),
                "no exchange 0",
            ),
            (
                format!(r#"{{"broken": "", "test": "", "history": [{too_many}]}}"#),
                "129 operations",
            ),
        ] {
            let failure: Failure = serde_json::from_str(&edited).expect("a failure");
            let found = check(&failure).expect_err("it is wrong");
            assert!(found.contains(error), "{found}");
        }
    }
}
