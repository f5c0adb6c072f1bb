//! The items API behind one Lambda function. Read the modules in the order in which they are named here.
//!
//! A payload-2.0 [`event`] arrives at [`Service::handle`] in [`handler`], which dispatches on its [`route`]. The path
//! becomes a [`key`], the query a [`query`], and the [`body`] an [`item`] with its exact [`price`]; none of them can
//! hold a value that the contract forbids. The headers `If-Match` and `If-None-Match` become a [`precondition`], which
//! is compared with the [`etag`] of the stored item. The [`table`] sends keys, queries and items to DynamoDB through
//! the [`client`], a conditional write with the [`condition`] that the item is still the one that was compared, and
//! [`attempt`] decides on retries. The [`connector`] gets the addresses of the host from the [`resolver`], and a
//! connection to one of them from the [`race`]. [`render`] writes the result as JSON into a [`response`], and a list
//! while it reads DynamoDB's JSON. Every failure becomes an [`error`], which decides the status and the public message.
//! [`log`] writes one line per invocation, and [`config`] reads the environment variables. All modules share the names
//! of the [`attribute`]s and the [`limits`].
//!
//! A module uses only the modules on the lines above it:
//!
//! ```text
//! limits  log  route
//! error  event  price
//! attribute  key  race
//! body  etag  query  resolver
//! condition  connector  item  precondition  response
//! attempt  client  config
//! table
//! render
//! handler
//! ```

pub mod attempt;
pub mod attribute;
pub mod body;
pub mod client;
pub mod condition;
pub mod config;
pub mod connector;
pub mod error;
pub mod etag;
pub mod event;
pub mod handler;
pub mod item;
pub mod key;
pub mod limits;
pub mod log;
pub mod precondition;
pub mod price;
pub mod query;
pub mod race;
pub mod render;
pub mod resolver;
pub mod response;
pub mod route;
pub mod table;

pub use handler::{Handled, Service};
pub use route::Route;
