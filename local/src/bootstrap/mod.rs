//! The function as a process: the binary that Lambda runs, behind a Lambda Runtime API on this machine. There the
//! binary itself can be run, debugged, load-tested, and replaced by a new build.
//!
//! In the order in which an invocation meets them: it waits in the line of the [`supervisor`], which starts the
//! [`process`], and starts it again when its file has changed ([`file_watch`]). The process requests the event, and
//! sends its response, through the [`runtime_api`], and calls an embedded table through the [`table_server`]. Both are
//! HTTP servers on ports of 127.0.0.1 that refuse web pages ([`server`]).
//!
//! Each instance is a process with a supervisor and ports of its own, and handles one invocation at a time. The
//! instances share one line. Their number is fixed, while Lambda would start another one for a request that finds none
//! idle.
//!
//! The function's timeout starts when the process gets the event, so that waiting in line does not use up the time of
//! the function. The client waits at most API Gateway's 30 seconds for both.
//!
//! Another user of this machine can reach these ports, as every port of 127.0.0.1. The table refuses a program that
//! does not know the key. The Runtime API has no key, because Lambda's has none: a program that requests an event before the
//! process does gets a request of another user, and may answer it. So do not run this on a machine with users who may
//! not see the items. A program of the same user can read the memory of the process in any case.
//!
//! A module uses only the modules on the lines above it:
//!
//! ```text
//! file_watch  server
//! runtime_api  table_server
//! process
//! supervisor
//! ```

mod file_watch;
mod process;
mod runtime_api;
mod server;
mod supervisor;
mod table_server;
#[cfg(all(test, unix))]
mod tests;

pub use supervisor::{Bootstrap, GATEWAY_TIMEOUT};
