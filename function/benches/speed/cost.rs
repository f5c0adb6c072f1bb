//! The price of an invocation on Lambda.

use std::time::Duration;

use crate::request::Request;

/// The price of a GB-second on arm64 in us-east-1, in dollars: the same as in `terraform/costs.tf`.
///
/// Source: <https://aws.amazon.com/lambda/pricing/>
const GB_SECOND: f64 = 0.000_013_333_4;

/// The price of a request, in dollars.
///
/// Source: <https://aws.amazon.com/lambda/pricing/>
const REQUEST: f64 = 0.000_000_2;

/// Returns the time that DynamoDB is assumed to take, because the canned backend responds at once.
pub fn assumed_dynamodb_time(request: Request) -> Duration {
    Duration::from_millis(if request == Request::List { 40 } else { 4 })
}

/// Returns the billed time of an invocation that takes `time` without DynamoDB. Lambda rounds it up to a millisecond.
///
/// Source: <https://aws.amazon.com/blogs/compute/aws-lambda-standardizes-billing-for-init-phase/>
pub fn billed(request: Request, time: Duration) -> Duration {
    let milliseconds = (time + assumed_dynamodb_time(request))
        .as_nanos()
        .div_ceil(1_000_000);
    Duration::from_millis(milliseconds.try_into().expect("an invocation is short"))
}

/// Returns the price of a million invocations, in dollars, with this mean of their billed times. The memory is in MB.
pub fn price_of_million(mean_billed: Duration, memory: u32) -> f64 {
    1e6 * (REQUEST + GB_SECOND * mean_billed.as_secs_f64() * f64::from(memory) / 1024.0)
}
