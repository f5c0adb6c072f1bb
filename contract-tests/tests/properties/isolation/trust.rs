//! Input that is not trusted: journals that no run has written, APIs that only a journal names, and responses that
//! repeat a secret.

use std::net::TcpListener;

use aws_lambda_events::http::header::AUTHORIZATION;
use contract_tests::toolkit::deployed::access::AuthKind;
use contract_tests::toolkit::deployed::journal::{Header, Journal};
use contract_tests::toolkit::deployed::namespace;
use contract_tests::toolkit::http::base_url::BaseUrl;
use tokio::runtime::Handle;

use super::api::SharedApi;
use super::middleware::{self, Request, TOKEN, intercept, method, reply};
use super::run::{Run, new_folder, run_command};
use super::{BoxError, Test, TestResult};

/// The tests of input that is not trusted, and of white space around a variable.
pub const TESTS: [(&str, Test); 4] = [
    ("a_forged_journal_deletes_nothing", forged),
    ("credentials_are_sent_only_to_an_api_that_is_named", unnamed),
    ("a_secret_in_a_response_is_not_shown", echoed),
    ("whitespace_around_a_variable_is_ignored", padded),
];

fn forged(runtime: &Handle) -> TestResult {
    let api = SharedApi::start(runtime, None)?;
    let (folder, url) = (new_folder(), api.url());
    std::fs::create_dir_all(&folder)?;
    let run = namespace::for_run();
    let session = namespace::for_session(&run, 7);
    let header = |namespace: &str| {
        format!(
            "{{\"run\":{{\"url\":\"{url}\",\"auth\":\"none\",\"namespace\":\"{namespace}\"}}}}\n"
        )
    };
    let whole = format!(
        "{}{{\"put\":[\"{session}\",\"{session}a\"]}}\n",
        header(&run)
    );
    for (line, text) in [
        (1, header("")),
        (1, header("contract-")),
        (1, header(&session)),
        (1, header(&run).replace("none", "basic")),
        (1, header(&run).replace("http://", "http://user:secret@")),
        (1, "{\"put\":[\"\",\"a\"]}\n".to_owned()),
        (3, format!("{whole}{{\"put\":[\"{session}\",\"a\"]}}\n")),
        (3, format!("{whole}{{\"put\":[\"\",\"a\"]}}\n")),
        (3, format!("{whole}{{\"gone\":\"\"}}\n")),
        (3, format!("{whole}{}", header(&run))),
        (3, format!("{whole}\n")),
    ] {
        let path = folder.join("forged.journal");
        std::fs::write(&path, &text)?;
        api.put(&format!("{session}a"))?;
        let path = path.display().to_string();
        let expected = format!("line {line} is not valid in a journal, so nothing is deleted");
        run_command(&["sweep", &path], &[], 1, &expected)
            .map_err(|wrong| format!("{text}: {wrong}"))?;
        if !api.has_new_items()? {
            return Err(format!("an item was deleted for {text}").into());
        }
        std::fs::write(&path, &whole)?;
        run_command(&["sweep", &path], &[], 0, "1 ids deleted")?;
        api.check_unchanged()?;
    }
    Ok(std::fs::remove_dir_all(folder)?)
}

fn unnamed(runtime: &Handle) -> TestResult {
    let folder = new_folder();
    let journals = folder.display().to_string();
    let leave = |url: &str| -> Result<(), BoxError> {
        let header = Header {
            url: BaseUrl::parse("it", url)?,
            auth: AuthKind::Bearer,
            namespace: namespace::for_run(),
        };
        let session = namespace::for_session(&header.namespace, 7);
        let journal = Journal::new(&folder, header);
        journal.record_put(&session, &format!("{session}a"))?;
        Ok(())
    };
    let of_run = [
        ("CONTRACT_JOURNALS", &*journals),
        ("CONTRACT_BEARER", TOKEN),
    ];

    let stranger = TcpListener::bind("127.0.0.1:0")?;
    stranger.set_nonblocking(true)?;
    let url = format!("http://{}", stranger.local_addr()?);
    leave(&url)?;
    let expected = format!("CONTRACT_URL={url} cargo run");
    run_command(&["sweep"], &of_run, 1, &expected)?;
    if let Ok(connection) = stranger.accept() {
        return Err(format!("{connection:?} was opened").into());
    }
    std::fs::remove_dir_all(&folder)?;

    let api = SharedApi::start(runtime, Some(&middleware::requiring_token))?;
    leave(api.url())?;
    let named = [&of_run[..], &[("CONTRACT_URL", api.url())]].concat();
    run_command(&["sweep"], &named, 0, "1 ids deleted")?;
    Ok(std::fs::remove_dir_all(folder)?)
}

fn echoed(runtime: &Handle) -> TestResult {
    let echo = |request: &Request| {
        let given = request.headers.get(AUTHORIZATION)?.to_str().ok()?;
        let body = format!("{{\"Items\":[],\"Count\":0,\"ScannedCount\":0,\"given\":\"{given}\"}}");
        (method(request) == "GET").then(|| reply(200, &[(AUTHORIZATION, given)], &body))
    };
    let api = SharedApi::start(runtime, Some(&|inner| intercept(inner, echo)))?;
    let mut run = Run::start_tests(
        "deployed::sequences",
        api.url(),
        &[("CONTRACT_BEARER", TOKEN)],
    )?;
    let output = run.expect_clean_end(101, &["fail          deployed::sequences", "[secret]"])?;
    if output.contains(TOKEN) {
        return Err("the token is in the output".into());
    }
    api.check_unchanged()
}

fn padded(runtime: &Handle) -> TestResult {
    let api = SharedApi::start(runtime, Some(&middleware::requiring_token))?;
    let token = format!("Bearer {TOKEN}\n");
    let mut run = Run::start(&format!(" {}/ ", api.url()), &[("CONTRACT_BEARER", &token)])?;
    run.expect_clean_end(0, &["pass          deployed::sequences"])?;
    api.check_unchanged()
}
