//! The report of a sequence that broke the contract: the reason, a script that reproduces it, and a file to replay.

use std::fmt::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::contract::run::Run;
use crate::report::script::{ScriptTarget, script};
use crate::request::operation::Operation;
use crate::toolkit::outcome::NotPassed::{Failed, Inconclusive};
use crate::toolkit::shell::quoted;

/// A failure in its saved form.
#[derive(Debug, Serialize, Deserialize)]
pub struct SavedFailure {
    /// The reason of the failure.
    pub broken: String,
    /// The test that found it.
    pub test: String,
    /// The seed of the run in which the test found it.
    pub seed: u64,
    /// The operations that reproduce it.
    pub operations: Vec<Operation>,
}

impl SavedFailure {
    /// Reads a saved failure.
    ///
    /// # Errors
    /// If the file cannot be read, or is not a saved failure.
    pub fn read(path: &Path) -> Result<Self, String> {
        let file = path.display();
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("failed to read {file}: {error}"))?;
        serde_json::from_str(&text)
            .map_err(|error| format!("{file} is not a saved failure: {error}"))
    }
}

/// A sequence that broke the contract.
#[derive(Debug)]
pub struct FailureReport {
    /// The test that found it.
    pub test: String,
    /// The seed of the run in which the test found it.
    pub seed: u64,
    /// The number of the case, from one.
    pub case: u32,
    /// The shortest run that reproduces it.
    pub run: Run,
    /// The API for the script.
    pub target: ScriptTarget,
    /// The reason why shrinking ended early, if it did.
    pub note: Option<String>,
}

impl FailureReport {
    /// Returns the full report, with the script. Saves the failure in this folder.
    #[must_use]
    pub fn report(&self, folder: &Path) -> String {
        let reason = match &self.run.outcome {
            Err(Failed(reason) | Inconclusive(reason)) => reason.as_str(),
            Ok(()) => "nothing",
        };
        let steps = &self.run.steps;
        let mut report = format!(
            "{reason}\n\nFound in case {}, and shrunk to {} requests. To reproduce it, run this script \
             (cargo serve starts an API):\n\n{}\n",
            self.case,
            steps.len(),
            script(steps, &self.run.prefix, &self.target)
        );
        if let Some(note) = &self.note {
            let _ = writeln!(report, "Note: {note}.");
        }
        match self.save(reason, folder) {
            Ok(path) => {
                let _ = writeln!(
                    report,
                    "To replay it in another environment:\n  cargo run -p contract-tests -- replay {} --url URL\nOnce the bug is fixed, move the file to contract-tests/tests/regressions, and name the file after the failure",
                    quoted(&path)
                );
            }
            Err(error) => {
                let _ = writeln!(report, "The failure could not be saved: {error}");
            }
        }
        let _ = write!(
            report,
            "To draw the same cases again: CONTRACT_SEED={}",
            self.seed
        );
        report
    }

    fn save(&self, reason: &str, folder: &Path) -> std::io::Result<String> {
        let saved = SavedFailure {
            broken: reason.to_owned(),
            test: self.test.clone(),
            seed: self.seed,
            operations: self.run.operations.clone(),
        };
        std::fs::create_dir_all(folder)?;
        let name = format!("{}-{}.json", self.test.replace("::", "-"), self.seed);
        let path = folder.join(name);
        std::fs::write(&path, serde_json::to_string_pretty(&saved)? + "\n")?;
        Ok(path.display().to_string())
    }
}
