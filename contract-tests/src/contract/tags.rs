//! The tags that an API has shown: equal for equal items, different for different ones, and the latest ones of each id.

use std::collections::BTreeMap;

use crate::contract::item::Item;

/// The tags that an API has shown.
#[derive(Clone, Debug, Default)]
pub struct ShownTags {
    /// The item of each tag, with its id.
    items: BTreeMap<String, (String, Item)>,
    /// The tags of each id, the latest one last.
    by_id: BTreeMap<String, Vec<String>>,
}

impl ShownTags {
    /// Returns the tags of this id so far, the latest one last.
    #[must_use]
    pub fn of(&self, id: &str) -> &[String] {
        self.by_id.get(id).map(Vec::as_slice).unwrap_or_default()
    }

    /// Adds the tag that a response shows of an item.
    ///
    /// # Errors
    /// If the same item had another tag before, or a different item had this tag.
    pub fn learn(&mut self, id: &str, item: &Item, tag: String) -> Result<(), String> {
        match self.items.get(&tag) {
            Some((other_id, other)) if other_id != id || other != item => {
                return Err(format!(
                    "the items {} and {} have the same ETag {tag}",
                    other.shown(other_id),
                    item.shown(id)
                ));
            }
            Some(_) => {}
            None => {
                let mut tags_of_id = self.of(id).iter();
                if let Some(other) = tags_of_id.find(|tag| self.items[*tag].1 == *item) {
                    return Err(format!(
                        "the ETag of the item {} is {tag}, but it was {other} before",
                        item.shown(id)
                    ));
                }
                let content = (id.to_owned(), item.clone());
                self.items.insert(tag.clone(), content);
            }
        }
        let tags = self.by_id.entry(id.to_owned()).or_default();
        if tags.last() != Some(&tag) {
            tags.push(tag);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_has_one_tag_and_a_tag_has_one_item() {
        let (one, two) = (Item::from_write(1), Item::from_write(2));
        let mut tags = ShownTags::default();
        for (id, item, tag, is_right) in [
            ("a", &one, "1", true),
            ("a", &two, "2", true),
            ("a", &one, "1", true),
            ("a", &one, "3", false),
            ("a", &two, "1", false),
            ("b", &one, "1", false),
            ("b", &one, "4", true),
        ] {
            let learned = tags.learn(id, item, tag.to_owned());
            assert_eq!(learned.is_ok(), is_right, "{id} {tag}");
        }
        assert_eq!(tags.of("a"), ["1", "2", "1"]);
    }
}
