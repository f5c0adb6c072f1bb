//! The query parameters of a list: `?limit=<number>&exclusiveStartKey=<id>`.

use crate::error::Error;
use crate::event::QueryStringParameters;
use crate::key::Key;
use crate::limits::PAGE_LIMITS;

/// The page of the list that is requested. Without a limit, it has as many items as fit.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Query {
    pub(crate) limit: Option<u16>,
    pub(crate) start: Option<Key>,
}

impl Query {
    /// Parses the parameters, if there are any.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the limit is not a whole number in [`PAGE_LIMITS`], or the start key cannot be a key.
    pub fn parse(parameters: Option<&QueryStringParameters>) -> Result<Self, Error> {
        let Some(parameters) = parameters else {
            return Ok(Self::default());
        };
        let start = parameters.exclusive_start_key.as_deref();
        Ok(Self {
            limit: parameters.limit.as_deref().map(limit).transpose()?,
            start: start
                .map(|id| Key::parse("exclusiveStartKey", id))
                .transpose()?,
        })
    }
}

fn limit(text: &str) -> Result<u16, Error> {
    Some(text)
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|digits| digits.parse().ok())
        .filter(|limit| PAGE_LIMITS.contains(limit))
        .ok_or_else(|| {
            let (min, max) = (PAGE_LIMITS.start(), PAGE_LIMITS.end());
            Error::Invalid(format!("limit must be a whole number from {min} to {max}"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_limits_from_1_to_1000_are_accepted() {
        for (text, limit) in [("1", 1), ("1000", 1000), ("0010", 10)] {
            assert_eq!(super::limit(text).unwrap(), limit);
        }
        for text in [
            "",
            "0",
            "1001",
            "-1",
            "+1",
            "1.0",
            " 1",
            "1,2",
            "ten",
            "١",
            "99999999999999999999",
        ] {
            assert!(super::limit(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_start_key_must_be_a_valid_key() {
        let start = |id: String| {
            Query::parse(Some(&QueryStringParameters {
                exclusive_start_key: Some(id),
                limit: None,
            }))
        };
        assert!(start(String::new()).is_err());
        assert!(start("x".repeat(2049)).is_err());
        assert_eq!(start("a/b".into()).unwrap().start.unwrap().as_str(), "a/b");
    }
}
