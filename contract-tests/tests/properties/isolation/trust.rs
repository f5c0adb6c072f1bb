//! The limits of a run's trust: in journals that no run has written, in APIs that only a journal names, and in responses
//! that repeat a secret.

use std::net::TcpListener;

use aws_lambda_events::http::header::AUTHORIZATION;
use contract_tests::toolkit::deployed::access::AuthKind;
use contract_tests::toolkit::deployed::journal::{Header, Journal};
use contract_tests::toolkit::deployed::namespace;
use contract_tests::toolkit::http::base_url::BaseUrl;
use tokio::runtime::Handle;

use super::api::Shared;
use super::gates::{self, Request, TOKEN, gate, method, reply};
use super::run::{Run, folder, harness};
use super::{BoxError, Test, TestResult};

/// The tests.
pub const TESTS: [(&str, Test); 4] = [
    ("a_journal_that_no_run_wrote_deletes_nothing", forged),
    ("credentials_go_only_to_an_api_that_is_named", unnamed),
    ("a_secret_that_comes_back_is_not_shown", echoed),
    ("a_value_is_used_as_it_was_checked", padded),
];

fn forged(runtime: &Handle) -> TestResult {
    let api = Shared::start(runtime, None)?;
    let (folder, url) = (folder(), api.url());
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
        let tell = format!("line {line} is not valid in a journal, so nothing is deleted");
        harness(&["sweep", &path], &[], 1, &tell).map_err(|wrong| format!("{text}: {wrong}"))?;
        if !api.has_more()? {
            return Err(format!("an item was deleted for {text}").into());
        }
        std::fs::write(&path, &whole)?;
        harness(&["sweep", &path], &[], 0, "1 ids deleted")?;
        api.is_as_it_was()?;
    }
    Ok(std::fs::remove_dir_all(folder)?)
}

fn unnamed(runtime: &Handle) -> TestResult {
    let folder = folder();
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
    let tell = format!("CONTRACT_URL={url} cargo run");
    harness(&["sweep"], &of_run, 1, &tell)?;
    if let Ok(connection) = stranger.accept() {
        return Err(format!("{connection:?} was opened").into());
    }
    std::fs::remove_dir_all(&folder)?;

    let api = Shared::start(runtime, Some(&gates::borne))?;
    leave(api.url())?;
    let named = [&of_run[..], &[("CONTRACT_URL", api.url())]].concat();
    harness(&["sweep"], &named, 0, "1 ids deleted")?;
    Ok(std::fs::remove_dir_all(folder)?)
}

fn echoed(runtime: &Handle) -> TestResult {
    let echo = |request: &Request| {
        let given = request.headers.get(AUTHORIZATION)?.to_str().ok()?;
        let body = format!("{{\"Items\":[],\"Count\":0,\"ScannedCount\":0,\"given\":\"{given}\"}}");
        (method(request) == "GET").then(|| reply(200, &[(AUTHORIZATION, given)], &body))
    };
    let api = Shared::start(runtime, Some(&|inner| gate(inner, echo)))?;
    let run = Run::of(
        "deployed::sequences",
        api.url(),
        &[("CONTRACT_BEARER", TOKEN)],
    )?;
    let told = run.ended(101, &["fail          deployed::sequences", "[secret]"])?;
    if told.contains(TOKEN) {
        return Err("the token is told".into());
    }
    api.is_as_it_was()
}

fn padded(runtime: &Handle) -> TestResult {
    let api = Shared::start(runtime, Some(&gates::borne))?;
    let token = format!("Bearer {TOKEN}\n");
    let run = Run::start(&format!(" {}/ ", api.url()), &[("CONTRACT_BEARER", &token)])?;
    run.ended(0, &["pass          deployed::sequences"])?;
    api.is_as_it_was()
}
