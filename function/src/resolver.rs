//! The resolver of DynamoDB's host name: by /etc/hosts, and by the name servers of /etc/resolv.conf.
//!
//! The resolver of the C library would block a thread, and may load plug-ins of the system, which must match the
//! linked version exactly; the bundle is linked statically. Lambda's Runtime API needs no resolver: Lambda passes its
//! IP address.

use std::fs;
use std::net::IpAddr;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{NameServerConfig, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{Name, RecordType};
use resolv_conf::Config;
use tokio::task::JoinSet;

use crate::error::BoxError;
use crate::race::STEP_TIMEOUT;

/// The maximum number of retries of a query after a name server failed. Source: glibc's `RES_MAXRETRY`.
const MAX_RETRIES: u32 = 5;

/// A resolver of host names, which queries all name servers in parallel.
///
/// The servers share one time-out, so a dead one must not use it up. Each server has a separate hickory resolver,
/// because one resolver for several servers would treat the first refusal as the answer of all.
pub struct Resolver(Vec<TokioResolver>);

impl Resolver {
    /// Reads the current configuration of the system.
    ///
    /// # Errors
    /// None are known. A machine without name servers can still resolve the names in /etc/hosts.
    pub fn from_system() -> Result<Self, BoxError> {
        let system = read(&fs::read("/etc/resolv.conf").unwrap_or_default());
        let servers = system.nameservers.iter();
        let servers = servers.map(|ip| NameServerConfig::udp_and_tcp(ip.into()));
        Ok(Self::new(servers.collect(), &system)?)
    }

    fn new(servers: Vec<NameServerConfig>, system: &Config) -> Result<Self, NetError> {
        let mut groups: Vec<_> = servers.into_iter().map(|server| vec![server]).collect();
        if groups.is_empty() {
            groups.push(Vec::new());
        }
        let (domain, search) = domains(system);
        let resolver = |servers| {
            let config = ResolverConfig::from_parts(domain.clone(), search.clone(), servers);
            let mut builder =
                TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
            let options = builder.options_mut();
            options.ndots = system.ndots as usize;
            options.attempts = system.attempts.min(MAX_RETRIES) as usize;
            options.edns0 = system.edns0;
            // Unanswered queries are sent again within this time.
            options.timeout = STEP_TIMEOUT;
            // Connections are rare, and the clock that would age a cache may stop in a frozen process.
            options.cache_size = 0;
            builder.build()
        };
        groups
            .into_iter()
            .map(resolver)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Looks up the IPv4 addresses of a host.
    ///
    /// # Errors
    /// If the host has none, or no name server answered.
    pub async fn ipv4(&self, host: &str) -> Result<Vec<IpAddr>, BoxError> {
        self.addresses(host, RecordType::A).await
    }

    /// Looks up the IPv6 addresses of a host.
    ///
    /// # Errors
    /// If the host has none, or no name server answered.
    pub async fn ipv6(&self, host: &str) -> Result<Vec<IpAddr>, BoxError> {
        self.addresses(host, RecordType::AAAA).await
    }

    async fn addresses(&self, host: &str, version: RecordType) -> Result<Vec<IpAddr>, BoxError> {
        let mut queries = JoinSet::new();
        for resolver in &self.0 {
            let (resolver, host) = (resolver.clone(), host.to_owned());
            queries.spawn(async move { resolver.lookup(host, version).await });
        }
        let mut failure = "there is no resolver".into();
        while let Some(answer) = queries.join_next().await {
            match answer? {
                Ok(found) => {
                    let records = found.answers().iter();
                    return Ok(records.filter_map(|record| record.data.ip_addr()).collect());
                }
                Err(error) if error.is_no_records_found() => return Err(error.into()),
                Err(error) => failure = error.into(),
            }
        }
        Err(failure)
    }
}

/// Parses a `resolv.conf`. As in glibc, only the parts that cannot be parsed are ignored.
fn read(text: &[u8]) -> Config {
    // Converted, because the parser drops the rest of a line that is not UTF-8. Without empty lists, because an empty
    // `search` would replace the previous list.
    let text = String::from_utf8_lossy(text);
    let lines: Vec<_> = text
        .lines()
        .filter(|line| line.trim() != "search")
        .collect();
    Config::parse_with_errors(lines.join("\n").as_bytes()).0
}

/// Returns the domains in which a name is looked up: those of the last directive that has any, or else the domain of
/// the machine.
fn domains(system: &Config) -> (Option<Name>, Vec<Name>) {
    let name = |text: &String| Name::from_str_relaxed(text).ok();
    let search: Vec<_> = system
        .get_last_search_or_domain()
        .filter_map(name)
        .collect();
    let fallback = || system.get_system_domain().as_ref().and_then(name);
    (if search.is_empty() { fallback() } else { None }, search)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};
    use std::sync::Arc;
    use std::time::Duration;

    use hickory_resolver::proto::op::{Message, ResponseCode};
    use hickory_resolver::proto::rr::{RData, Record};
    use tokio::net::UdpSocket;
    use tokio::time::{sleep, timeout};

    use super::*;

    const TABLES: &str = "dynamodb.eu-central-1.amazonaws.com.";
    const V4: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

    /// A name server that knows [`TABLES`] by these addresses or refuses to answer, drops its first queries, and
    /// answers after a delay.
    #[derive(Default)]
    struct NameServer {
        known: &'static [IpAddr],
        refuses: bool,
        lost: usize,
        delay: Duration,
    }

    impl NameServer {
        async fn serve(self, socket: Arc<UdpSocket>) {
            let mut datagram = [0; 512];
            for number in 0.. {
                let (length, client) = socket.recv_from(&mut datagram).await.unwrap();
                if number < self.lost {
                    continue;
                }
                let query = Message::from_vec(&datagram[..length]).unwrap();
                let asked = query.queries[0].clone();
                let records = self.known.iter().map(|&address| RData::from(address));
                let records = records.filter(|data| data.record_type() == asked.query_type());
                let mut answer = query.into_response();
                if self.refuses {
                    answer.metadata.response_code = ResponseCode::Refused;
                }
                answer.add_answers(
                    records.map(|data| Record::from_rdata(asked.name().clone(), 5, data)),
                );
                let (answer, socket) = (answer.to_vec().unwrap(), Arc::clone(&socket));
                tokio::spawn(async move {
                    sleep(self.delay).await;
                    socket.send_to(&answer, client).await.unwrap();
                });
            }
        }
    }

    /// Returns a resolver that queries these name servers.
    async fn resolver<const N: usize>(servers: [NameServer; N]) -> Resolver {
        let mut configs = Vec::new();
        for server in servers {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            let mut config = NameServerConfig::udp(Ipv4Addr::LOCALHOST.into());
            config.connections[0].port = socket.local_addr().unwrap().port();
            configs.push(config);
            tokio::spawn(server.serve(Arc::new(socket)));
        }
        Resolver::new(configs, &Config::new()).unwrap()
    }

    async fn in_time(lookup: impl Future<Output = Result<Vec<IpAddr>, BoxError>>) -> Vec<IpAddr> {
        timeout(STEP_TIMEOUT, lookup).await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn a_host_has_addresses_of_either_version() {
        let known = &[V4, V6];
        let resolver = resolver([NameServer {
            known,
            ..NameServer::default()
        }])
        .await;
        assert_eq!(in_time(resolver.ipv4(TABLES)).await, [V4]);
        assert_eq!(in_time(resolver.ipv6(TABLES)).await, [V6]);
    }

    #[tokio::test]
    async fn a_host_may_have_no_address_of_one_version() {
        let resolver = resolver([NameServer {
            known: &[V6],
            ..NameServer::default()
        }])
        .await;
        assert!(resolver.ipv4(TABLES).await.is_err());
        assert_eq!(in_time(resolver.ipv6(TABLES)).await, [V6]);
    }

    #[tokio::test]
    async fn a_lost_query_is_sent_again_in_time() {
        let resolver = resolver([NameServer {
            known: &[V4],
            lost: 2,
            ..NameServer::default()
        }])
        .await;
        assert_eq!(in_time(resolver.ipv4(TABLES)).await, [V4]);
    }

    #[tokio::test]
    async fn an_answer_may_come_after_its_query_was_sent_again() {
        let delay = Duration::from_millis(500);
        let resolver = resolver([NameServer {
            known: &[V4],
            delay,
            ..NameServer::default()
        }])
        .await;
        assert_eq!(in_time(resolver.ipv4(TABLES)).await, [V4]);
    }

    #[tokio::test]
    async fn two_dead_name_servers_do_not_hide_a_third() {
        let dead = || NameServer {
            lost: usize::MAX,
            ..NameServer::default()
        };
        let alive = NameServer {
            known: &[V4],
            ..NameServer::default()
        };
        let resolver = resolver([dead(), dead(), alive]).await;
        assert_eq!(in_time(resolver.ipv4(TABLES)).await, [V4]);
    }

    #[tokio::test]
    async fn a_refusal_does_not_hide_an_answer() {
        let refuses = || NameServer {
            refuses: true,
            ..NameServer::default()
        };
        let delay = Duration::from_millis(50);
        let answers = NameServer {
            known: &[V4],
            delay,
            ..NameServer::default()
        };
        let resolver = resolver([refuses(), answers, refuses()]).await;
        assert_eq!(in_time(resolver.ipv4(TABLES)).await, [V4]);
    }

    #[tokio::test]
    async fn localhost_is_resolved_without_name_servers() {
        let resolver = resolver([]).await;
        assert_eq!(
            in_time(resolver.ipv4("localhost")).await,
            [Ipv4Addr::LOCALHOST]
        );
        assert!(resolver.ipv4(TABLES).await.is_err());
    }

    fn read(text: &[u8]) -> (Vec<IpAddr>, Vec<String>) {
        let system = super::read(text);
        let servers = system.nameservers.iter().map(Into::into).collect();
        let (_, search) = domains(&system);
        (servers, search.iter().map(ToString::to_string).collect())
    }

    /// Every directive in a malformed form: mistyped, cut short, or in the syntax of a different system.
    #[test]
    fn a_malformed_line_in_resolv_conf_affects_only_itself() {
        const SOUND: &[u8] = b"\nnameserver 192.0.2.1 # caf\xe9\nsearch a.example b.example\n";
        let long = format!("search {}.example", "a".repeat(64));
        for odd in [
            &b"nameserver"[..],
            b"nameserver not-an-address",
            b"nameserver 192.0.2.300",
            b"nameserver 192.0.2.1:53",
            b"domain",
            b"search ",
            b"sortlist 1.2.3.4/x nonsense",
            b"options",
            b"options ndots: ndots:many ndots:99999999999 timeout:-1 attempts:99999999999",
            b"options timeout:0 debug:1:2 unknown no-aaaa:",
            b"lookup nowhere",
            b"family inet5",
            b"directive",
            b"\xff\0",
        ] {
            for text in [[odd, SOUND].concat(), [SOUND, odd].concat()] {
                let (servers, search) = read(&text);
                assert_eq!(servers, [V4], "{}", text.escape_ascii());
                assert_eq!(
                    search,
                    ["a.example", "b.example"],
                    "{}",
                    text.escape_ascii()
                );
            }
        }
        for odd in [
            &b"domain a..b"[..],
            b"search ..",
            b"search a..b \xff",
            long.as_bytes(),
        ] {
            assert_eq!(read(&[SOUND, odd].concat()).0, [V4]);
        }
    }

    #[test]
    fn the_last_search_list_is_used_without_its_invalid_names() {
        let search = |text: &[u8]| read(text).1;
        assert_eq!(
            search(b"search a.example a..b -- \xff b.example"),
            ["a.example", "b.example"]
        );
        assert_eq!(search(b"domain a.example\nsearch b.example"), ["b.example"]);
        assert_eq!(search(b"search a.example\ndomain b.example"), ["b.example"]);
    }

    #[test]
    fn the_domain_of_the_machine_is_used_only_if_no_other_is_named() {
        assert_eq!(
            domains(&super::read(b"domain a.example\nsearch b.example")).0,
            None
        );
        let domain = Config::new().get_system_domain();
        let domain = domain.and_then(|domain| Name::from_str_relaxed(domain).ok());
        assert_eq!(domains(&super::read(b"")).0, domain);
    }
}
