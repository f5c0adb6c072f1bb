//! The conditions of a request: the headers `If-Match` and `If-None-Match`, as they are generated and as they are sent.

use std::fmt::{self, Display};

use serde::{Deserialize, Serialize};

/// The name of the header whose tags the item must have.
pub const IF_MATCH: &str = "If-Match";

/// The name of the header whose tags the item must not have.
pub const IF_NONE_MATCH: &str = "If-None-Match";

/// The conditions of an operation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Conditions {
    /// `If-Match: …`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_match: Option<Tags>,
    /// `If-None-Match: …`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_none_match: Option<Tags>,
}

/// The value of a header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Tags {
    /// `*`
    Any,
    /// These tags, separated by commas.
    List(Vec<Tag>),
    /// A text that is neither.
    Malformed(String),
}

/// A tag in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Tag {
    /// The latest tag of the item that a response has shown.
    Latest,
    /// The same as a weak tag.
    LatestWeak,
    /// The tag of the item before that.
    Previous,
    /// A tag with this text between its quotes, which no item has.
    Other(String),
}

/// The conditions that a request sends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SentConditions {
    /// `If-Match: …`
    pub if_match: Option<SentTags>,
    /// `If-None-Match: …`
    pub if_none_match: Option<SentTags>,
}

/// The value of a header that a request sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SentTags {
    /// `*`
    Any,
    /// These tags, separated by commas.
    List(Vec<SentTag>),
    /// A text that is neither.
    Malformed(String),
}

/// A tag that a request sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentTag {
    /// `true` for a weak tag.
    pub is_weak: bool,
    /// The tag with its quotes.
    pub tag: String,
}

impl Conditions {
    /// Returns the conditions to send, for an item of which the responses have shown these tags, the latest one last.
    #[must_use]
    pub fn resolve(&self, shown: &[String]) -> SentConditions {
        let resolve = |tags: &Option<Tags>| tags.as_ref().map(|tags| tags.resolve(shown));
        SentConditions {
            if_match: resolve(&self.if_match),
            if_none_match: resolve(&self.if_none_match),
        }
    }
}

impl Tags {
    fn resolve(&self, shown: &[String]) -> SentTags {
        match self {
            Self::Any => SentTags::Any,
            Self::List(tags) => SentTags::List(tags.iter().map(|tag| tag.resolve(shown)).collect()),
            Self::Malformed(text) => SentTags::Malformed(text.clone()),
        }
    }
}

impl Tag {
    fn resolve(&self, shown: &[String]) -> SentTag {
        let from_end = |index| {
            let tag = shown.iter().rev().nth(index);
            tag.map_or_else(|| "\"never-shown\"".to_owned(), Clone::clone)
        };
        SentTag {
            is_weak: *self == Self::LatestWeak,
            tag: match self {
                Self::Latest | Self::LatestWeak => from_end(0),
                Self::Previous => from_end(1),
                Self::Other(text) => format!("\"{text}\""),
            },
        }
    }
}

impl SentConditions {
    /// Returns the conditions that the item has to match these tags.
    #[must_use]
    pub fn if_match(tags: SentTags) -> Self {
        Self {
            if_match: Some(tags),
            if_none_match: None,
        }
    }

    /// Returns the conditions that the item has to match none of these tags.
    #[must_use]
    pub fn if_none_match(tags: SentTags) -> Self {
        Self {
            if_match: None,
            if_none_match: Some(tags),
        }
    }

    /// Returns the name and the tags of each header.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &SentTags)> {
        let headers = [
            (IF_MATCH, &self.if_match),
            (IF_NONE_MATCH, &self.if_none_match),
        ];
        headers
            .into_iter()
            .filter_map(|(name, tags)| Some((name, tags.as_ref()?)))
    }
}

impl SentTags {
    /// Returns the list of one strong tag, which has its quotes.
    pub fn one(tag: impl Into<String>) -> Self {
        Self::List(vec![SentTag {
            is_weak: false,
            tag: tag.into(),
        }])
    }

    /// Returns `true` if an item with this tag matches; `None` is no item. A weak tag matches only by the weak
    /// comparison.
    #[must_use]
    pub fn matches(&self, current: Option<&str>, is_weak_comparison: bool) -> bool {
        match self {
            Self::Any => current.is_some(),
            Self::List(tags) => tags.iter().any(|tag| {
                (is_weak_comparison || !tag.is_weak) && current == Some(tag.tag.as_str())
            }),
            Self::Malformed(_) => false,
        }
    }
}

impl Display for SentTags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::List(tags) => {
                for (index, SentTag { is_weak, tag }) in tags.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    let weak = if *is_weak { "W/" } else { "" };
                    write!(f, "{comma}{weak}{tag}")?;
                }
                Ok(())
            }
            Self::Malformed(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_resolved_when_a_request_is_sent() {
        let tags = vec![
            Tag::Latest,
            Tag::LatestWeak,
            Tag::Previous,
            Tag::Other("x".to_owned()),
        ];
        let conditions = Conditions {
            if_match: Some(Tags::List(tags)),
            if_none_match: Some(Tags::Any),
        };
        let shown = ["\"1\"".to_owned(), "\"2\"".to_owned()];
        let headers = |shown| {
            let sent = conditions.resolve(shown);
            sent.headers()
                .map(|(name, tags)| format!("{name}: {tags}"))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            headers(&shown),
            ["If-Match: \"2\", W/\"2\", \"1\", \"x\"", "If-None-Match: *"]
        );
        assert_eq!(
            headers(&[])[0],
            "If-Match: \"never-shown\", W/\"never-shown\", \"never-shown\", \"x\""
        );
    }

    #[test]
    fn only_the_weak_comparison_ignores_that_a_tag_is_weak() {
        let weak = SentTags::List(vec![SentTag {
            is_weak: true,
            tag: "\"1\"".to_owned(),
        }]);
        assert!(weak.matches(Some("\"1\""), true) && !weak.matches(Some("\"1\""), false));
        assert!(!weak.matches(None, true) && !weak.matches(Some("\"2\""), true));
        assert!(SentTags::Any.matches(Some("\"1\""), false) && !SentTags::Any.matches(None, true));
    }
}
