//! The requests of a client: an [`operation`] is what is generated and saved, and still means something when others
//! before it are left out. With its [`ids`] chosen, it is sent as one [`request`] or several, whose fields have [`json`]
//! values; a [`route`] is known by its key. What might be taken for an id is [`confined`].

pub mod concrete;
pub mod ids;
pub mod json;
pub mod namespacing;
pub mod operation;
pub mod route;
