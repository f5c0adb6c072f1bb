//! The condition under which DynamoDB applies a write, as an expression.

use std::collections::HashMap;
use std::fmt::Write as _;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::attribute::{self, Attributes, PARTITION_KEY};
use crate::error::Error;
use crate::limits::MAX_COMPARED_ATTRIBUTES;

/// The condition of a write, in the terms of the SDK.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The expression.
    pub expression: String,
    /// The names of attributes for which the expression has placeholders: any name may be a reserved word.
    pub names: HashMap<String, String>,
    /// The values for which the expression has placeholders.
    pub values: Option<HashMap<String, AttributeValue>>,
}

impl Condition {
    /// Returns the condition that the item exists.
    #[must_use]
    pub fn present() -> Self {
        Self::of_key("attribute_exists(#0)")
    }

    /// Returns the condition that the item does not exist.
    #[must_use]
    pub fn absent() -> Self {
        Self::of_key("attribute_not_exists(#0)")
    }

    fn of_key(expression: &str) -> Self {
        Self {
            expression: expression.to_owned(),
            names: HashMap::from([("#0".to_owned(), PARTITION_KEY.to_owned())]),
            values: None,
        }
    }

    /// Returns the condition that the item still has each attribute that was read, and still lacks each field of an
    /// item that it lacked; or that there is still no item.
    ///
    /// DynamoDB compares numbers by value, sets in any order, and lists and maps deeply. No expression says "and no
    /// other attribute", so an attribute that is not a field, and that another writer adds after the read, is not
    /// noticed.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the item has more than [`MAX_COMPARED_ATTRIBUTES`].
    pub fn unchanged(read: Option<&Attributes>) -> Result<Self, Error> {
        let Some(read) = read else {
            return Ok(Self::absent());
        };
        if read.len() > MAX_COMPARED_ATTRIBUTES {
            return Err(Error::Invalid(format!(
                "the stored item has {} attributes, and at most {MAX_COMPARED_ATTRIBUTES} can be compared: \
                 send the request without ETags",
                read.len()
            )));
        }
        let mut condition = Self {
            expression: String::new(),
            names: HashMap::with_capacity(read.len()),
            values: None,
        };
        let mut values = HashMap::with_capacity(read.len());
        let lacking = attribute::ALL
            .into_iter()
            .filter(|name| !read.contains_key(*name));
        let compared = read
            .iter()
            .map(|(name, value)| (name.as_str(), Some(value)))
            .chain(lacking.map(|name| (name, None)));
        for (index, (name, value)) in compared.enumerate() {
            let and = if index > 0 { " AND " } else { "" };
            let _ = match value {
                Some(value) => {
                    values.insert(format!(":{index}"), value.clone());
                    write!(condition.expression, "{and}#{index}=:{index}")
                }
                None => write!(condition.expression, "{and}attribute_not_exists(#{index})"),
            };
            condition.names.insert(format!("#{index}"), name.to_owned());
        }
        condition.values = Some(values);
        Ok(condition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns an item with this number of attributes, of which only the id is a field.
    fn item(attributes: usize) -> Attributes {
        let value = |index: usize| AttributeValue::N(index.to_string());
        let others = (1..attributes).map(|index| (format!("a{index}"), value(index)));
        let id = (attribute::ID.to_owned(), AttributeValue::S("a".to_owned()));
        others.chain([id]).collect()
    }

    #[test]
    fn every_attribute_that_was_read_and_every_field_that_was_not_is_compared() {
        let read = item(3);
        let condition = Condition::unchanged(Some(&read)).unwrap();
        let (mut equal, mut lacking) = (Attributes::new(), Vec::new());
        let values = condition.values.unwrap();
        for term in condition.expression.split(" AND ") {
            if let Some((name, value)) = term.split_once('=') {
                equal.insert(condition.names[name].clone(), values[value].clone());
            } else {
                let name = term.strip_prefix("attribute_not_exists(").unwrap();
                lacking.push(condition.names[name.strip_suffix(')').unwrap()].as_str());
            }
        }
        assert_eq!(equal, read);
        assert_eq!(lacking, [attribute::PRICE, attribute::NAME]);
    }

    #[test]
    fn a_missing_item_must_still_be_missing() {
        assert_eq!(Condition::unchanged(None).unwrap(), Condition::absent());
    }

    #[test]
    fn the_longest_expression_is_within_the_limits_of_dynamodb() {
        let longest = Condition::unchanged(Some(&item(MAX_COMPARED_ATTRIBUTES))).unwrap();
        let operators = ["=", "attribute_not_exists", " AND "]
            .map(|operator| longest.expression.matches(operator).count());
        assert!(operators.iter().sum::<usize>() <= 300, "{operators:?}");
        assert!(longest.expression.len() <= 4096);
        let longer = Condition::unchanged(Some(&item(MAX_COMPARED_ATTRIBUTES + 1)));
        assert!(matches!(longer, Err(Error::Invalid(_))));
    }
}
