//! Shell commands that a person copies.

/// Returns the text as one word of a shell command, in quotes unless it has only ASCII letters, digits and a few signs
/// such as `/`.
#[must_use]
pub fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/:.-_%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_a_quoted_text_unchanged() {
        for text in [
            "http://host/items",
            "http://[::1]/_aws/$default",
            "/a b/it's $(here)",
            "~/items",
            "",
        ] {
            let script = format!("u=${{1:-{0}}}; printf '%s\\n' {0} \"$u\"", quoted(text));
            let output = std::process::Command::new("sh")
                .args(["-c", &script])
                .output();
            let printed = output.expect("sh runs").stdout;
            assert_eq!(printed, format!("{text}\n{text}\n").as_bytes(), "{script}");
        }
    }
}
