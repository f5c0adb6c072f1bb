//! The request log: one line for each request, and after a server error of the function a second line with its causes.

use std::time::SystemTime;

use crate::gateway::Exchange;

/// Returns the log entry of a request, with a line break at the end. It has the route and not the path, because
/// a path contains an item's id.
///
/// ```text
/// 22:13:56Z 200 GET /items/{id}        2 ms  JCJJxhz4PHcEJgQ=
/// 22:13:57Z 404 POST -                 0 ms  JCJJzjZ7PHcEJkA=  no such route
/// 22:13:58Z 503 PUT /items          1204 ms  JCJJyhB0PHcEJ1w=  4 attempts
///     cause: dispatch failure: ...
/// ```
#[must_use]
pub fn entry(exchange: &Exchange<'_>) -> String {
    // "Mon, 14 Apr 2025 22:13:56 GMT"
    let clock = &httpdate::fmt_http_date(SystemTime::now())[17..25];
    let status = exchange.status();
    let request = match (exchange.route, exchange.head) {
        (Some(route), _) => route.key().to_owned(),
        // A client may send any word of any length as the method.
        (None, Some(head)) => format!("{:.16} -", head.method.as_str()),
        (None, None) => "-".to_owned(),
    };
    let elapsed = exchange.elapsed.as_millis();
    let id = exchange.request_id;
    let attempts = match exchange.record {
        Some(record) if record.attempts > 1 => format!("  {} attempts", record.attempts),
        _ => String::new(),
    };
    let error = match exchange.error {
        Some(error) => format!("  {error}"),
        None => String::new(),
    };
    let causes = match exchange.record {
        Some(record) if !record.causes.is_empty() => {
            format!("    cause: {}\n", record.causes.join(": "))
        }
        _ => String::new(),
    };
    format!("{clock}Z {status} {request:<18} {elapsed:>5} ms  {id}{attempts}{error}\n{causes}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use function::Route;
    use function::log::RequestLog;
    use hyper::body::Bytes;
    use hyper::http::request;
    use hyper::{Request, Response};

    use super::*;
    use crate::gateway::GatewayError;

    fn line(exchange: &Exchange<'_>) -> String {
        entry(exchange)["00:00:00Z ".len()..].to_owned()
    }

    fn response(status: u16) -> Response<Bytes> {
        let response = Response::builder().status(status);
        response.body(Bytes::new()).expect("a response")
    }

    fn head(method: &str) -> request::Parts {
        let request = Request::builder().method(method).body(());
        request.expect("a request").into_parts().0
    }

    fn function_line(
        method: &str,
        route: Route,
        milliseconds: u64,
        attempts: u32,
        causes: &[&str],
        status: u16,
    ) -> String {
        let record = RequestLog {
            request_id: None,
            lambda_request_id: String::new(),
            route: String::new(),
            status,
            milliseconds: milliseconds.into(),
            attempts,
            causes: causes.iter().map(ToString::to_string).collect(),
        };
        line(&Exchange {
            request_id: "JCJJxhz4PHcEJgQ=",
            head: Some(&head(method)),
            body: None,
            route: Some(route),
            response: &response(status),
            elapsed: Duration::from_millis(milliseconds),
            record: Some(&record),
            error: None,
        })
    }

    #[test]
    fn a_success_is_one_line() {
        assert_eq!(
            function_line("GET", Route::GetItem, 2, 1, &[], 200),
            "200 GET /items/{id}        2 ms  JCJJxhz4PHcEJgQ=\n"
        );
    }

    #[test]
    fn a_server_error_is_followed_by_its_causes() {
        let causes = ["dispatch failure", "refused"];
        assert_eq!(
            function_line("PUT", Route::PutItem, 1204, 4, &causes, 503),
            "503 PUT /items          1204 ms  JCJJxhz4PHcEJgQ=  4 attempts\n    \
             cause: dispatch failure: refused\n"
        );
    }

    fn error_line(method: Option<&str>, status: u16, error: &GatewayError) -> String {
        let head = method.map(head);
        line(&Exchange {
            request_id: "JCJJxhz4PHcEJgQ=",
            head: head.as_ref(),
            body: None,
            route: None,
            response: &response(status),
            elapsed: Duration::ZERO,
            record: None,
            error: Some(error),
        })
    }

    #[test]
    fn a_gateway_error_shows_the_method_and_the_reason() {
        assert_eq!(
            error_line(Some("POST"), 404, &GatewayError::NoRoute),
            "404 POST -                 0 ms  JCJJxhz4PHcEJgQ=  no such route\n"
        );
        assert_eq!(
            error_line(Some(&"X".repeat(1000)), 404, &GatewayError::NoRoute),
            "404 XXXXXXXXXXXXXXXX -     0 ms  JCJJxhz4PHcEJgQ=  no such route\n"
        );
        assert_eq!(
            error_line(None, 431, &GatewayError::HeadTooLarge),
            "431 -                      0 ms  JCJJxhz4PHcEJgQ=  the request line and the headers are over 10,240 bytes\n"
        );
    }
}
