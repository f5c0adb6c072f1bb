//! What a person gets of a broken sequence: what is wrong, a script to see it, a file to keep.

use std::fmt::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::contract::run::Run;
use crate::report::script::{ScriptTarget, script};
use crate::request::operation::Operation;
use crate::toolkit::outcome::NotPassed::{Failed, Inconclusive};
use crate::toolkit::shell::quoted;

/// A failure as it is saved.
#[derive(Debug, Serialize, Deserialize)]
pub struct SavedFailure {
    /// What was wrong.
    pub broken: String,
    /// The test that found it.
    pub test: String,
    /// The seed with which it found it.
    pub seed: u64,
    /// What to do to see it.
    pub operations: Vec<Operation>,
}

impl SavedFailure {
    /// Reads a saved failure.
    ///
    /// # Errors
    /// Why it cannot be read, or what in it is not as it is saved.
    pub fn read(path: &Path) -> Result<Self, String> {
        let file = path.display();
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("failed to read {file}: {error}"))?;
        serde_json::from_str(&text).map_err(|error| format!("{file} is no saved failure: {error}"))
    }
}

/// A sequence that broke the contract.
#[derive(Debug)]
pub struct FailureReport {
    /// The test that found it.
    pub test: String,
    /// The seed with which it found it.
    pub seed: u64,
    /// How many cases it took.
    pub case: u32,
    /// The shortest run that shows it.
    pub run: Run,
    /// Where it was found, or can be.
    pub target: ScriptTarget,
    /// What else there is to say.
    pub note: Option<String>,
}

impl FailureReport {
    /// All that there is to say, with the script; saves the failure in this folder.
    #[must_use]
    pub fn report(&self, folder: &Path) -> String {
        let reason = match &self.run.outcome {
            Err(Failed(reason) | Inconclusive(reason)) => reason.as_str(),
            Ok(()) => "nothing",
        };
        let steps = &self.run.steps;
        let mut report = format!(
            "{reason}\n\nFound in case {}, and shrunk to {} requests. To see it, run this script \
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
                    "To see it in another environment:\n  cargo run -p contract-tests -- replay {} --url URL\nTo keep it, once it is mended, name that file after what it was in contract-tests/tests/regressions",
                    quoted(&path)
                );
            }
            Err(error) => {
                let _ = writeln!(report, "It could not be saved: {error}");
            }
        }
        let _ = write!(report, "To find it again: CONTRACT_SEED={}", self.seed);
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
