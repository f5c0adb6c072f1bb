//! DynamoDB's name to its addresses: by /etc/hosts, and by the name servers of /etc/resolv.conf.
//!
//! The C library's way would hold up a thread, and may load plug-ins of the system's, which must be of the
//! very version that was linked: the bundle is linked statically. (Lambda names its runtime API by address.)

use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::vec;

use hickory_resolver::config::{LookupIpStrategy, NameServerConfig, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::{ResolverBuilder, TokioResolver};
use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;

use crate::client::CONNECT_TIMEOUT;

type Builder = ResolverBuilder<TokioRuntimeProvider>;
type Addresses = vec::IntoIter<SocketAddr>;

/// Looks up the name of a host that is to be connected to.
#[derive(Clone, Debug)]
pub struct Resolver;

impl Service<Name> for Resolver {
    type Response = Addresses;
    type Error = NetError;
    type Future = Pin<Box<dyn Future<Output = Result<Addresses, NetError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NetError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(async move {
            match TokioResolver::builder_tokio() {
                Ok(builder) => addresses(builder, name.as_str()).await,
                // A machine without name servers, such as one that is offline, still knows names of its own.
                Err(error) => addresses(with(Vec::new()), name.as_str())
                    .await
                    .map_err(|_| error),
            }
        })
    }
}

fn with(servers: Vec<NameServerConfig>) -> Builder {
    let config = ResolverConfig::from_parts(None, Vec::new(), servers);
    TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
}

async fn addresses(mut builder: Builder, name: &str) -> Result<Addresses, NetError> {
    let options = builder.options_mut();
    // Connections are rare, and the clock by which a cache would age may stand still in a frozen process.
    options.cache_size = 0;
    // Both, for where one family leads nowhere the other is tried.
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    // The connection is given up before its name is. Until then a query that stays unanswered is sent again.
    options.timeout = CONNECT_TIMEOUT;
    let found = builder.build()?.lookup_ip(name).await?;
    let addresses: Vec<_> = found.iter().map(|ip| SocketAddr::new(ip, 0)).collect();
    Ok(addresses.into_iter())
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
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

    /// What a connection would be made to.
    async fn look_up(server: NameServer) -> Vec<IpAddr> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = socket.local_addr().unwrap();
        tokio::spawn(server.serve(Arc::new(socket)));
        let mut config = NameServerConfig::udp(address.ip());
        config.connections[0].port = address.port();
        let found = timeout(CONNECT_TIMEOUT, addresses(with(vec![config]), TABLES)).await;
        found.unwrap().unwrap().map(|found| found.ip()).collect()
    }

    #[tokio::test]
    async fn a_host_has_addresses_of_either_version() {
        for known in [&[V4] as &[_], &[V6], &[V4, V6]] {
            let server = NameServer {
                known,
                lost: 0,
                delay: Duration::ZERO,
            };
            assert_eq!(look_up(server).await, known);
        }
    }

    #[tokio::test]
    async fn a_lost_query_is_sent_again_before_the_connection_is_given_up() {
        let server = NameServer {
            known: &[V4],
            lost: 2,
            delay: Duration::ZERO,
        };
        assert_eq!(look_up(server).await, [V4]);
    }

    #[tokio::test]
    async fn an_answer_may_come_after_its_query_was_sent_again() {
        let server = NameServer {
            known: &[V4],
            lost: 0,
            delay: Duration::from_millis(500),
        };
        assert_eq!(look_up(server).await, [V4]);
    }

    #[tokio::test]
    async fn a_machine_without_name_servers_knows_itself() {
        let found: Vec<_> = addresses(with(Vec::new()), "localhost")
            .await
            .unwrap()
            .map(|found| found.ip())
            .collect();
        assert!(found.contains(&IpAddr::V4(Ipv4Addr::LOCALHOST)));
        assert!(addresses(with(Vec::new()), TABLES).await.is_err());
    }
}
