//! The items API on one machine: the Lambda function behind a gateway, on a table, in one process.
//!
//! In reading order: [`start()`] puts together what the other modules give. The [`gateway`] turns
//! HTTP requests into the events that Lambda would get, and the function's replies into HTTP
//! responses. The [`table`] is opened where the [`store`] says: in memory, in a file, or in any
//! DynamoDB; for the first two, [`embedded`] is one in this process, after `data_file` has looked at
//! the file. [`log`] writes a line for each request, a [`signal`] stops the program, and [`error`] says what keeps all
//! this from starting.
//!
//! A module uses only those on lines above its own:
//!
//! ```text
//! data_file  error  gateway  signal
//! embedded  log
//! store
//! table
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

mod data_file;
pub mod embedded;
pub mod error;
pub mod gateway;
pub mod log;
pub mod signal;
pub mod start;
pub mod store;
pub mod table;

pub use error::Error;
pub use start::{LocalApi, Options, listen, start};
pub use store::Store;
