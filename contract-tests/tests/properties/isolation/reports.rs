//! The files that a run leaves: failures that can be replayed, and reports.

use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use super::api::{self, SharedApi};
use super::run::{Run, new_folder, replay};
use super::{BoxError, Test, TestResult};

/// The tests.
pub const TESTS: [(&str, Test); 4] = [
    (
        "a_failed_sequence_is_reported_and_can_be_replayed",
        failed_sequence,
    ),
    (
        "a_rejected_history_is_saved_and_checked_again",
        rejected_history,
    ),
    ("a_killed_run_leaves_what_it_had", killed),
    ("two_runs_at_once_have_two_reports", two_at_once),
];

/// A service whose PUT merges, which every sequence of a few requests reveals.
const MERGES: &str = "PUT merges";

fn failed_sequence(runtime: &Handle) -> TestResult {
    let api = SharedApi::start(runtime, Some(api::mutant(MERGES)))?;
    let folder = new_folder();
    let files = ["report.html", "junit.xml", "summary.md"].map(|name| folder.join(name));
    let paths = files.each_ref().map(|file| file.display().to_string());
    std::fs::create_dir_all(&folder)?;
    std::fs::write(&files[2], "kept\n")?;
    let variables = [
        ("CONTRACT_REPORT", paths[0].as_str()),
        ("CONTRACT_JUNIT", &paths[1]),
        ("CONTRACT_SUMMARY", &paths[2]),
        ("GITHUB_ACTIONS", "true"),
        ("CONTRACT_CASES", "200"),
    ];
    let mut run = Run::start_tests("deployed::sequences", api.url(), &variables)?;
    let output = run.expect_clean_end(101, &["::error ", "fail          deployed::sequences"])?;
    api.check_unchanged()?;
    let saved = only_failure(&run)?;
    let failure = std::fs::read_to_string(&saved)?;
    let failure: serde_json::Value = serde_json::from_str(&failure)?;
    let steps = failure["exchanges"].as_array().ok_or("no exchanges")?;
    let id = steps
        .last()
        .map(|step| &step["response"]["Ok"]["requestId"]);
    let id = id.and_then(|id| id.as_str()).ok_or("no request id")?;
    for (file, expected) in
        files
            .iter()
            .zip([[id, "curl -sS"], ["<failure", "curl -sS"], [id, "curl -sS"]])
    {
        let report = std::fs::read_to_string(file)?;
        if let Some(missing) = expected.iter().find(|text| !report.contains(**text)) {
            return Err(format!("{missing} is not in {}: {report}", file.display()).into());
        }
    }
    if !std::fs::read_to_string(&files[2])?.starts_with("kept\n") {
        return Err("the summary was overwritten".into());
    }
    if let Some(line) = output.lines().find(|line| line.len() > 2_000) {
        return Err(format!("a line of {} bytes: {line}", line.len()).into());
    }
    let saved = saved.display().to_string();
    replay(&[&saved], 0, "Passed.")?;
    replay(&[&saved, "--url", api.url()], 1, "Failed:")?;
    api.check_unchanged()?;
    Ok(std::fs::remove_dir_all(folder)?)
}

fn rejected_history(runtime: &Handle) -> TestResult {
    let name = "read-modify-write loses concurrent updates";
    let api = SharedApi::start(runtime, Some(api::mutant(name)))?;
    let mut run = Run::start_tests(
        "deployed::concurrency::every_item_is_linearizable",
        api.url(),
        &[("CONTRACT_CASES", "50")],
    )?;
    run.expect_clean_end(101, &["is not linearizable", "[request "])?;
    let saved = only_failure(&run)?.display().to_string();
    replay(&[&saved], 1, "is not linearizable")?;
    replay(&[&saved, "--url", api.url()], 64, "cannot be sent again")?;
    api.check_unchanged()
}

fn killed(runtime: &Handle) -> TestResult {
    let api = SharedApi::start(runtime, Some(api::mutant(MERGES)))?;
    let report = new_folder().with_extension("html");
    let path = report.display().to_string();
    let variables = [("CONTRACT_CASES", "200"), ("CONTRACT_REPORT", &path)];
    let mut run = Run::start_tests("deployed::sequences", api.url(), &variables)?;
    let begun = Instant::now();
    while run.failures()?.is_empty() {
        if begun.elapsed() > Duration::from_mins(2) {
            return Err("no failure was saved within two minutes".into());
        }
        sleep(Duration::from_millis(5));
    }
    run.kill_when(|| Ok(true))?;
    let saved = only_failure(&run)?;
    let failure: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&saved)?)?;
    if failure["test"] != "deployed::sequences::every_response_matches_the_model" {
        return Err(format!("the failure is not that of a test: {failure}").into());
    }
    let saved = saved.display().to_string();
    replay(&[&saved], 0, "Passed.")?;
    run.sweep(0, "ids deleted")?;
    if !std::fs::read_to_string(&report)?.contains("CONTRACT_SEED") {
        return Err("the report is not one of this run".into());
    }
    api.check_unchanged()?;
    Ok(std::fs::remove_file(report)?)
}

fn two_at_once(runtime: &Handle) -> TestResult {
    let apis = [None, Some(api::mutant(MERGES))].map(|wrap| SharedApi::start(runtime, wrap));
    let reports = [(); 2].map(|()| new_folder().with_extension("html"));
    let mut runs = Vec::new();
    for (api, report) in apis.iter().zip(&reports) {
        let api = api.as_ref().map_err(ToString::to_string)?;
        let report = report.display().to_string();
        let variables = [
            ("CONTRACT_REPORT", report.as_str()),
            ("CONTRACT_CASES", "20"),
        ];
        runs.push(Run::start_tests(
            "deployed::sequences",
            api.url(),
            &variables,
        )?);
    }
    for ((run, code), report) in runs.iter_mut().zip([0, 101]).zip(&reports) {
        let path = report.display().to_string();
        run.expect_clean_end(code, &[&format!("The report is in {path}")])?;
        let has_script = std::fs::read_to_string(report)?.contains("curl -sS");
        if has_script != (code == 101) {
            return Err(format!("{path} is not the report of its run").into());
        }
        std::fs::remove_file(report)?;
    }
    Ok(())
}

/// Returns the file of the only failure of a run.
fn only_failure(run: &Run) -> Result<PathBuf, BoxError> {
    match &run.failures()?[..] {
        [saved] => Ok(saved.clone()),
        saved => Err(format!("{} failures are saved", saved.len()).into()),
    }
}
