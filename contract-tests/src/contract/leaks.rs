//! The checks that a message reveals neither how the service is built, nor where it runs, nor what the client sent.

use crate::contract::limits::MAX_NAME_SHOWN;
use crate::request::concrete::Request;

/// The length of a part of the request, in characters, that counts as leaked if a message repeats it, and not as a
/// coincidence.
const MIN_LEAKED_CHARS: usize = 12;

/// The minimum length of a private name, in characters. A shorter one may occur in a message by coincidence.
const MIN_NAME_CHARS: usize = 4;

/// The number of digits of the number of an AWS account.
const ACCOUNT_DIGITS: usize = 12;

/// A text in refused values, so long that a message cannot repeat it unnoticed.
pub const REFUSED_TEXT: &str = "secret of the caller";

/// A number in refused values, so long that a message cannot repeat it unnoticed.
pub const REFUSED_NUMBER: &str = "31415926535897932";

/// The words that reveal how the service is built, in lower case.
const LEAK_MARKERS: [&str; 15] = [
    "arn:",
    "aws",
    "dynamo",
    "127.0.0.1",
    "localhost",
    "http",
    "exception",
    "serde",
    "hyper",
    "sdk",
    "crate",
    "panic",
    "credential",
    "table",
    "src/",
];

/// The names that an environment keeps from clients, such as the name of its table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrivateNames {
    /// The names, in lower case.
    names: Vec<String>,
    /// `true` if a number of 12 digits counts as an account. An unknown gateway may show such a number, as an id.
    has_accounts: bool,
}

impl PrivateNames {
    /// Creates the list of these names. Names of fewer than 4 characters are left out.
    #[must_use]
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        let names = names.into_iter().map(|name| name.to_lowercase());
        Self {
            names: names
                .filter(|name| name.chars().count() >= MIN_NAME_CHARS)
                .collect(),
            has_accounts: true,
        }
    }

    /// Creates the list of the names of an API behind an unknown gateway, whose account is not known.
    #[must_use]
    pub fn of_unknown_account(names: impl IntoIterator<Item = String>) -> Self {
        Self {
            has_accounts: false,
            ..Self::new(names)
        }
    }

    /// Returns the first name that is in the text, which is in lower case. A part of a word is not a name.
    fn find_in(&self, text: &str) -> Option<&str> {
        let is_in_text = |name: &&str| {
            text.match_indices(*name)
                .any(|(start, name)| is_whole_word(text, start, start + name.len()))
        };
        self.names.iter().map(String::as_str).find(is_in_text)
    }
}

/// Returns `true` if the characters around this part of the text do not continue a word or a number in it.
fn is_whole_word(text: &str, start: usize, end: usize) -> bool {
    let is_continued = |left: &str, right: &str| {
        left.ends_with(char::is_alphanumeric) && right.starts_with(char::is_alphanumeric)
    };
    let (before, part, after) = (&text[..start], &text[start..end], &text[end..]);
    !is_continued(before, part) && !is_continued(part, after)
}

/// Checks that a message reveals neither how the service is built nor where it runs.
///
/// # Errors
/// The word, the number or the name that reveals it.
pub fn check_no_leak(message: &str, private_names: &PrivateNames) -> Result<(), String> {
    let lower = message.to_lowercase();
    let marker = LEAK_MARKERS
        .into_iter()
        .find(|marker| lower.contains(marker));
    let mut numbers = lower.split(|c: char| !c.is_ascii_digit());
    let is_account = |number: &&str| private_names.has_accounts && number.len() == ACCOUNT_DIGITS;
    let account = || numbers.find(is_account);
    let name = || private_names.find_in(&lower);
    match marker.or_else(account).or_else(name) {
        Some(revealed) => Err(format!("the message {message:?} reveals {revealed:?}")),
        None => Ok(()),
    }
}

/// Checks that a message repeats nothing of the request, except for the name of a field: up to [`MAX_NAME_SHOWN`]
/// characters, if the name is the first text in quotes. Also checks that the message has no other leak.
///
/// # Errors
/// The leak.
pub fn check_message(
    message: &str,
    request: &Request,
    private_names: &PrivateNames,
) -> Result<(), String> {
    let quoted = message.split('"').nth(1).unwrap_or_default();
    let redacted = if quoted.chars().count() <= MAX_NAME_SHOWN && is_field_name(quoted, request) {
        message.replacen(quoted, "", 1)
    } else {
        message.to_owned()
    };
    check_no_leak(&redacted, private_names)?;
    if let Some(name) = request
        .field_names()
        .find(|name| repeats_too_much(name, message))
    {
        return Err(format!(
            "the message repeats more than {MAX_NAME_SHOWN} characters of the field {name:?}"
        ));
    }
    match request
        .client_strings()
        .find_map(|text| repeated_part(text, &redacted))
    {
        Some(part) => Err(format!(
            "the message {message:?} repeats {part:?} of the request"
        )),
        None => Ok(()),
    }
}

fn is_field_name(quoted: &str, request: &Request) -> bool {
    request.field_names().any(|name| name.starts_with(quoted))
}

fn repeats_too_much(name: &str, message: &str) -> bool {
    let mut ends = name.char_indices().map(|(end, _)| end).chain([name.len()]);
    let end = ends.nth(MAX_NAME_SHOWN + 1);
    end.is_some_and(|end| message.contains(&name[..end]))
}

/// Returns a part of the text that the message repeats, if there is one. Tries only the first 4,096 characters, because
/// longer texts repeat one character.
pub(crate) fn repeated_part<'a>(text: &'a str, message: &str) -> Option<&'a str> {
    let starts = text.char_indices().map(|(at, _)| at).take(4096);
    starts
        .filter_map(|at| {
            let text = &text[at..];
            let mut ends = text.char_indices().map(|(end, _)| end).chain([text.len()]);
            ends.nth(MIN_LEAKED_CHARS).map(|end| &text[..end])
        })
        .find(|part| message.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::concrete::RequestKind;
    use crate::request::operation::ContentType;

    #[test]
    fn a_message_may_repeat_64_characters_of_a_name_and_not_65() {
        let name = |length| "n".repeat(length);
        assert!(repeats_too_much(&name(65), &name(65)));
        assert!(!repeats_too_much(&name(64), &name(64)));
        assert!(!repeats_too_much(&name(65), &name(64)));
    }

    #[test]
    fn twelve_characters_of_a_value_are_a_leak_wherever_they_are() {
        let (text, message) = ("a secret wörd", "id: secret wörd");
        assert_eq!(repeated_part(text, message), Some(" secret wörd"));
        assert_eq!(repeated_part("secret wörd", message), None);
    }

    #[test]
    fn a_private_name_is_a_leak_in_any_case_and_only_as_a_whole_word() {
        let names = [
            "Items-Of-Tests",
            "local",
            "db.example.com",
            "db.example.com:8000",
            "eu",
        ];
        let names = PrivateNames::new(names.map(str::to_owned));
        for message in [
            "ITEMS-of-tests is missing",
            "(Local)",
            "see db.example.com/ for more",
            "db.example.com:8000 refused",
            "local2 and local",
            "account 210987654321",
        ] {
            assert!(check_no_leak(message, &names).is_err(), "{message}");
        }
        for message in [
            "locally",
            "eu",
            "items",
            "a number of 2109876543210 or 409600",
        ] {
            let checked = check_no_leak(message, &names);
            assert_eq!(checked, Ok(()), "{message}");
        }
    }

    #[test]
    fn a_part_of_a_body_that_is_not_an_item_is_a_leak() {
        let request = RequestKind::Put {
            fields: None,
            body: b"\xff[\"secret of the caller\"".to_vec(),
            content_type: ContentType::Json,
        };
        let request = request.into();
        let check = |message| check_message(message, &request, &PrivateNames::default());
        assert!(check("not JSON: [\"secret of the").is_err());
        assert!(check("not JSON: [\"secret").is_ok());
    }
}
