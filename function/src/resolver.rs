//! DynamoDB's name to its addresses: by /etc/hosts, and by the name servers of /etc/resolv.conf.
//!
//! The C library's way would hold up a thread, and may load plug-ins of the system's, which must be of the
//! very version that was linked: the bundle is linked statically. (Lambda names its runtime API by address.)

use std::fs;
use std::net::IpAddr;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{NameServerConfig, ResolverConfig};
use hickory_resolver::lookup::Lookup;
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::Name;

use crate::error::Cause;
use crate::race::STEP_TIMEOUT;

/// The most times that a query is sent again because a name server failed. Source: glibc's `RES_MAXRETRY`.
const MAX_RETRIES: u32 = 5;

/// A resolver of host names.
pub struct Resolver(TokioResolver);

impl Resolver {
    /// Reads the system's configuration, as it is at this moment.
    ///
    /// # Errors
    /// None that is known: a machine without name servers, such as one that is offline, still knows names of its own.
    pub fn from_system() -> Result<Self, Cause> {
        let text = fs::read("/etc/resolv.conf").unwrap_or_default();
        let (system, _) = resolv_conf::Config::parse_with_errors(&text);
        Self::new(config(&system), &system)
    }

    fn new(config: ResolverConfig, system: &resolv_conf::Config) -> Result<Self, Cause> {
        let servers = config.name_servers().len();
        let mut builder =
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        let options = builder.options_mut();
        options.ndots = system.ndots as usize;
        options.attempts = system.attempts.min(MAX_RETRIES) as usize;
        options.edns0 = system.edns0;
        // All at once, because they share one time-out: a dead one must not use it up.
        options.num_concurrent_reqs = servers;
        // Until then a query that stays unanswered is sent again.
        options.timeout = STEP_TIMEOUT;
        // Connections are rare, and the clock by which a cache would age may stand still in a frozen process.
        options.cache_size = 0;
        Ok(Self(builder.build()?))
    }

    /// Looks up the IPv4 addresses of a host.
    ///
    /// # Errors
    /// There are none, or no name server says so.
    pub async fn ipv4(&self, host: &str) -> Result<Vec<IpAddr>, Cause> {
        addresses(self.0.ipv4_lookup(host).await)
    }

    /// Looks up the IPv6 addresses of a host.
    ///
    /// # Errors
    /// There are none, or no name server says so.
    pub async fn ipv6(&self, host: &str) -> Result<Vec<IpAddr>, Cause> {
        addresses(self.0.ipv6_lookup(host).await)
    }
}

/// Takes over what the system's configuration names. As in glibc, what cannot be understood is left out, and only that.
fn config(system: &resolv_conf::Config) -> ResolverConfig {
    let name = |text: &String| Name::from_str_relaxed(text).ok();
    let servers = system.nameservers.iter();
    ResolverConfig::from_parts(
        system.get_system_domain().as_ref().and_then(name),
        system
            .get_last_search_or_domain()
            .filter_map(name)
            .collect(),
        servers
            .map(|ip| NameServerConfig::udp_and_tcp(ip.into()))
            .collect(),
    )
}

fn addresses(found: Result<Lookup, NetError>) -> Result<Vec<IpAddr>, Cause> {
    let found = found?;
    let records = found.answers().iter();
    Ok(records.filter_map(|record| record.data.ip_addr()).collect())
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};
    use std::sync::Arc;
    use std::time::Duration;

    use hickory_resolver::proto::op::Message;
    use hickory_resolver::proto::rr::{RData, Record};
    use tokio::net::UdpSocket;
    use tokio::time::{sleep, timeout};

    use super::*;

    const TABLES: &str = "dynamodb.eu-central-1.amazonaws.com.";
    const V4: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

    /// A name server that knows [`TABLES`] by these addresses, loses its first queries, and takes its time.
    #[derive(Default)]
    struct NameServer {
        known: &'static [IpAddr],
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

    /// A resolver that asks these name servers.
    async fn resolver<const N: usize>(servers: [NameServer; N]) -> Resolver {
        let mut configs = Vec::new();
        for server in servers {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            let mut config = NameServerConfig::udp(Ipv4Addr::LOCALHOST.into());
            config.connections[0].port = socket.local_addr().unwrap().port();
            configs.push(config);
            tokio::spawn(server.serve(Arc::new(socket)));
        }
        let config = ResolverConfig::from_parts(None, Vec::new(), configs);
        Resolver::new(config, &resolv_conf::Config::new()).unwrap()
    }

    async fn in_time(lookup: impl Future<Output = Result<Vec<IpAddr>, Cause>>) -> Vec<IpAddr> {
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
    async fn two_dead_name_servers_hide_no_third() {
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
    async fn a_machine_without_name_servers_knows_itself() {
        let resolver = resolver([]).await;
        assert_eq!(
            in_time(resolver.ipv4("localhost")).await,
            [Ipv4Addr::LOCALHOST]
        );
        assert!(resolver.ipv4(TABLES).await.is_err());
    }

    fn read(text: &[u8]) -> (Vec<IpAddr>, Vec<String>) {
        let config = config(&resolv_conf::Config::parse_with_errors(text).0);
        let servers = config.name_servers().iter();
        (
            servers.map(|server| server.ip).collect(),
            config.search().iter().map(ToString::to_string).collect(),
        )
    }

    /// Every directive, as it may be wrong: mistyped, cut short, or of another system's syntax.
    #[test]
    fn what_cannot_be_understood_in_resolv_conf_costs_nothing_else() {
        let long = format!("search {}.example", "a".repeat(64));
        for odd in [
            &b"nameserver"[..],
            b"nameserver not-an-address",
            b"nameserver 192.0.2.300",
            b"nameserver 192.0.2.1:53",
            b"domain",
            b"domain a..b",
            b"search",
            b"search ..",
            b"search a..b -- \xff",
            long.as_bytes(),
            b"sortlist 1.2.3.4/x nonsense",
            b"options",
            b"options ndots: ndots:many ndots:99999999999 timeout:-1 attempts:99999999999",
            b"options timeout:0 debug:1:2 unknown no-aaaa:",
            b"lookup nowhere",
            b"family inet5",
            b"directive",
            b"\xff\0",
        ] {
            for text in [
                [odd, b"\nnameserver 192.0.2.1\n"].concat(),
                [b"nameserver 192.0.2.1\n", odd].concat(),
            ] {
                assert_eq!(read(&text).0, [V4], "{}", text.escape_ascii());
            }
        }
    }

    #[test]
    fn the_search_domains_that_are_names_are_kept() {
        let (_, search) = read(b"nameserver 192.0.2.1\nsearch good.example a..b -- other.example");
        assert_eq!(search, ["good.example", "other.example"]);
    }
}
