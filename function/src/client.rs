//! The DynamoDB client: its time-outs, its retries, and its connections.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::config::StalledStreamProtectionConfig;
use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::{Client, Config};

use crate::connector;

/// An attempt is answered, to its last byte, within this time, or it has failed.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);
/// The most attempts at one request. Fewer are made when the call's budget of time is used up, or the
/// client's allowance of retries is, so that a table in trouble is not asked five times as much for long. It
/// holds 500 tokens. A retry takes ten, or five after a throttled attempt; a success gives back what its last
/// retry took, or one token if it needed none.
pub const MAX_ATTEMPTS: u32 = 5;
/// The first pause before a retry is a random part of this, and each later one of twice as much.
const INITIAL_BACKOFF: Duration = Duration::from_millis(50);

/// A client for the region, endpoint, credentials and HTTP client of `config`.
///
/// Build it once: its connections are kept open for the requests to come.
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
    // The SDK's default allowance of retries is one for all the clients of a process.
    let retry_partition = RetryPartition::custom("items")
        .token_bucket(TokenBucket::default())
        .build();
    let config = Config::from(config)
        .to_builder()
        .http_client(http_client)
        .timeout_config(timeouts)
        // A whole attempt is given up before a stalled stream would be, whose timer would only cost a system call.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .retry_config(retries)
        .retry_partition(retry_partition)
        .build();
    Client::from_conf(config)
}
