//! Tests of the program `local`, which is started and stopped as by a user.
#![cfg(unix)]

mod support;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use support::call;

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.args(arguments);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A running program, which is killed when the test ends or fails.
struct Running {
    child: Child,
    url: String,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut child = program(arguments).spawn().expect("a process");
        let stdout = child.stdout.as_mut().expect("its output");
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let url = line
            .split_whitespace()
            .find(|word| word.starts_with("http://"));
        let url = url.expect("a URL").to_owned();
        Self { child, url }
    }

    /// Sends the signal, and returns the exit code and the log.
    fn stop(mut self, signal: &str) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &id]).status();
        assert!(sent.expect("kill").success());
        let code = self.child.wait().expect("an end").code();
        let mut log = String::new();
        let mut stderr = self.child.stderr.take().expect("its log");
        stderr.read_to_string(&mut log).expect("text");
        (code, log)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Checks that the program does not start, and returns its log.
fn start_error(arguments: &[&str]) -> String {
    let mut child = program(arguments).spawn().expect("a process");
    // A program that starts prints its address. A program that does not start ends, and closes its output.
    let mut started = String::new();
    let stdout = child.stdout.take().expect("its output");
    let _ = BufReader::new(stdout).read_line(&mut started);
    let _ = child.kill();
    let Output { status, stderr, .. } = child.wait_with_output().expect("an end");
    assert!(started.is_empty(), "{arguments:?}: {started}");
    assert!(!status.success(), "{arguments:?}");
    String::from_utf8(stderr).expect("text")
}

/// Creates an empty folder for one test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

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
        let process = PathBuf::from(format!("/proc/{}", program.child.id()));
        let sockets: Vec<String> = std::fs::read_dir(process.join("fd"))
            .expect("its files")
            .filter_map(|file| std::fs::read_link(file.ok()?.path()).ok())
            .map(|file| file.display().to_string())
            .collect();
        let mut ports = Vec::new();
        for table in ["net/tcp", "net/tcp6"] {
            let table = std::fs::read_to_string(process.join(table)).expect("the sockets");
            for line in table.lines().skip(1) {
                // "sl local_address rem_address st … inode", where the state 0A means listening.
                let fields: Vec<&str> = line.split_whitespace().collect();
                let inode = format!("socket:[{}]", fields[9]);
                if fields[3] == "0A" && sockets.contains(&inode) {
                    let (_, port) = fields[1].split_once(':').expect("a port");
                    ports.push(u16::from_str_radix(port, 16).expect("a number"));
                }
            }
        }
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
