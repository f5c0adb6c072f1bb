//! The requests: one event for each route, and a check of its response.

use serde_json::{Value, json};

use crate::Error;

/// The id of the item that is put, read and deleted.
pub const ID: &str = "abcdef234";
/// The number of items in the list: 880 KB of DynamoDB's JSON. DynamoDB counts 685 KB, and one Scan reads up to 1 MB.
pub const ITEMS: usize = 5_000;

/// A request to the API.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Request {
    Get,
    Put,
    Delete,
    List,
}

impl Request {
    pub const ALL: [Self; 4] = [Self::Get, Self::Put, Self::Delete, Self::List];

    pub fn route_key(self) -> &'static str {
        match self {
            Self::Get => "GET /items/{id}",
            Self::Put => "PUT /items",
            Self::Delete => "DELETE /items/{id}",
            Self::List => "GET /items",
        }
    }

    /// Returns the event, with all fields of an HTTP API's event.
    pub fn event(self) -> Vec<u8> {
        let (method, _) = self.route_key().split_once(' ').expect("a route key");
        let path = match self {
            Self::Get | Self::Delete => format!("/items/{ID}"),
            Self::Put | Self::List => "/items".to_owned(),
        };
        let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:137.0) Gecko/20100101 Firefox/137.0";
        let mut event = json!({
            "version": "2.0",
            "routeKey": self.route_key(),
            "rawPath": path,
            "rawQueryString": "",
            "headers": {
                "accept": "*/*",
                "accept-encoding": "gzip, deflate, br",
                "content-length": "0",
                "host": "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com",
                "user-agent": agent,
                "x-amzn-trace-id": "Root=1-67fd8a64-12d3ae1c6a3e5b7f0f2d4c68",
                "x-forwarded-for": "203.0.113.17",
                "x-forwarded-port": "443",
                "x-forwarded-proto": "https",
            },
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "a1b2c3d4e5",
                "domainName": "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com",
                "domainPrefix": "a1b2c3d4e5",
                "http": {
                    "method": method,
                    "path": path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": "203.0.113.17",
                    "userAgent": agent,
                },
                "requestId": "JCJJxhz4PHcEJgQ=",
                "routeKey": self.route_key(),
                "stage": "$default",
                "time": "14/Apr/2025:22:13:56 +0000",
                "timeEpoch": 1_744_668_836_123_u64,
            },
            "isBase64Encoded": false,
        });
        match self {
            Self::Get | Self::Delete => event["pathParameters"] = json!({ "id": ID }),
            Self::Put => {
                event["headers"]["content-type"] = json!("application/json");
                let body = json!({"id": ID, "price": 12345, "name": "myitem"});
                event["body"] = json!(body.to_string());
            }
            Self::List => {}
        }
        event.to_string().into_bytes()
    }

    /// Checks that the response is the expected one.
    ///
    /// # Errors
    /// An error with the beginning of any other response, because there is nothing to measure.
    pub fn check(self, response: &[u8]) -> Result<(), Error> {
        let response: Value = serde_json::from_slice(response)?;
        let body: Value = serde_json::from_str(response["body"].as_str().unwrap_or_default())?;
        let good = response["statusCode"] == 200
            && match self {
                Self::Get => body["Item"]["id"] == ID && body["Item"]["price"] == 19.9,
                Self::Put => body == format!("Put item {ID}"),
                Self::Delete => body == format!("Deleted item {ID}"),
                Self::List => {
                    body["Count"] == ITEMS && body["Items"][ITEMS - 1]["id"] == "item-00004999"
                }
            };
        if good {
            Ok(())
        } else {
            let shown: String = response.to_string().chars().take(200).collect();
            Err(format!("{} got the response {shown}", self.route_key()).into())
        }
    }
}
