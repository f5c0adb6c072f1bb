//! Tests of the binary of `cargo zip`. They also make `cargo test` build it, which .github/lint/built-once checks.

use std::process::Command;

#[test]
fn the_error_for_an_unknown_architecture_lists_the_known_ones() {
    let output = Command::new(env!("CARGO_BIN_EXE_bundle"))
        .args(["--arch", "mips"])
        .output()
        .expect("the binary runs");
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(
        message.contains("[possible values: arm64, x86_64]"),
        "{message}"
    );
}
