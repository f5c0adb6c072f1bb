//! Mutants that read some spellings of a path wrongly. They change the path and the query of a request before the
//! gateway receives it.

/// Reads a `+` in the path as a space, which is right in a query only.
pub(super) fn plus_is_a_space(target: &str) -> String {
    match target.split_once('?') {
        Some((path, query)) => format!("{}?{query}", path.replace('+', "%20")),
        None => target.replace('+', "%20"),
    }
}

/// Does not decode an escape with lower-case hex digits.
pub(super) fn lower_case_escapes_are_kept(target: &str) -> String {
    let mut parts = target.split('%');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |target, part| {
        let (digits, _) = part.split_at(part.len().min(2));
        let is_lower = digits.contains(|c: char| c.is_ascii_lowercase());
        target + if is_lower { "%2525" } else { "%" } + part
    })
}
