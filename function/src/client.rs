//! The DynamoDB client: its time-outs, retries and connections.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::config::StalledStreamProtectionConfig;
use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::{Client, Config};

use crate::connector;

/// The time-out of one attempt, to the last byte of its response.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);
/// The maximum number of attempts for one request. There are fewer if the request's time budget or the client's token
/// bucket is exhausted. The bucket keeps retries from multiplying the load on a throttled table by five for long. It
/// holds 500 tokens. A retry takes ten, or five after a throttled attempt; a success returns the tokens of its last
/// retry, or one if it needed none.
pub const MAX_ATTEMPTS: u32 = 5;
/// The initial backoff. The first backoff is a random part of it; each later one is a random part of twice the previous
/// maximum.
const INITIAL_BACKOFF: Duration = Duration::from_millis(50);

/// Returns a client for the region, endpoint, credentials and HTTP client of `config`.
///
/// Build it once: it keeps its connections open for later requests.
#[must_use]
pub fn client(config: &SdkConfig) -> Client {
    let http_client = config
        .http_client()
        .unwrap_or_else(|| connector::http_client(connector::roots()));
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(MAX_ATTEMPTS)
        .with_initial_backoff(INITIAL_BACKOFF);
    // By default all clients of a process share one token bucket.
    let retry_partition = RetryPartition::custom("items")
        .token_bucket(TokenBucket::default())
        .build();
    let config = Config::from(config)
        .to_builder()
        .http_client(http_client)
        .timeout_config(timeouts)
        // The time-out of the attempt comes first, so the timer of this protection would only cost a system call.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .retry_config(retries)
        .retry_partition(retry_partition)
        .build();
    Client::from_conf(config)
}
