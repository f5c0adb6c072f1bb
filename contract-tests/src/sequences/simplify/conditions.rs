//! Simpler conditions of a request.

use super::candidates::{PREFERRED_TEXTS, shorter};
use crate::request::conditions::{Conditions, Tag, Tags};

/// Returns conditions with one header less, or with simpler tags.
pub(super) fn simpler_conditions(conditions: &Conditions) -> Vec<Conditions> {
    let Conditions {
        if_match,
        if_none_match,
    } = conditions;
    let with_if_match = |if_match| Conditions {
        if_match,
        ..conditions.clone()
    };
    let with_if_none_match = |if_none_match| Conditions {
        if_none_match,
        ..conditions.clone()
    };
    let mut simpler = Vec::new();
    if if_match.is_some() && if_none_match.is_some() {
        simpler.extend([with_if_match(None), with_if_none_match(None)]);
    }
    simpler.extend(
        simpler_tags(if_match.as_ref())
            .into_iter()
            .map(with_if_match),
    );
    simpler.extend(
        simpler_tags(if_none_match.as_ref())
            .into_iter()
            .map(with_if_none_match),
    );
    simpler
}

/// Returns values of a header with fewer tags, with the latest tag in place of another one, or with a short text.
fn simpler_tags(tags: Option<&Tags>) -> Vec<Option<Tags>> {
    match tags {
        Some(Tags::List(tags)) => {
            let fewer = shorter(tags).filter(|tags| !tags.is_empty());
            let with_latest = (0..tags.len())
                .filter(|index| tags[*index] != Tag::Latest)
                .map(|index| {
                    let mut tags = tags.clone();
                    tags[index] = Tag::Latest;
                    tags
                });
            fewer.chain(with_latest).map(Tags::List).map(Some).collect()
        }
        Some(Tags::Malformed(text)) if text != PREFERRED_TEXTS[0] => {
            vec![Some(Tags::Malformed(PREFERRED_TEXTS[0].to_owned()))]
        }
        Some(Tags::Any | Tags::Malformed(_)) | None => Vec::new(),
    }
}
