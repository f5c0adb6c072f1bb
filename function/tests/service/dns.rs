//! The binary with a name server of the test, and addresses of which most are unreachable.
//!
//! A name server uses port 53, and /etc/resolv.conf is replaced for the binary only. Both need root on Linux.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::process::Command;
use std::thread;
use std::time::Duration;

use hickory_resolver::proto::op::Message;
use hickory_resolver::proto::rr::{RData, Record, RecordType};
use tokio::net::TcpSocket;

use crate::backend::{Backend, DONE};
use crate::runtime::{Function, Outcome, environment, get, with_environment};

/// The host name of the table.
const HOST: &str = "tables";

/// The addresses of the backend.
const GOOD: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const GOOD_V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);
/// An address on which connections hang.
const DEAD: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
/// An address for documentation, from which no response ever comes. Source: RFC 3849.
const DEAD_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));
/// A multicast address, on which connections fail at once.
const UNROUTABLE: IpAddr = IpAddr::V6(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1));

/// The answer to a query: these addresses after a delay in milliseconds, or `None` for no answer.
type Answer<'a> = Option<(u64, &'a [IpAddr])>;

/// Starts a name server that gives these answers for any name.
fn name_server(a: Answer<'_>, aaaa: Answer<'_>) -> IpAddr {
    let owned = |answer: Answer<'_>| answer.map(|(after, found)| (after, found.to_vec()));
    let (a, aaaa) = (owned(a), owned(aaaa));
    // Each test uses a separate address, because tests run in parallel.
    let (address, socket) = (3..50)
        .map(|last| IpAddr::from([127, 0, 0, last]))
        .find_map(|address| Some((address, UdpSocket::bind((address, 53)).ok()?)))
        .expect("port 53 is available, which needs root");
    thread::spawn(move || {
        let mut datagram = [0; 512];
        loop {
            let (length, client) = socket.recv_from(&mut datagram).expect("a query");
            let query = Message::from_vec(&datagram[..length]).expect("a query");
            let asked = query.queries[0].clone();
            let answer = if asked.query_type() == RecordType::A {
                &a
            } else {
                &aaaa
            };
            let Some((after, found)) = answer.clone() else {
                continue;
            };
            let socket = socket.try_clone().expect("a socket");
            thread::spawn(move || {
                thread::sleep(Duration::from_millis(after));
                let mut answer = query.into_response();
                answer.add_answers(found.iter().map(|&address| {
                    Record::from_rdata(asked.name().clone(), 5, RData::from(address))
                }));
                let answer = answer.to_vec().expect("an answer");
                // The test may have ended.
                let _ = socket.send_to(&answer, client);
            });
        }
    });
    address
}

/// Fills the accept queue of this address, so that connections to it hang until the result is dropped.
fn fill_accept_queue(address: SocketAddr) -> impl Sized {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let entered = runtime.enter();
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(address).expect("a free port");
    let listener = socket.listen(1).expect("a listener");
    drop(entered);
    let mut queue = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
        queue.push(stream);
    }
    (runtime, listener, queue)
}

/// Starts the binary with this /etc/resolv.conf, and requests an item.
///
/// # Panics
/// If DynamoDB did not respond to the first attempt.
fn assert_reached(backend: &Backend, resolv_conf: &str) {
    let port = backend.address().port();
    let file = std::env::temp_dir().join(format!("resolv.conf-{port}"));
    std::fs::write(&file, resolv_conf).expect("a file");
    let mut command = Command::new("unshare");
    let script = r#"mount --bind "$0" /etc/resolv.conf && exec "$1""#;
    command.args(["--mount", "sh", "-c", script]);
    command.args([file.as_os_str(), env!("CARGO_BIN_EXE_bootstrap").as_ref()]);
    let endpoint = format!("http://{HOST}:{port}");
    let mut variables = environment(&endpoint);
    variables.push(("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"));
    let mut function = Function::start(with_environment(command, &variables), vec![get()]);
    let outcome = function.outcome();
    std::fs::remove_file(file).expect("the file");
    let line = function.invocation_line();
    let Outcome::Response(response) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(response["statusCode"], 404, "{line}");
    assert_eq!(line["dynamodbAttempts"], 1, "{line}");
}

const NO_RECORDS: Answer<'_> = Some((0, &[]));

#[test]
#[ignore = "needs root on Linux: cargo test --test service -- --ignored"]
fn one_good_address_is_enough() {
    const A: Answer<'_> = Some((0, &[GOOD]));
    let backend = Backend::start(&[DONE]);
    let _queue = fill_accept_queue(SocketAddr::new(DEAD, backend.address().port()));
    for (case, a, aaaa) in [
        ("dead, then good", Some((0, &[DEAD, GOOD][..])), NO_RECORDS),
        (
            "one of eight",
            Some((0, &[DEAD, DEAD, DEAD, DEAD, DEAD, DEAD, DEAD, GOOD])),
            NO_RECORDS,
        ),
        ("AAAA dropped", A, None),
        ("AAAA 800 ms late", A, Some((800, &[DEAD_V6]))),
        ("AAAA unroutable", A, Some((0, &[UNROUTABLE]))),
        ("AAAA dead", A, Some((0, &[DEAD_V6]))),
        (
            "AAAA unroutable, A 200 ms late",
            Some((200, &[GOOD])),
            Some((0, &[UNROUTABLE])),
        ),
        (
            "AAAA dead, A 200 ms late",
            Some((200, &[GOOD])),
            Some((0, &[DEAD_V6])),
        ),
        ("A 800 ms late", Some((800, &[GOOD])), NO_RECORDS),
    ] {
        println!("{case}");
        assert_reached(&backend, &format!("nameserver {}\n", name_server(a, aaaa)));
    }
}

#[test]
#[ignore = "needs root on Linux: cargo test --test service -- --ignored"]
fn a_host_may_have_ipv6_only() {
    const AAAA: Answer<'_> = Some((0, &[GOOD_V6]));
    let backend = Backend::start_at(GOOD_V6, &[DONE]);
    let _queue = fill_accept_queue(SocketAddr::new(DEAD, backend.address().port()));
    for (case, a, aaaa) in [
        ("no A", NO_RECORDS, AAAA),
        ("A dropped", None, AAAA),
        ("A dead", Some((0, &[DEAD][..])), AAAA),
    ] {
        println!("{case}");
        assert_reached(&backend, &format!("nameserver {}\n", name_server(a, aaaa)));
    }
}

#[test]
#[ignore = "needs root on Linux: cargo test --test service -- --ignored"]
fn a_name_server_is_asked_despite_malformed_lines_in_resolv_conf() {
    let backend = Backend::start(&[DONE]);
    let (good, dead) = (
        name_server(Some((0, &[GOOD])), NO_RECORDS),
        name_server(None, None),
    );
    for around in [
        "search a..b",
        "search example -- .. \u{e9}",
        "options ndots:many timeout:-1 attempts:0 use-tcp-please",
        "nameserver not-an-address\nnonsense\n\0",
    ] {
        assert_reached(
            &backend,
            &format!("{around}\nnameserver {good}\n{around}\n"),
        );
    }
    assert_reached(
        &backend,
        &format!("nameserver {dead}\nnameserver {dead}\nnameserver {good}\n"),
    );
}
