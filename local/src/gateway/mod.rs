//! A small imitation of an API Gateway HTTP API: it converts HTTP/1.1 requests to payload-2.0 events for a
//! handler, and the handler's responses to HTTP.
//!
//! In the order in which a request meets them: [`server`] accepts the connection, [`connection`] serves it
//! over its [`client_stream`], and [`exchange`] takes each request through the other modules. [`body`] reads
//! the body. [`host`] checks the host of the request, and [`pages`] may respond instead of the API. [`route_match`]
//! checks the size of the head and finds the route, after [`decode`] has decoded the path. [`event`] builds the JSON
//! that Lambda would get, with the ids from [`request_ids`]. [`invoke`] runs the handler under Lambda's limits, and
//! [`response`] converts the handler's response to HTTP. If the gateway itself responds, it is with an [`error`].
//! [`cors`] adds the headers for web pages of other origins. The [`observer`] is called for every request of the API,
//! and [`settings`] has the options.
//!
//! The rules are those of AWS: the [payload format], the [quotas of an HTTP API] and the [quotas of
//! Lambda]. Where AWS documents nothing, a comment beside the code explains the choice.
//!
//! [payload format]: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
//! [quotas of an HTTP API]: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
//! [quotas of Lambda]: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html

mod body;
mod client_stream;
mod connection;
pub mod cors;
mod decode;
mod error;
mod event;
mod exchange;
mod host;
mod invoke;
mod observer;
mod pages;
mod request_ids;
mod response;
mod route_match;
mod server;
mod settings;

pub use error::GatewayError;
pub(crate) use error::json_response;
pub use event::{ACCOUNT_ID, API_ID};
pub(crate) use host::check as check_host;
pub use host::{HostName, InvalidHostName};
pub use invoke::{Handler, LambdaResponse, handler};
pub use observer::{Exchange, Observer};
pub use pages::{PAGES, Pages};
pub use request_ids::FUNCTION_ARN;
pub use response::MAX_RESPONSE_BYTES;
pub use server::Gateway;
pub use settings::Settings;
