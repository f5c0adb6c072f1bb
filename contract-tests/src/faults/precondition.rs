//! The conditions of the requests that are tried while the table fails.

use crate::request::conditions::{Conditions, SentConditions, Tag, Tags};

/// The conditions of a request, and the item for which it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precondition {
    /// None.
    Nothing,
    /// `If-Match` with the tag of the item: the service reads the item before it writes.
    IfMatch,
    /// `If-Match` with the tag that the item had before the current one.
    StaleIfMatch,
    /// `If-None-Match` with the tag of the item.
    IfNoneMatch,
    /// `If-None-Match: *`, while there is no item: the service does not read.
    IfAbsent,
}

impl Precondition {
    /// Returns the conditions to send, for an item of which the responses have shown these tags, the latest one last.
    pub(super) fn resolve(self, shown: &[String]) -> SentConditions {
        let list = |tag| Some(Tags::List(vec![tag]));
        let (if_match, if_none_match) = match self {
            Self::Nothing => (None, None),
            Self::IfMatch => (list(Tag::Latest), None),
            Self::StaleIfMatch => (list(Tag::Previous), None),
            Self::IfNoneMatch => (None, list(Tag::Latest)),
            Self::IfAbsent => (None, Some(Tags::Any)),
        };
        let conditions = Conditions {
            if_match,
            if_none_match,
        };
        conditions.resolve(shown)
    }

    /// Returns the name in the coverage table; `None` if there are no conditions.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::IfMatch => Some("If-Match"),
            Self::StaleIfMatch => Some("stale If-Match"),
            Self::IfNoneMatch => Some("If-None-Match"),
            Self::IfAbsent => Some("If-None-Match: *"),
        }
    }
}
