//! The check of a request's host, which protects the API against DNS rebinding.
//!
//! In DNS rebinding, the address of a page's host `evil.example` changes to 127.0.0.1. For the browser, the API
//! then has the origin of the page, and the page may read and write everything. The `Host` header still names
//! the page's host, so the gateway rejects the request.

use std::net::{Ipv6Addr, SocketAddr};
use std::str::FromStr;

use hyper::header::HOST;
use hyper::http::request;
use hyper::http::uri::Authority;

use super::error::GatewayError;

/// The names of the loopback interface.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// The port of an `http` URL without a port. Source: RFC 9110, 4.2.1.
const DEFAULT_PORT: &str = ":80";

/// A host name without a port, such as `items.test`, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostName(String);

/// The error for a text that is not a host name.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a host name: it must be a name such as items.test, without a scheme or a port")]
pub struct InvalidHostName;

impl FromStr for HostName {
    type Err = InvalidHostName;

    fn from_str(name: &str) -> Result<Self, InvalidHostName> {
        let is_name_char = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        let address = name
            .strip_prefix('[')
            .and_then(|address| address.strip_suffix(']'));
        let is_address = address.is_some_and(|address| address.parse::<Ipv6Addr>().is_ok());
        if is_address || (!name.is_empty() && name.chars().all(is_name_char)) {
            Ok(Self(name.to_ascii_lowercase()))
        } else {
            Err(InvalidHostName)
        }
    }
}

/// Checks that a request is for a loopback name or the address of the gateway, with its port, or for an allowed name
/// with any port.
///
/// The request must have one `Host` header. If its target is an absolute URL, the host of the URL is also checked.
pub(crate) fn check(
    head: &request::Parts,
    address: SocketAddr,
    allowed: &[HostName],
) -> Result<(), GatewayError> {
    let mut headers = head.headers.get_all(HOST).iter();
    let (Some(header), None) = (headers.next(), headers.next()) else {
        return Err(GatewayError::ForbiddenHost);
    };
    let header = header.to_str().map_err(|_| GatewayError::ForbiddenHost)?;
    let target = head.uri.authority().map(Authority::as_str);
    let mut hosts = std::iter::once(header).chain(target);
    if hosts.all(|host| is_allowed(host, address, allowed)) {
        Ok(())
    } else {
        Err(GatewayError::ForbiddenHost)
    }
}

/// Returns `true` if the host is allowed. The whole text is compared, because parsers of hosts differ.
fn is_allowed(host: &str, address: SocketAddr, allowed: &[HostName]) -> bool {
    let host = host.to_ascii_lowercase();
    let port = address.port();
    // Some systems connect 0.0.0.0 to the loopback interface, so a web page could use this name.
    let own_address = (!address.ip().is_unspecified()).then(|| address.to_string());
    let loopback = LOOPBACK.map(|name| format!("{name}:{port}"));
    let is_own = |own: String| own == host || own.strip_suffix(DEFAULT_PORT) == Some(&host);
    let any_port = |HostName(name): &HostName| match host.strip_prefix(name) {
        Some("") => true,
        Some(suffix) => suffix.strip_prefix(':').is_some_and(is_number),
        None => false,
    };
    loopback.into_iter().chain(own_address).any(is_own) || allowed.iter().any(any_port)
}

/// Returns `true` if a port is written in digits.
pub(super) fn is_number(port: &str) -> bool {
    !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn allows(target: &str, hosts: &[&str], port: u16) -> bool {
        allows_at(&format!("127.0.0.1:{port}"), target, hosts)
    }

    fn allows_at(address: &str, target: &str, hosts: &[&str]) -> bool {
        let mut request = Request::builder().uri(target);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        let head = request.body(()).expect("a request").into_parts().0;
        let allowed = ["items.test", "10.0.0.7"].map(|name| name.parse().expect("a name"));
        let address = address.parse().expect("an address");
        check(&head, address, &allowed).is_ok()
    }

    #[test]
    fn loopback_names_are_allowed_with_the_port_of_the_gateway() {
        for host in [
            "localhost:3000",
            "LocalHost:3000",
            "127.0.0.1:3000",
            "[::1]:3000",
        ] {
            assert!(allows("/items", &[host], 3000), "{host}");
            assert!(!allows("/items", &[host], 3001), "{host}");
        }
        for host in ["localhost", "127.0.0.1", "[::1]"] {
            assert!(allows("/items", &[host], 80), "{host}");
            assert!(!allows("/items", &[host], 3000), "{host}");
        }
    }

    #[test]
    fn the_address_of_the_gateway_is_allowed_with_its_port() {
        for (address, host) in [
            ("192.0.2.7:3000", "192.0.2.7:3000"),
            ("192.0.2.7:80", "192.0.2.7"),
            ("127.0.0.2:3000", "127.0.0.2:3000"),
            ("[2001:db8::a]:3000", "[2001:DB8::a]:3000"),
        ] {
            assert!(allows_at(address, "/items", &[host]), "{host}");
            assert!(!allows("/items", &[host], 3000), "{host}");
        }
        for host in [
            "192.0.2.7",
            "192.0.2.7:3001",
            "192.0.2.7.evil.example:3000",
            "192.0.2.70:3000",
            "192.0.2.8:3000",
            "0.0.0.0:3000",
            "evil.example:3000",
        ] {
            assert!(!allows_at("192.0.2.7:3000", "/items", &[host]), "{host}");
        }
    }

    #[test]
    fn a_gateway_on_every_address_is_reached_only_by_its_names() {
        for address in ["0.0.0.0:3000", "[::]:3000"] {
            for host in [
                "localhost:3000",
                "127.0.0.1:3000",
                "[::1]:3000",
                "items.test",
            ] {
                assert!(allows_at(address, "/items", &[host]), "{host} at {address}");
            }
            for host in [
                "0.0.0.0:3000",
                "[::]:3000",
                "192.0.2.7:3000",
                "localhost:80",
            ] {
                assert!(
                    !allows_at(address, "/items", &[host]),
                    "{host} at {address}"
                );
            }
        }
    }

    #[test]
    fn an_allowed_name_is_accepted_with_any_port() {
        for host in [
            "items.test",
            "Items.Test:3000",
            "items.test:443",
            "10.0.0.7",
        ] {
            assert!(allows("/items", &[host], 3000), "{host}");
        }
    }

    #[test]
    fn every_other_host_is_rejected() {
        for host in [
            "evil.example",
            "evil.example:3000",
            "localhost.evil.example:3000",
            "localhost.:3000",
            "evil-localhost:3000",
            "x.items.test",
            "0.0.0.0:3000",
            "127.0.0.2:3000",
            "2130706433:3000",
            "::1:3000",
            "localhost:3000@evil.example",
            "evil.example@localhost:3000",
            "localhost:3000, evil.example",
            "localhost:03000x",
            "localhost:03000",
            "localhost:+3000",
            "localhost:",
            "[::1]evil.example:3000",
            "[::1].evil.example:3000",
            "items.testy",
            "items.test:",
            "items.test:x",
            "items.test:80:80",
            "10.0.0.7.evil.example",
            "10.0.0.7@evil.example",
            "",
            " ",
            ":3000",
            "http://localhost:3000",
        ] {
            assert!(!allows("/items", &[host], 3000), "{host:?}");
        }
    }

    #[test]
    fn a_request_without_exactly_one_host_is_rejected() {
        assert!(!allows("/items", &[], 3000));
        assert!(!allows("/items", &["localhost:3000", "evil.example"], 3000));
        assert!(!allows(
            "/items",
            &["localhost:3000", "localhost:3000"],
            3000
        ));
    }

    #[test]
    fn an_absolute_target_must_also_name_an_allowed_host() {
        let allows = |target: &str, host: &str| allows(target, &[host], 3000);
        assert!(allows("http://localhost:3000/items", "127.0.0.1:3000"));
        assert!(!allows("http://evil.example/items", "localhost:3000"));
        assert!(!allows("http://localhost:3000/items", "evil.example"));
        assert!(!allows("http://localhost/items", "localhost:3000"));
    }

    #[test]
    fn a_host_name_has_no_scheme_port_or_path() {
        for name in ["items.test", "10.0.0.7", "[fd00::7]", "localhost"] {
            assert_eq!(name.parse(), Ok(HostName(name.to_owned())));
        }
        for name in [
            "",
            "items.test:80",
            "http://items.test",
            "items.test/",
            "a b",
            "me@items.test",
            "fd00::7",
            "[items.test]",
            "*",
        ] {
            assert_eq!(name.parse::<HostName>(), Err(InvalidHostName), "{name:?}");
        }
    }
}
