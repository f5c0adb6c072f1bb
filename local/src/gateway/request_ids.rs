//! The ids of a request, its time and its deadline.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::prelude::{BASE64_STANDARD, Engine};
use lambda_runtime::Context;
use uuid::Uuid;

/// The function's ARN, in AWS's example account.
pub const FUNCTION_ARN: &str =
    "arn:aws:lambda:us-east-1:123456789012:function:http-crud-tutorial-function";

/// The ids and the time of one request.
#[derive(Debug)]
pub(super) struct RequestIds {
    /// API Gateway's id, 11 bytes in base64 such as `JCJJxhz4PHcEJgQ=`.
    pub request_id: String,
    /// Lambda's id of the invocation, a UUID.
    pub invocation_id: String,
    /// X-Ray's id: the time in seconds and 12 bytes, both in hex.
    pub trace_id: String,
    pub time: SystemTime,
}

impl RequestIds {
    pub fn generate() -> Self {
        let time = SystemTime::now();
        let seconds = since_epoch(time).as_secs();
        let trace = Uuid::new_v4().simple().to_string();
        Self {
            request_id: BASE64_STANDARD.encode(&Uuid::new_v4().as_bytes()[..11]),
            invocation_id: Uuid::new_v4().to_string(),
            trace_id: format!("Root=1-{seconds:08x}-{}", &trace[..24]),
            time,
        }
    }

    /// Returns the time in milliseconds since 1970.
    pub fn millis(&self) -> u64 {
        millis(self.time)
    }

    /// Returns the time as API Gateway formats it: `14/Apr/2025:22:13:56 +0000`.
    pub fn formatted_time(&self) -> String {
        // HTTP's date format has the same parts, each at a fixed position:
        // "Mon, 14 Apr 2025 22:13:56 GMT".
        let date = httpdate::fmt_http_date(self.time);
        let (day, month, year, clock) = (&date[5..7], &date[8..11], &date[12..16], &date[17..25]);
        format!("{day}/{month}/{year}:{clock} +0000")
    }

    /// Returns the context that Lambda would pass to the function, with the deadline `function_timeout` from now.
    pub fn context(&self, function_timeout: Duration) -> Context {
        // The type is `non_exhaustive`, so a struct expression cannot build it here.
        let mut context = Context::default();
        context.request_id.clone_from(&self.invocation_id);
        context.deadline = millis(SystemTime::now() + function_timeout);
        FUNCTION_ARN.clone_into(&mut context.invoked_function_arn);
        context.xray_trace_id = Some(self.trace_id.clone());
        context
    }
}

fn since_epoch(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn millis(time: SystemTime) -> u64 {
    u64::try_from(since_epoch(time).as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_formatted_as_api_gateway_does() {
        let ids = RequestIds {
            time: UNIX_EPOCH + Duration::from_millis(1_744_668_836_123),
            ..RequestIds::generate()
        };
        assert_eq!(ids.formatted_time(), "14/Apr/2025:22:13:56 +0000");
        assert_eq!(ids.millis(), 1_744_668_836_123);
    }

    #[test]
    fn every_id_is_unique_and_well_formed() {
        let (first, second) = (RequestIds::generate(), RequestIds::generate());
        assert_ne!(first.request_id, second.request_id);
        assert_ne!(first.invocation_id, second.invocation_id);
        assert_eq!(first.request_id.len(), "JCJJxhz4PHcEJgQ=".len());
        assert!(first.request_id.ends_with('='));
        assert_eq!(
            first.trace_id.len(),
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700".len()
        );
    }

    #[test]
    fn the_deadline_is_the_timeout_from_now() {
        let before = SystemTime::now();
        let context = RequestIds::generate().context(Duration::from_secs(10));
        let time_left = context.deadline().duration_since(before).expect("later");
        assert!(
            (9_900..11_000).contains(&time_left.as_millis()),
            "{time_left:?}"
        );
    }
}
