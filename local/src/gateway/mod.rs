//! A little API Gateway HTTP API: HTTP/1.1 in, payload-2.0 events to a handler, its replies out.
//!
//! In the order in which a request meets them: [`server`] accepts the connection, [`connection`] serves it
//! over its [`wire`], and [`exchange`] leads each request through all the rest. [`host`] checks for which
//! host it is. [`head`] checks the request line and finds the route, after [`decode`] has taken the path
//! apart; [`body`] reads the rest. [`event`] writes both as the JSON that Lambda would get, marked with a
//! [`stamp`]. [`invoke`] runs the handler under Lambda's limits, and [`reply`] turns its reply into HTTP.
//! An answer of the gateway's own is a [`refusal`]. The [`observer`] learns of every request, and
//! [`settings`] has what can be chosen.
//!
//! The rules are those of AWS: the [payload format], the [quotas of an HTTP API] and the [quotas of
//! Lambda]. Where AWS is silent, the choice is explained beside the code.
//!
//! [payload format]: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
//! [quotas of an HTTP API]: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
//! [quotas of Lambda]: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html

mod body;
mod client_stream;
mod connection;
mod decode;
mod error;
mod event;
mod exchange;
mod host;
mod invoke;
mod observer;
mod request_ids;
mod response;
mod route_match;
mod server;
mod settings;

pub use error::GatewayError;
pub use host::{HostName, InvalidHostName};
pub use invoke::{Handler, LambdaResponse, handler};
pub use observer::{Exchange, Observer};
pub use server::Gateway;
pub use settings::Settings;
