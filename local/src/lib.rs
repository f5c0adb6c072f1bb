//! The items API on one machine: the Lambda function behind a gateway, on a table.
//!
//! In reading order: [`start()`] connects the other modules. The [`gateway`] converts HTTP requests to the events that
//! Lambda would get, and the function's responses to HTTP responses. The [`table`] is opened in its [`store`]: in
//! memory, in a file, or in any DynamoDB. For the first two, [`embedded`] is a DynamoDB in this process; `data_file`
//! checks the file before it is opened. [`json_lines`] loads and exports items. The function runs in this process, or,
//! with `--bootstrap`, its binary runs in processes of its own, which [`bootstrap`] supervises. A [`trace`] has the
//! event, the calls to DynamoDB and the reply of one invocation. The [`inspector`] keeps the last requests with their
//! traces, and the [`page`] shows them. [`log`] formats a line for each request, a [`signal`] stops the program, and
//! [`error`] has the errors of a start.
//!
//! A module uses only the modules on the lines above it:
//!
//! ```text
//! data_file  error  gateway  signal
//! embedded  json_lines  log
//! store  trace
//! inspector  table
//! bootstrap  page
//! start
//! ```
//!
//! ```no_run
//! # async fn example() -> Result<(), local::Error> {
//! let api = local::start(local::Options::default()).await?;
//! println!("{}/items", api.url());
//! api.stop().await;
//! # Ok(())
//! # }
//! ```

pub mod bootstrap;
mod data_file;
pub mod embedded;
pub mod error;
pub mod gateway;
pub mod inspector;
pub mod json_lines;
pub mod log;
pub mod page;
pub mod signal;
pub mod start;
pub mod store;
pub mod table;
pub mod trace;

pub use error::Error;
pub use start::{LocalApi, Options, listen, start};
pub use store::Store;
