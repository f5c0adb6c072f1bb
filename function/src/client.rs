//! The DynamoDB client: its time-outs, its retries, and its connections.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::{Client, Config};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

/// A connection is made within this time, or the attempt has failed.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// An attempt is answered, to its last byte, within this time, or it has failed.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);
/// The most attempts at one request. Fewer are made when the call's budget of time is used up, or the
/// client's allowance of retries is: it holds 500 tokens, of which a retry takes ten and a success
/// gives one back, so that a table in trouble is not asked five times as much for long.
pub const MAX_ATTEMPTS: u32 = 5;
/// The first pause before a retry is a random part of this, and each later one of twice as much.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// A client for the region, endpoint and credentials of `config`.
///
/// Build it once: its connections are kept open for the requests to come.
#[must_use]
pub fn client(config: &SdkConfig) -> Client {
    // ring, because AWS-LC spends 20 ms on entropy when the first connection opens.
    let http_client = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(MAX_ATTEMPTS)
        .with_initial_backoff(FIRST_PAUSE);
    // The SDK's default allowance of retries is one for all the clients of a process.
    let allowance = RetryPartition::custom("items")
        .token_bucket(TokenBucket::default())
        .build();
    let config = Config::from(config)
        .to_builder()
        .http_client(http_client)
        .timeout_config(timeouts)
        .retry_config(retries)
        .retry_partition(allowance)
        .build();
    Client::from_conf(config)
}
