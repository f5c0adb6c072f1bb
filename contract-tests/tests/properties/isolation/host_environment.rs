//! Environments of the process: proxies, a Docker at another endpoint, and wrong settings.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use contract_tests::toolkit::random::unique_prefix;
use tokio::runtime::Handle;

use super::api::SharedApi;
use super::run::{Run, run_command};
use super::{Test, TestResult};

/// The tests of these environments.
pub const TESTS: [(&str, Test); 4] = [
    ("no_proxy_is_used_for_a_local_api", local_api),
    ("the_proxy_of_an_unreachable_api_is_named", through_proxy),
    (
        "the_endpoint_of_docker_is_that_of_its_context",
        other_docker,
    ),
    ("a_wrong_setting_exits_with_64", wrong_settings),
];

/// A proxy that does not exist, in every variable that may name one.
const PROXIES: [(&str, &str); 6] = [
    ("HTTP_PROXY", "http://user:secret@127.0.0.1:9"),
    ("http_proxy", "http://user:secret@127.0.0.1:9"),
    ("HTTPS_PROXY", "http://user:secret@127.0.0.1:9"),
    ("https_proxy", "http://user:secret@127.0.0.1:9"),
    ("ALL_PROXY", "http://user:secret@127.0.0.1:9"),
    ("all_proxy", "http://user:secret@127.0.0.1:9"),
];

fn local_api(runtime: &Handle) -> TestResult {
    let api = SharedApi::start(runtime, None)?;
    for tests in ["deployed::", "embedded::sequences", "embedded::faults"] {
        let result = format!("pass          {tests}");
        Run::start_tests(tests, api.url(), &PROXIES)?.expect_clean_end(0, &[&result])?;
    }
    api.check_unchanged()
}

fn through_proxy(_: &Handle) -> TestResult {
    for url in ["http://items.example.com", "https://items.example.com"] {
        let mut run = Run::start_tests("deployed::sequences", url, &PROXIES)?;
        let output = run.expect_clean_end(
            2,
            &["cannot be reached through the proxy http://127.0.0.1:9"],
        )?;
        if output.contains("secret") {
            return Err("the password of the proxy is in the output".into());
        }
    }
    Ok(())
}

/// Tests a `docker` command that names an endpoint at which no Docker answers.
fn other_docker(_: &Handle) -> TestResult {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}docker", unique_prefix()));
    std::fs::create_dir_all(&folder)?;
    let command = folder.join("docker");
    let endpoint = format!("unix://{}/docker.sock", folder.display());
    std::fs::write(
        &command,
        format!("#!/bin/sh\necho 'elsewhere {endpoint}'\n"),
    )?;
    std::fs::set_permissions(&command, PermissionsExt::from_mode(0o755))?;
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", folder.display());
    let message = format!("Docker does not answer at {endpoint}");
    let start = |variables: &[(&str, &str)]| {
        let found = [("PATH", &*path), ("DOCKER_HOST", "")];
        let variables = [&found[..], variables].concat();
        Run::start_tests("dynamodb-local::", "http://127.0.0.1:1", &variables)
    };
    start(&[])?.expect_clean_end(0, &["ignored", &message])?;
    let required = ("CONTRACT_REQUIRE", "dynamodb-local");
    start(&[required])?.expect_clean_end(101, &[&format!("Docker is at {endpoint}")])?;
    Ok(std::fs::remove_dir_all(folder)?)
}

fn wrong_settings(_: &Handle) -> TestResult {
    let url = "http://127.0.0.1:1";
    for (name, value) in [
        ("CONTRACT_CASES", "many"),
        ("CONTRACT_URL", "http://user:secret@127.0.0.1"),
        ("CONTRACT_AUTH", "Bearer secret"),
        ("CONTRACT_BEARER", "Basic secret"),
        ("CONTRACT_BEARER", "a-secret"),
        ("CONTRACT_SEED", "secret"),
        ("CONTRACT_REQUIRE", "secret"),
        ("DYNAMODB_ENDPOINT", "secret@127.0.0.1:8000"),
    ] {
        let output = Run::start(url, &[(name, value)])?.expect_clean_end(64, &[name])?;
        if output.contains("secret") {
            return Err(format!("a secret is in the output: {output}").into());
        }
        run_command(&["sweep"], &[(name, value)], 64, name)?;
    }
    Run::start_tests("--nonsense", url, &[])?.expect_clean_end(64, &["--nonsense"])?;
    run_command(&["--nonsense"], &[], 64, "Usage:")?;
    run_command(&["replay", "nothing"], &[], 64, "failed to read nothing")?;
    let url = "https://user:secret@host";
    run_command(&["sweep", "--url", url], &[], 64, "--url has a user name")?;
    for wrong in [
        &["sweep", url][..],
        &["replay", url],
        &["faulty", url],
        &[url],
    ] {
        run_command(wrong, &[], 64, "[hidden]")?;
    }
    let help = Command::new(env!("CARGO_BIN_EXE_contract-tests"))
        .arg("--help")
        .output()?;
    if help.status.success() && String::from_utf8(help.stdout)?.contains("inconclusive") {
        Ok(())
    } else {
        Err("the help is not on standard output".into())
    }
}
