//! Tests of the program `local`, which is started and stopped as by a user.
#![cfg(unix)]

#[path = "support/program.rs"]
mod program;
mod support;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use program::{Running, folder, program, start_error};
use rustls::crypto::ring;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use support::{Response, call, send, send_bytes};

#[tokio::test]
async fn the_program_serves_until_a_signal_stops_it() {
    for signal in ["INT", "TERM"] {
        let program = Running::start(&["--port", "0"]);
        let put = call(
            &program.url,
            "PUT /items",
            r#"{"id":"secret","name":"hush"}"#,
        )
        .await;
        assert_eq!(
            (put.status, put.body.as_str()),
            (200, r#""Put item secret""#)
        );
        assert_eq!(
            call(&program.url, "GET /items/secret", "").await.status,
            200
        );
        assert_eq!(call(&program.url, "GET /secret", "").await.status, 404);
        assert_eq!(call(&program.url, "GET /_local", "").await.status, 200);

        let (code, log) = program.stop(signal);
        assert_eq!(code, Some(0), "{signal}: {log}");
        let lines: Vec<&str> = log.lines().collect();
        assert_eq!(lines.len(), 5, "{log}");
        assert!(lines[0].contains(" 200 PUT /items "), "{log}");
        assert!(
            lines[0].contains(put.header("apigw-requestid").expect("an id")),
            "{log}"
        );
        assert!(lines[1].contains(" 200 GET /items/{id} "), "{log}");
        assert!(lines[2].contains(" 404 GET - "), "{log}");
        assert!(lines[2].ends_with("  no such route"), "{log}");
        assert_eq!(lines[3..], ["stopping", "stopped"]);
        assert!(!log.contains("secret") && !log.contains("hush"), "{log}");
    }
}

#[tokio::test]
async fn a_program_that_listens_on_every_address_warns_and_is_reached_only_by_its_names() {
    let program = Running::start(&["--port", "0", "--host", "::ffff:0.0.0.0"]);
    let url = program.url.clone();
    let port = url.strip_prefix("http://127.0.0.1:").expect("a URL");
    for (host, status) in [
        (format!("127.0.0.1:{port}"), 200),
        (format!("localhost:{port}"), 200),
        (format!("0.0.0.0:{port}"), 403),
        (format!("192.0.2.7:{port}"), 403),
        ("localhost".to_owned(), 403),
    ] {
        let request = format!("GET /items HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        let response = Response::parse(&send_bytes(&url, request.as_bytes()).await);
        assert_eq!(response.status, status, "{host}");
    }
    let (_, log) = program.stop("TERM");
    let warning = format!(
        "warning: the API listens on 0.0.0.0:{port}: every machine that reaches it can read, change and delete all items"
    );
    assert!(log.starts_with(&warning), "{log}");
    let hosts =
        format!(" must name localhost:{port}, or a NAME of --allow-host NAME, as the host; ");
    assert!(log.contains(&hosts), "{log}");
}

/// Every address of 127.0.0.0/8 is a loopback address of Linux.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_address_of_the_program_is_in_its_url_and_may_be_the_host() {
    let program = Running::start(&["--port", "0", "--host", "127.0.0.2"]);
    assert!(
        program.url.starts_with("http://127.0.0.2:"),
        "{}",
        program.url
    );
    assert_eq!(call(&program.url, "GET /items", "").await.status, 200);
    let (_, log) = program.stop("TERM");
    assert!(!log.contains("warning"), "{log}");
}

#[tokio::test]
async fn web_pages_of_the_named_origins_may_call_the_program() {
    let origins = ["http://a.example", "http://localhost:5173", "https://*"];
    let arguments = [
        "--cors", origins[0], origins[1], "--port", "0", "--cors", origins[2],
    ];
    let program = Running::start(&arguments);
    for (origin, is_allowed) in [
        (origins[0], true),
        (origins[1], true),
        ("https://b.example", true),
        ("http://b.example", false),
    ] {
        let origin_header = format!("origin: {origin}\r\n");
        let response = send(&program.url, "GET /items", &origin_header, "").await;
        let allowed = response.header("access-control-allow-origin");
        assert_eq!(allowed, is_allowed.then_some(origin));
    }
    let message = start_error(&["--cors", "http://localhost:5173/"]);
    assert!(message.contains("without a path"), "{message}");
    start_error(&["--cors"]);
}

#[tokio::test]
async fn a_closed_output_does_not_stop_the_program() {
    let mut program = Running::start(&["--port", "0"]);
    drop(program.child.stdout.take());
    drop(program.child.stderr.take());
    for _ in 0..2 {
        assert_eq!(call(&program.url, "GET /items", "").await.status, 200);
    }
}

#[tokio::test]
async fn data_outlives_the_program() {
    let folder = folder("data_outlives_the_program");
    let file = folder.join("items.db");
    let arguments = ["--port", "0", "--data", file.to_str().expect("UTF-8")];
    let program = Running::start(&arguments);
    call(&program.url, "PUT /items", r#"{"id":"a","price":1.5}"#).await;
    assert_eq!(program.stop("TERM").0, Some(0));

    let program = Running::start(&arguments);
    let item = call(&program.url, "GET /items/a", "").await;
    assert_eq!(item.body, r#"{"Item":{"id":"a","price":1.5}}"#);
    call(&program.url, "PUT /items", r#"{"id":"b"}"#).await;
    // An acknowledged write is kept even if the program is killed.
    assert_eq!(program.stop("KILL").0, None);

    let program = Running::start(&arguments);
    assert_eq!(call(&program.url, "GET /items/b", "").await.status, 200);
}

#[tokio::test]
async fn a_seed_is_loaded_before_the_program_answers() {
    let folder = folder("a_seed_is_loaded_before_the_program_answers");
    let path = |name: &str| folder.join(name).to_str().expect("UTF-8").to_owned();
    let (seed, data) = (path("items.jsonl"), path("items.db"));
    let program = Running::start(&["--port", "0", "--data", &data]);
    for item in [r#"{"id":"a","name":"old"}"#, r#"{"id":"c"}"#] {
        assert_eq!(call(&program.url, "PUT /items", item).await.status, 200);
    }
    program.stop("TERM");

    std::fs::write(&seed, "{\"id\":\"a\",\"price\":1}\n\n{\"id\":\"b\"}\n").expect("written");
    let program = Running::start(&["--port", "0", "--data", &data, "--seed", &seed]);
    assert!(
        program
            .greeting
            .contains(&format!("; loaded 2 items from {seed})")),
        "{}",
        program.greeting
    );
    for (id, expected) in [
        ("a", r#"{"Item":{"id":"a","price":1}}"#),
        ("b", r#"{"Item":{"id":"b"}}"#),
        ("c", r#"{"Item":{"id":"c"}}"#),
    ] {
        let item = call(&program.url, &format!("GET /items/{id}"), "").await;
        assert_eq!(item.body, expected);
    }
}

#[test]
fn a_seed_with_an_error_changes_nothing() {
    let folder = folder("a_seed_with_an_error_changes_nothing");
    let path = |name: &str| folder.join(name).to_str().expect("UTF-8").to_owned();
    std::fs::write(path("items.jsonl"), "{\"id\":\"a\"}\n\n{}\n").expect("written");
    std::fs::write(path("text"), b"\xff").expect("written");
    let before = content(&folder);
    for (name, reason) in [
        ("items.jsonl", "line 3: id is missing"),
        ("text", "stream did not contain valid UTF-8"),
        ("missing", "No such file or directory"),
    ] {
        let arguments = [
            "--port",
            "0",
            "--data",
            &path("items.db"),
            "--seed",
            &path(name),
        ];
        let message = start_error(&arguments);
        let expected = format!("failed to load {}: {reason}", path(name));
        assert!(message.starts_with(&expected), "{message}");
        assert_eq!(content(&folder), before, "{name}");
    }
}

/// A killed program leaves its data in SQLite's log, and the file itself is still empty.
#[tokio::test]
async fn data_of_a_program_that_was_killed_is_kept() {
    let folder = folder("data_of_a_program_that_was_killed_is_kept");
    let file = folder.join("100% #1?.db");
    let link = folder.join("link.db");
    std::os::unix::fs::symlink(&file, &link).expect("a link");
    let plain_path = file.to_str().expect("UTF-8");
    let double_slash_path = format!("/{plain_path}");
    for (id, path) in [
        ("a", plain_path),
        ("b", link.to_str().expect("UTF-8")),
        ("c", &double_slash_path),
    ] {
        let program = Running::start(&["--port", "0", "--data", path]);
        let item = format!(r#"{{"id":"{id}"}}"#);
        assert_eq!(call(&program.url, "PUT /items", &item).await.status, 200);
        program.stop("KILL");
    }
    let program = Running::start(&["--port", "0", "--data", plain_path]);
    for id in ["a", "b", "c"] {
        let request = format!("GET /items/{id}");
        assert_eq!(call(&program.url, &request, "").await.status, 200, "{id}");
    }
}

/// A program leaves an incomplete data file if it is killed between its first two writes, or during a checkpoint.
#[tokio::test]
async fn an_incomplete_data_file_is_used() {
    let folder = folder("an_incomplete_data_file_is_used");
    let file = folder.join("incomplete.db");
    let database = rusqlite::Connection::open(&file).expect("a database");
    let mode = "PRAGMA journal_mode = WAL;";
    database.execute_batch(mode).expect("a header");
    drop(database);
    let arguments = ["--port", "0", "--data", file.to_str().expect("UTF-8")];
    let program = Running::start(&arguments);
    call(&program.url, "PUT /items", r#"{"id":"a"}"#).await;
    program.stop("KILL");

    // The first page of a checkpoint, whose other pages are still only in the log.
    let log = std::fs::read(folder.join("incomplete.db-wal")).expect("a log");
    let page_size = 4096;
    let mut frames = log[32..].chunks_exact(24 + page_size);
    let first_page = frames.rfind(|frame| frame[..4] == [0, 0, 0, 1]);
    std::fs::write(&file, &first_page.expect("a first page")[24..]).expect("written");
    let program = Running::start(&arguments);
    assert_eq!(call(&program.url, "GET /items/a", "").await.status, 200);
}

/// Returns the content of each file in a folder.
fn content(folder: &Path) -> BTreeMap<OsString, Vec<u8>> {
    let files = std::fs::read_dir(folder).expect("a folder");
    let files = files.map(|file| file.expect("a file"));
    files
        .map(|file| (file.file_name(), std::fs::read(file.path()).expect("read")))
        .collect()
}

#[test]
fn a_file_of_another_program_is_not_changed() {
    let folder = folder("a_file_of_another_program_is_not_changed");
    let path = |name: &str| folder.join(name).to_str().expect("UTF-8").to_owned();
    std::fs::write(path("text"), "not a database, whatever its name says").expect("written");
    std::fs::write(path("short"), "SQLite").expect("written");
    std::fs::write(path("damaged"), "SQLite format 3\0, or so it says").expect("written");
    let made_by = |file: &str, statements: &str| {
        let database = rusqlite::Connection::open(path(file)).expect("a database");
        database.execute_batch(statements).expect("statements");
        database
    };
    made_by(
        "bookmarks",
        "CREATE TABLE bookmarks (url); INSERT INTO bookmarks VALUES ('http://x');",
    );
    made_by("without_tables", "PRAGMA user_version = 7;");
    made_by("settings", "CREATE TABLE _config (key TEXT, value TEXT);");
    // While the database is open, its tables are only in the log.
    for (killed, table) in [
        ("killed", "CREATE TABLE notes (x);"),
        (
            "killed_with_settings",
            "CREATE TABLE _config (key TEXT, value TEXT);",
        ),
    ] {
        let open = made_by("open", &format!("PRAGMA journal_mode = WAL; {table}"));
        let log = format!("{killed}-wal");
        std::fs::copy(path("open"), path(killed)).expect("copied");
        std::fs::copy(path("open-wal"), path(&log)).expect("copied");
        drop(open);
        std::fs::remove_file(path("open")).expect("removed");
    }

    let before = content(&folder);
    for (name, reason) in [
        ("text", "it is not an SQLite database"),
        ("short", "it is not an SQLite database"),
        ("damaged", "file is not a database"),
        ("bookmarks", "it is an SQLite database of another program"),
        (
            "without_tables",
            "it is an SQLite database of another program",
        ),
        ("settings", "it is an SQLite database of another program"),
        ("killed", "it is an SQLite database of another program"),
        (
            "killed_with_settings",
            "it is an SQLite database of another program",
        ),
    ] {
        let message = start_error(&["--port", "0", "--data", &path(name)]);
        let expected = format!("failed to use the data file {}: {reason}; ", path(name));
        assert!(message.starts_with(&expected), "{name}: {message}");
        assert_eq!(content(&folder), before, "{name}");
    }
}

/// A port for the table would be open to every program and every web page on this machine.
#[cfg(target_os = "linux")]
#[test]
fn the_program_listens_on_one_port_only() {
    let folder = folder("the_program_listens_on_one_port_only");
    let file = folder.join("items.db");
    for store in [&[][..], &["--data", file.to_str().expect("UTF-8")]] {
        let program = Running::start(&[&["--port", "0"], store].concat());
        let ports = program.ports();
        let port = program.url.rsplit_once(':').expect("a port").1;
        assert_eq!(ports, [port.parse().expect("a number")], "{store:?}");
    }
}

/// Starts an HTTPS server that is not DynamoDB. Returns its URL and its self-signed certificate.
fn self_signed() -> (String, String) {
    let certified = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("signed");
    let key = certified.signing_key.serialize_der();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions of TLS")
        .with_no_client_auth()
        .with_single_cert(
            vec![certified.cert.der().clone()],
            key.try_into().expect("a key"),
        );
    let config = Arc::new(config.expect("a configuration"));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("https://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let session = ServerConnection::new(Arc::clone(&config)).expect("a session");
            let mut stream = StreamOwned::new(session, stream.expect("a client"));
            let _ = stream.read(&mut [0; 4096]);
            let response = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
            let _ = stream.write_all(response);
        }
    });
    (url, certified.cert.pem())
}

#[test]
fn an_endpoint_may_have_a_private_authority() {
    let folder = folder("an_endpoint_may_have_a_private_authority");
    let (url, certificate) = self_signed();
    let bundle = folder.join("authority.pem");
    std::fs::write(&bundle, certificate).expect("written");
    let message = |bundle: &Path| {
        let mut program = program(&["--port", "0", "--dynamodb-endpoint", &url]);
        let output = program.env("AWS_CA_BUNDLE", bundle).output();
        String::from_utf8(output.expect("a process").stderr).expect("text")
    };
    let trusted = message(&bundle);
    assert!(
        trusted.contains("is not DynamoDB (it responded with 404 Not Found"),
        "{trusted}"
    );
    let unknown = message(Path::new(""));
    assert!(
        unknown.contains("invalid peer certificate: UnknownIssuer"),
        "{unknown}"
    );
    let missing = message(&folder.join("missing.pem"));
    let expected =
        "failed to trust the certificate authorities of the environment: AWS_CA_BUNDLE is ";
    assert!(missing.starts_with(expected), "{missing}");
}

#[tokio::test]
async fn a_start_error_names_its_cause() {
    let folder = folder("a_start_error_names_its_cause");
    let running = Running::start(&["--port", "0"]);
    let port = running.url.rsplit_once(':').expect("a port").1;
    let message = start_error(&["--port", port]);
    let expected = format!("failed to listen on 127.0.0.1:{port}: the port is taken; ");
    assert!(message.starts_with(&expected), "{message}");
    assert!(message.ends_with("--port 0\n"), "{message}");

    let message = start_error(&["--port", "3000", "--host", "192.0.2.1"]);
    let expected = "failed to listen on 192.0.2.1:3000: ";
    assert!(message.starts_with(expected), "{message}");
    assert!(
        message.contains("choose an address of this machine with --host"),
        "{message}"
    );
    let message = start_error(&["--host", "localhost"]);
    assert!(message.contains("invalid IP address syntax"), "{message}");

    let path = |name: &str| folder.join(name).to_str().expect("UTF-8").to_owned();
    let missing = path("missing/items.db");
    let message = start_error(&["--port", "0", "--data", &missing]);
    assert!(
        message.starts_with(&format!("failed to open the data file {missing}: ")),
        "{message}"
    );

    let message = start_error(&["--allow-host", "http://items.test"]);
    assert!(message.contains("without a scheme or a port"), "{message}");

    start_error(&[
        "--data",
        "a",
        "--dynamodb-endpoint",
        "http://localhost:8000",
    ]);
}
