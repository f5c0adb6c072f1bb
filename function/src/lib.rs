//! The items API behind one Lambda function; read the modules in the order they are named here.
//!
//! A payload-2.0 [`event`] comes in at [`Service::handle`], in [`handler`], which dispatches on its
//! [`route`]. The path, the query and the body become a [`key`], a [`query`], and by way of the
//! [`body`] an [`item`] with its exact [`price`]; none of them can hold what the contract refuses. The
//! [`table`] sends them to DynamoDB through the [`client`], under the rules of [`attempt`]. Its [`connector`] has the
//! host's addresses from the [`resolver`], and a connection to one of them from the [`race`]. [`render`] writes what
//! comes back as JSON, in a [`response`]. Whatever goes wrong is one [`error`], which decides the status and the public
//! message. [`log`] says what happened, in one line, and [`config`] is what the environment has to say. The names
//! of the [`attribute`]s and the [`limits`] are shared by all.
//!
//! A module uses only those on lines above its own:
//!
//! ```text
//! event  limits  log  response  route
//! error  price
//! attribute  key  race
//! body  query  resolver
//! connector  item
//! attempt  client  config
//! table
//! render
//! handler
//! ```

pub mod attempt;
pub mod attribute;
pub mod body;
pub mod client;
pub mod config;
pub mod connector;
pub mod error;
pub mod event;
pub mod handler;
pub mod item;
pub mod key;
pub mod limits;
pub mod log;
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
