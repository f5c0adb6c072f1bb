//! Host names to addresses: by /etc/hosts, and by the name servers of /etc/resolv.conf.
//!
//! The C library would do it with plug-ins of the system's, which must be of the very version that an
//! executable was linked with, and would hold up a thread meanwhile. The bundle is linked statically.

use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use std::vec;

use hickory_resolver::config::{LookupIpStrategy, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::{ResolverBuilder, TokioResolver};
use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;

/// A name server that has not answered within this time is asked again, so that a datagram can be lost
/// and the connection still be made within [`CONNECT_TIMEOUT`](crate::client::CONNECT_TIMEOUT).
const PATIENCE: Duration = Duration::from_millis(300);

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
        // A machine without name servers, such as one that is offline, still knows names of its own.
        let builder = TokioResolver::builder_tokio().unwrap_or_else(|_| {
            let no_servers = ResolverConfig::from_parts(None, Vec::new(), Vec::new());
            TokioResolver::builder_with_config(no_servers, TokioRuntimeProvider::default())
        });
        Box::pin(async move { addresses(builder, name.as_str()).await })
    }
}

async fn addresses(mut builder: Builder, name: &str) -> Result<Addresses, NetError> {
    let options = builder.options_mut();
    // Connections are rare, and the clock by which a cache would age may stand still in a frozen process.
    options.cache_size = 0;
    options.ip_strategy = LookupIpStrategy::Ipv4thenIpv6;
    options.timeout = PATIENCE;
    let found = builder.build()?.lookup_ip(name).await?;
    let addresses: Vec<_> = found.iter().map(|ip| SocketAddr::new(ip, 0)).collect();
    Ok(addresses.into_iter())
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    use hickory_resolver::config::NameServerConfig;
    use hickory_resolver::proto::op::Message;
    use hickory_resolver::proto::rr::{RData, Record};
    use tokio::net::UdpSocket;

    use super::*;

    const TABLES: &str = "dynamodb.eu-central-1.amazonaws.com.";

    /// Looks [`TABLES`] up at a name server that knows it by this address, and loses the first `lost` queries.
    async fn look_up(address: IpAddr, lost: usize) -> Result<Vec<IpAddr>, NetError> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let mut server = NameServerConfig::udp(socket.local_addr().unwrap().ip());
        server.connections[0].port = socket.local_addr().unwrap().port();
        tokio::spawn(serve(socket, RData::from(address), lost));
        let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
        let builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        let found = addresses(builder, TABLES).await?;
        Ok(found.map(|address| address.ip()).collect())
    }

    async fn serve(socket: UdpSocket, known: RData, lost: usize) {
        let mut datagram = [0; 512];
        for query in 0.. {
            let (length, client) = socket.recv_from(&mut datagram).await.unwrap();
            if query < lost {
                continue;
            }
            let query = Message::from_vec(&datagram[..length]).unwrap();
            let asked = query.queries[0].clone();
            let mut answer = query.into_response();
            if asked.query_type() == known.record_type() {
                answer.add_answer(Record::from_rdata(asked.name().clone(), 5, known.clone()));
            }
            let answer = answer.to_vec().unwrap();
            socket.send_to(&answer, client).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_name_is_looked_up_at_the_name_server() {
        let address = IpAddr::from([192, 0, 2, 1]);
        assert_eq!(look_up(address, 0).await.unwrap(), [address]);
    }

    #[tokio::test]
    async fn a_host_may_have_an_address_of_version_6_alone() {
        let address = IpAddr::from(Ipv6Addr::LOCALHOST);
        assert_eq!(look_up(address, 0).await.unwrap(), [address]);
    }

    #[tokio::test]
    async fn a_lost_datagram_is_sent_again_before_the_connection_is_given_up() {
        let address = IpAddr::from([192, 0, 2, 1]);
        let connect = tokio::time::timeout(crate::client::CONNECT_TIMEOUT, look_up(address, 1));
        assert_eq!(connect.await.unwrap().unwrap(), [address]);
    }

    #[tokio::test]
    async fn a_machine_without_name_servers_knows_itself() {
        let no_servers = ResolverConfig::from_parts(None, Vec::new(), Vec::new());
        let builder = || {
            TokioResolver::builder_with_config(no_servers.clone(), TokioRuntimeProvider::default())
        };
        let found: Vec<_> = addresses(builder(), "localhost").await.unwrap().collect();
        assert_eq!(found, [SocketAddr::from((Ipv4Addr::LOCALHOST, 0))]);
        assert!(addresses(builder(), TABLES).await.is_err());
    }
}
