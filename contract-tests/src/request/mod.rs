//! The requests of a client. An [`operation`] is generated and saved, and stays valid when earlier operations are left
//! out. With its [`ids`] resolved, it is sent as one or several [`concrete`] requests, whose fields have [`json`]
//! values. A [`route`] is identified by its key, and [`url`] encodes ids and parameters. [`namespacing`] prefixes
//! values that a service might take for an id. An [`exchange`] is a request with its response, as a report shows it.

pub mod concrete;
pub mod conditions;
pub mod exchange;
pub mod ids;
pub mod json;
pub mod namespacing;
pub mod operation;
pub mod route;
pub mod url;
