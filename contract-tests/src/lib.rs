//! The contract of the items API as tests: one model, and every environment held against it.
//!
//! In reading order:
//!
//! 1. [`contract`]: what is right. The model says what each request must be answered with, and the
//!    checks hold an answer against it, to the last digit.
//! 2. [`request`]: what a client can do, and how it is sent.
//! 3. [`generate`]: what is done, drawn at random from few ids and every kind of right and wrong.
//! 4. [`environments`]: where it is done. The same tests run on a table in this process, on `DynamoDB`
//!    Local, and on any deployed API.
//! 5. [`sequences`], [`concurrency`] and [`faults`]: the three properties. One client against the model;
//!    several clients, whose history must have an order that explains it; and a table that fails.
//! 6. [`report`]: a failure that a person can act on.
//! 7. [`planted`]: the tests of the tests, which are faulty services that the properties must catch.
//! 8. [`live`]: manners on a deployed API, where others have items too.
//! 9. [`coverage`]: what of the contract was tried at all.
//!
//! [`settings`] and [`progress`] are what a run is told, and what it tells; [`shell`] writes commands that a
//! person copies. The tests themselves are put together in `tests/contract/main.rs`.

pub mod concurrency;
pub mod contract;
pub mod coverage;
pub mod environments;
pub mod faults;
pub mod generate;
pub mod live;
pub mod planted;
pub mod progress;
pub mod report;
pub mod request;
pub mod sequences;
pub mod settings;
pub mod shell;
