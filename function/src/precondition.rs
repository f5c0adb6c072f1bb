//! The preconditions of a request: the headers `If-Match` and `If-None-Match`, compared with the tag of the stored
//! item.

use crate::error::Error;
use crate::etag::ETag;
use crate::event::Headers;

/// The preconditions of a request, which must all hold.
///
/// Source: RFC 9110, section 13.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preconditions {
    if_match: Option<TagList>,
    if_none_match: Option<TagList>,
}

/// The state of the item that a write requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// Any.
    Nothing,
    /// The item exists, with any content.
    Present,
    /// The item does not exist.
    Absent,
    /// The content decides, so it has to be read.
    Content,
}

/// The value of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
enum TagList {
    /// `*`: any item that exists.
    Any,
    /// Tags, of which one has to match.
    Tags(Vec<Tag>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Tag {
    is_weak: bool,
    opaque: String,
}

impl Preconditions {
    /// Parses the headers of a request.
    ///
    /// # Errors
    /// [`Error::Invalid`] if one of them is neither `*` nor a list of tags.
    pub fn parse(headers: Option<&Headers>) -> Result<Self, Error> {
        let Some(headers) = headers else {
            return Ok(Self::default());
        };
        let parse = |name: &str, value: &Option<String>| {
            let list = value
                .as_deref()
                .map(|value| TagList::parse(value).ok_or(name));
            list.transpose().map_err(|name| {
                Error::Invalid(format!(
                    "{name} must be * or a list of ETags, each in double quotes"
                ))
            })
        };
        Ok(Self {
            if_match: parse("If-Match", &headers.if_match)?,
            if_none_match: parse("If-None-Match", &headers.if_none_match)?,
        })
    }

    /// Returns the state of the item that a write requires.
    #[must_use]
    pub fn requirement(&self) -> Requirement {
        match (&self.if_match, &self.if_none_match) {
            (None, None) => Requirement::Nothing,
            (Some(TagList::Any), None) => Requirement::Present,
            (None, Some(TagList::Any)) => Requirement::Absent,
            _ => Requirement::Content,
        }
    }

    /// Checks the preconditions of a write against the tag of the stored item; `None` if there is no item.
    ///
    /// # Errors
    /// [`Error::PreconditionFailed`] if one of them does not hold.
    pub fn check_write(&self, current: Option<&ETag>) -> Result<(), Error> {
        self.check_if_match(current)?;
        let Some(list) = &self.if_none_match else {
            return Ok(());
        };
        match (list, current) {
            (TagList::Any, Some(_)) => Err(Error::PreconditionFailed(
                "If-None-Match: * creates an item, and there already is an item with this id",
            )),
            (list, Some(tag)) if list.matches_weakly(tag) => Err(Error::PreconditionFailed(
                "the stored item has an ETag of If-None-Match",
            )),
            _ => Ok(()),
        }
    }

    /// Checks the preconditions of a read against the tag of the item. Returns `true` if the client needs the item, and
    /// `false` if it has it already.
    ///
    /// # Errors
    /// [`Error::PreconditionFailed`] if `If-Match` does not hold.
    pub fn check_read(&self, current: &ETag) -> Result<bool, Error> {
        self.check_if_match(Some(current))?;
        let list = self.if_none_match.as_ref();
        Ok(list.is_none_or(|list| !list.matches_weakly(current)))
    }

    fn check_if_match(&self, current: Option<&ETag>) -> Result<(), Error> {
        let Some(list) = &self.if_match else {
            return Ok(());
        };
        Err(Error::PreconditionFailed(match (list, current) {
            (TagList::Any, Some(_)) => return Ok(()),
            (TagList::Tags(_), Some(tag)) if list.matches_strongly(tag) => return Ok(()),
            (_, None) => "If-Match needs an item, and there is no item with this id",
            (_, Some(tag)) if list.matches_weakly(tag) => {
                "If-Match has the ETag of the stored item as a weak one (W/), which never matches: \
                 send it without W/; perhaps a proxy in front of the API added that"
            }
            (_, Some(_)) => {
                "the stored item has no ETag of If-Match: read the item again, and send its new ETag"
            }
        }))
    }
}

impl TagList {
    /// Parses the value of a header, in which repeated headers are joined by commas. Returns `None` if it is malformed,
    /// or has no tag.
    fn parse(value: &str) -> Option<Self> {
        let mut rest = trim(value);
        if rest == "*" {
            return Some(Self::Any);
        }
        let mut tags = Vec::new();
        loop {
            // A recipient has to accept empty elements of a list (RFC 9110, section 5.6.1.2).
            while let Some(after) = rest.strip_prefix(',') {
                rest = trim(after);
            }
            if rest.is_empty() {
                return (!tags.is_empty()).then_some(Self::Tags(tags));
            }
            let (is_weak, quoted) = match rest.strip_prefix("W/") {
                Some(quoted) => (true, quoted),
                None => (false, rest),
            };
            let (opaque, after) = quoted.strip_prefix('"')?.split_once('"')?;
            if opaque.contains(|c: char| c <= ' ' || c == '\u{7f}') {
                return None;
            }
            tags.push(Tag {
                is_weak,
                opaque: opaque.to_owned(),
            });
            rest = trim(after);
            if !rest.is_empty() && !rest.starts_with(',') {
                return None;
            }
        }
    }

    /// Returns `true` if the tag matches by the strong comparison, for which a weak tag never matches.
    fn matches_strongly(&self, current: &ETag) -> bool {
        match self {
            Self::Any => true,
            Self::Tags(tags) => tags
                .iter()
                .any(|tag| !tag.is_weak && tag.opaque == current.opaque()),
        }
    }

    /// Returns `true` if the tag matches by the weak comparison, which ignores `W/`.
    fn matches_weakly(&self, current: &ETag) -> bool {
        match self {
            Self::Any => true,
            Self::Tags(tags) => tags.iter().any(|tag| tag.opaque == current.opaque()),
        }
    }
}

/// Removes the white space that may surround an element of a list.
fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use aws_sdk_dynamodb::types::AttributeValue;

    use super::*;

    fn headers(if_match: Option<&str>, if_none_match: Option<&str>) -> Headers {
        Headers {
            if_match: if_match.map(str::to_owned),
            if_none_match: if_none_match.map(str::to_owned),
        }
    }

    fn parse(if_match: Option<&str>, if_none_match: Option<&str>) -> Preconditions {
        Preconditions::parse(Some(&headers(if_match, if_none_match))).unwrap()
    }

    fn tag() -> ETag {
        let id = AttributeValue::S("a".to_owned());
        ETag::of(&HashMap::from([("id".to_owned(), id)]))
    }

    #[test]
    fn a_list_of_tags_is_parsed() {
        for (value, tags) in [
            (r#""a""#, vec![(false, "a")]),
            (r#"W/"a""#, vec![(true, "a")]),
            (r#""""#, vec![(false, "")]),
            (
                r#" "a" , W/"b","c,d" "#,
                vec![(false, "a"), (true, "b"), (false, "c,d")],
            ),
            (r#",, "a",	,"b","#, vec![(false, "a"), (false, "b")]),
            (r#""*""#, vec![(false, "*")]),
            ("\"\u{e9}\"", vec![(false, "\u{e9}")]),
        ] {
            let tags = tags.into_iter().map(|(is_weak, opaque)| Tag {
                is_weak,
                opaque: opaque.to_owned(),
            });
            assert_eq!(
                TagList::parse(value),
                Some(TagList::Tags(tags.collect())),
                "{value}"
            );
        }
        assert_eq!(TagList::parse(" * "), Some(TagList::Any));
    }

    #[test]
    fn anything_else_is_malformed() {
        for value in [
            "",
            " ",
            ",",
            "a",
            "\"",
            "\"a",
            "a\"",
            "*,*",
            "*, \"a\"",
            "\"a\" \"b\"",
            "\"a\"b",
            "w/\"a\"",
            "W/ \"a\"",
            "W/a",
            "\"a b\"",
            "\"a\tb\"",
            "'a'",
            "\"a\";q=1",
        ] {
            for headers in [headers(Some(value), None), headers(None, Some(value))] {
                let parsed = Preconditions::parse(Some(&headers));
                assert!(matches!(parsed, Err(Error::Invalid(_))), "{value:?}");
            }
        }
    }

    #[test]
    fn only_a_star_by_itself_needs_no_read() {
        for (if_match, if_none_match, requirement) in [
            (None, None, Requirement::Nothing),
            (Some("*"), None, Requirement::Present),
            (None, Some("*"), Requirement::Absent),
            (Some("*"), Some("*"), Requirement::Content),
            (Some("*"), Some("\"a\""), Requirement::Content),
            (Some("\"a\""), None, Requirement::Content),
            (None, Some("\"a\""), Requirement::Content),
        ] {
            assert_eq!(parse(if_match, if_none_match).requirement(), requirement);
        }
        assert_eq!(
            Preconditions::parse(None).unwrap(),
            Preconditions::default()
        );
    }

    #[test]
    fn every_precondition_of_a_write_is_compared_with_the_stored_item() {
        let tag = tag();
        let (strong, weak) = (tag.to_string(), format!("W/{tag}"));
        let list = format!("\"x\", {strong}");
        for (if_match, if_none_match, present, absent) in [
            (None, None, true, true),
            (Some("*"), None, true, false),
            (Some("\"x\""), None, false, false),
            (Some(&*strong), None, true, false),
            (Some(&*weak), None, false, false),
            (Some(&*list), None, true, false),
            (None, Some("*"), false, true),
            (None, Some("\"x\""), true, true),
            (None, Some(&*strong), false, true),
            (None, Some(&*weak), false, true),
            (None, Some(&*list), false, true),
            (Some("*"), Some("*"), false, false),
            (Some(&*strong), Some("\"x\""), true, false),
            (Some(&*strong), Some(&*strong), false, false),
        ] {
            let preconditions = parse(if_match, if_none_match);
            let case = format!("{if_match:?}, {if_none_match:?}");
            assert_eq!(
                preconditions.check_write(Some(&tag)).is_ok(),
                present,
                "{case}"
            );
            assert_eq!(preconditions.check_write(None).is_ok(), absent, "{case}");
        }
    }

    #[test]
    fn a_read_needs_no_item_that_the_client_has() {
        let tag = tag();
        let (strong, weak) = (tag.to_string(), format!("W/{tag}"));
        for (if_match, if_none_match, is_needed) in [
            (None, None, Some(true)),
            (None, Some("*"), Some(false)),
            (None, Some(&*strong), Some(false)),
            (None, Some(&*weak), Some(false)),
            (None, Some("\"x\""), Some(true)),
            (Some(&*strong), Some(&*strong), Some(false)),
            (Some("*"), None, Some(true)),
            (Some("\"x\""), Some(&*strong), None),
            (Some(&*weak), None, None),
        ] {
            let checked = parse(if_match, if_none_match).check_read(&tag);
            assert_eq!(checked.ok(), is_needed, "{if_match:?}, {if_none_match:?}");
        }
    }

    #[test]
    fn a_weakened_tag_has_a_message_of_its_own() {
        let weak = format!("W/{}", tag());
        let message = |if_match| {
            parse(Some(if_match), None)
                .check_write(Some(&tag()))
                .unwrap_err()
                .to_string()
        };
        assert!(message(&weak).contains("(W/)"));
        assert!(!message("W/\"x\"").contains("(W/)"));
    }
}
