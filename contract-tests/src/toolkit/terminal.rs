//! Standard error, on which the commands `replay` and `sweep` draw bars if it is a terminal. Everything else prints lines
//! on it.

use std::io::{Write, stderr, stdout};
use std::sync::OnceLock;

use indicatif::MultiProgress;

/// The bars of this process, once it draws bars.
static BARS: OnceLock<MultiProgress> = OnceLock::new();

/// Draws bars from now on, if standard error is a terminal. A test process does not call this, because libtest-mimic
/// prints its lines between those of the tests.
pub fn draw_bars() {
    let bars = MultiProgress::new();
    if !bars.is_hidden() {
        // An error means that this process draws bars already.
        let _ = BARS.set(bars);
    }
}

/// Returns the bars; `None` if this process prints lines instead.
pub fn bars() -> Option<&'static MultiProgress> {
    BARS.get()
}

/// Prints a line on standard error, above the bars.
pub fn print_line(line: &str) {
    // An error means that standard error is closed, which must not end a test.
    let _ = above_bars(|| writeln!(stderr(), "{line}"));
}

/// Prints a line of a result on standard output. If both streams are one terminal, the line is above the bars.
///
/// # Panics
/// If standard output is closed.
pub fn print_result(line: &str) {
    // Not inside `above_bars`, because a panic there would make the bars unusable.
    let printed = above_bars(|| writeln!(stdout(), "{line}"));
    printed.expect("standard output is open");
}

/// Calls `print` while the bars are hidden.
fn above_bars<T>(print: impl FnOnce() -> T) -> T {
    match bars() {
        Some(bars) => bars.suspend(print),
        None => print(),
    }
}
