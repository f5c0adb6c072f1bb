//! The race for a connection: the addresses of a host are tried in short succession, and the first connection wins.
//!
//! Source: RFC 8305, "Happy Eyeballs Version 2". Unlike in the RFC, IPv4 goes first, because in Lambda it always leads
//! to DynamoDB, but IPv6 only from a VPC that has it.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::pin::pin;
use std::time::Duration;

use tokio::select;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use crate::error::BoxError;
use crate::log;

/// The time-out of one step: a DNS query, or a connection to one address with its TLS handshake. Each step has a
/// separate time-out, so that no step can use up the time of the next.
pub const STEP_TIMEOUT: Duration = Duration::from_secs(1);

/// The time from one connection attempt to the next, unless an attempt fails sooner. Source: RFC 8305, section 5.
const CONNECTION_ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// The time that IPv6 addresses wait for an answer about IPv4. Source: RFC 8305, section 3.
const RESOLUTION_DELAY: Duration = Duration::from_millis(50);

/// The error of a race without a connection: the reason why each query and each address failed.
#[derive(Debug, thiserror::Error)]
#[error("no address could be connected to: {}", .0.join("; "))]
pub struct ConnectError(Vec<String>);

/// Connects to one of the addresses of a host. Addresses join the race when their query is answered.
///
/// # Errors
/// [`ConnectError`] if both queries have ended and every address has failed.
pub async fn race<Connection, Attempt>(
    ipv4: impl Future<Output = Result<Vec<IpAddr>, BoxError>>,
    ipv6: impl Future<Output = Result<Vec<IpAddr>, BoxError>>,
    connect: impl Fn(IpAddr) -> Attempt,
) -> Result<Connection, ConnectError>
where
    Connection: Send + 'static,
    Attempt: Future<Output = Result<Connection, BoxError>> + Send + 'static,
{
    let (mut ipv4, mut ipv6) = (pin!(with_timeout(ipv4)), pin!(with_timeout(ipv6)));
    let (mut ipv4_pending, mut ipv6_pending) = (true, true);
    let mut queue = AddressQueue::default();
    let mut attempts = JoinSet::new();
    let mut next_start = Instant::now();
    let mut reasons = Vec::new();
    loop {
        // Checked before the timer, because Tokio's timers fire up to a millisecond late, even if the time has
        // already passed.
        if next_start <= Instant::now()
            && let Some(address) = queue.next()
        {
            let attempt = with_timeout(connect(address));
            attempts.spawn(async move { (address, attempt.await) });
            next_start = Instant::now() + CONNECTION_ATTEMPT_DELAY;
        }
        select! {
            biased;
            Some(finished) = attempts.join_next() => {
                match finished {
                    Ok((_, Ok(connection))) => return Ok(connection),
                    Ok((address, Err(cause))) => reasons.push(reason(&address, &cause)),
                    Err(panic) => reasons.push(panic.to_string()),
                }
                next_start = Instant::now();
            }
            found = &mut ipv4, if ipv4_pending => {
                ipv4_pending = false;
                match found {
                    Ok(addresses) => queue.ipv4.extend(addresses),
                    Err(cause) => reasons.push(reason(&"A records", &cause)),
                }
                // Try the next address now, unless an attempt is in progress.
                if attempts.is_empty() {
                    next_start = Instant::now();
                }
            }
            found = &mut ipv6, if ipv6_pending => {
                ipv6_pending = false;
                match found {
                    Ok(addresses) => queue.ipv6.extend(addresses),
                    Err(cause) => reasons.push(reason(&"AAAA records", &cause)),
                }
                if ipv4_pending {
                    next_start = Instant::now() + RESOLUTION_DELAY;
                }
            }
            () = sleep_until(next_start), if !queue.is_empty() => {}
            else => return Err(ConnectError(reasons)),
        }
    }
}

/// Runs `work` with the time-out [`STEP_TIMEOUT`].
///
/// # Errors
/// The error of `work`, or a time-out.
pub async fn with_timeout<T>(
    work: impl Future<Output = Result<T, BoxError>>,
) -> Result<T, BoxError> {
    let result = timeout(STEP_TIMEOUT, work).await;
    result.unwrap_or_else(|_| Err(format!("no answer within {STEP_TIMEOUT:?}").into()))
}

fn reason(subject: &dyn std::fmt::Display, cause: &BoxError) -> String {
    format!("{subject}: {}", log::chain(cause.as_ref()).join(": "))
}

/// The addresses that have not been tried yet.
#[derive(Default)]
struct AddressQueue {
    ipv4: VecDeque<IpAddr>,
    ipv6: VecDeque<IpAddr>,
    last_was_ipv4: bool,
}

impl AddressQueue {
    fn is_empty(&self) -> bool {
        self.ipv4.is_empty() && self.ipv6.is_empty()
    }

    /// Takes the next address, alternating between the IP versions if both are left.
    fn next(&mut self) -> Option<IpAddr> {
        self.last_was_ipv4 = !self.ipv4.is_empty() && (!self.last_was_ipv4 || self.ipv6.is_empty());
        let queue = if self.last_was_ipv4 {
            &mut self.ipv4
        } else {
            &mut self.ipv6
        };
        queue.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::net::{Ipv4Addr, Ipv6Addr};

    use tokio::time::sleep;

    use super::*;

    // Tokio's clock is paused and advances only when every task sleeps: a race takes no real time, and its times are
    // exact.
    type Milliseconds = u64;

    const GOOD_V4: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    const GOOD_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));
    /// Addresses that drop every packet.
    const DEAD_V4: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));
    const DEAD_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2));
    /// An address that fails at once.
    const UNROUTABLE: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 3));

    async fn connect(address: IpAddr) -> Result<IpAddr, BoxError> {
        match address {
            GOOD_V4 | GOOD_V6 => {
                sleep(Duration::from_millis(10)).await;
                Ok(address)
            }
            UNROUTABLE => Err("unroutable".into()),
            _ => pending().await,
        }
    }

    /// The answer to a DNS query: these addresses after a delay.
    #[derive(Clone, Copy)]
    enum Answer<'a> {
        At(Milliseconds, &'a [IpAddr]),
        Never,
    }
    use Answer::{At, Never};

    async fn query(query: Answer<'_>) -> Result<Vec<IpAddr>, BoxError> {
        match query {
            At(after, addresses) => {
                sleep(Duration::from_millis(after)).await;
                let some = (!addresses.is_empty()).then(|| addresses.to_vec());
                some.ok_or("no records".into())
            }
            Never => pending().await,
        }
    }

    /// Returns the winner and the time of its connection.
    async fn run(a: Answer<'_>, aaaa: Answer<'_>) -> (Result<IpAddr, ConnectError>, Milliseconds) {
        let start = Instant::now();
        let result = race(query(a), query(aaaa), connect).await;
        (result, start.elapsed().as_millis().try_into().unwrap())
    }

    async fn wins(winner: IpAddr, after: Milliseconds, a: Answer<'_>, aaaa: Answer<'_>) {
        let (result, time) = run(a, aaaa).await;
        assert_eq!((result.unwrap(), time), (winner, after));
    }

    #[tokio::test(start_paused = true)]
    async fn ipv4_does_not_wait_for_an_answer_about_ipv6() {
        for aaaa in [
            Never,
            At(800, &[GOOD_V6]),
            At(0, &[]),
            At(0, &[GOOD_V6]),
            At(0, &[UNROUTABLE]),
        ] {
            wins(GOOD_V4, 30, At(20, &[GOOD_V4]), aaaa).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_dead_address_delays_the_next_one_by_250_ms() {
        wins(GOOD_V4, 260, At(0, &[DEAD_V4, GOOD_V4]), At(0, &[])).await;
    }

    #[tokio::test(start_paused = true)]
    async fn one_good_address_of_eight_is_found() {
        for at in 0..8 {
            let mut addresses = [DEAD_V4; 8];
            addresses[at] = GOOD_V4;
            let (result, time) = run(At(0, &addresses), Never).await;
            assert_eq!(result.unwrap(), GOOD_V4);
            // Sooner after the first attempt has timed out, because the next one then starts at once.
            assert!(
                time <= 250 * at as Milliseconds + 10,
                "address {at} after {time} ms"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_next_address_is_tried_as_soon_as_one_fails() {
        wins(
            GOOD_V6,
            10,
            At(0, &[]),
            At(0, &[UNROUTABLE, UNROUTABLE, GOOD_V6]),
        )
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn ipv6_waits_a_little_for_an_answer_about_ipv4() {
        wins(GOOD_V6, 60, Never, At(0, &[GOOD_V6])).await;
        wins(GOOD_V6, 30, At(20, &[]), At(0, &[GOOD_V6])).await;
        wins(GOOD_V4, 50, At(40, &[GOOD_V4]), At(0, &[GOOD_V6])).await;
    }

    #[tokio::test(start_paused = true)]
    async fn addresses_that_are_found_late_join_the_race() {
        wins(GOOD_V4, 210, At(200, &[GOOD_V4]), At(0, &[UNROUTABLE])).await;
        wins(GOOD_V4, 310, At(200, &[GOOD_V4]), At(0, &[DEAD_V6])).await;
        wins(GOOD_V6, 810, At(0, &[DEAD_V4]), At(800, &[GOOD_V6])).await;
    }

    #[tokio::test(start_paused = true)]
    async fn the_ip_versions_alternate() {
        wins(GOOD_V6, 260, At(0, &[DEAD_V4; 4]), At(0, &[GOOD_V6])).await;
        wins(
            GOOD_V4,
            510,
            At(0, &[DEAD_V4, GOOD_V4]),
            At(0, &[DEAD_V6; 4]),
        )
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_race_reports_every_failure() {
        let (result, time) = run(At(0, &[DEAD_V4]), At(0, &[UNROUTABLE])).await;
        assert_eq!(time, 1000);
        assert_eq!(
            result.unwrap_err().to_string(),
            "no address could be connected to: 2001:db8::3: unroutable; 192.0.2.2: no answer within 1s"
        );
        let (result, time) = run(Never, At(0, &[])).await;
        assert_eq!(time, 1000);
        assert_eq!(
            result.unwrap_err().to_string(),
            "no address could be connected to: AAAA records: no records; A records: no answer within 1s"
        );
    }
}
