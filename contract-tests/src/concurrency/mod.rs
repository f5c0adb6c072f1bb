//! Several clients at once: the [`property`] has each follow its part of a [`mod@plan`], and each saw part
//! of a [`history`]; if it is not [linearizable](linearize), what is shown of it is made
//! [as little as can be](mod@minimise).

pub mod history;
pub mod linearize;
pub mod minimise;
pub mod plan;
pub mod property;

pub use property::{Trouble, hold, hold_once};
