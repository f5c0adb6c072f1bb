//! What a client may do: one enum, from which every test is made and in which every failure is saved.

use serde::{Deserialize, Serialize};

use crate::toolkit::text::Text;

/// One thing that a client does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Operation {
    /// `PUT /items` with a JSON object. What the contract refuses must change nothing.
    Put(Object, ContentType),
    /// `PUT /items` with bytes that are not an item, whatever they are: 400.
    PutRaw(Vec<u8>, ContentType),
    /// `GET /items/{id}`. The item, or 404 where there is none.
    Get(Id),
    /// `DELETE /items/{id}`. Succeeds where there is no item as well.
    Delete(Id),
    /// `GET /items` with these parameters, one page of it.
    List(Query),
    /// `GET /items` page after page to the end; whatever is deleted on the way stays deleted.
    #[serde(rename = "walk")]
    Paginate {
        /// The limit of each page.
        limit: u16,
        /// Whether the item that each page ends with is deleted before the next is asked for.
        #[serde(rename = "delete_boundary")]
        delete_last_of_page: bool,
    },
    /// A method and a path for which there is no route: the gateway's own 404.
    NoRoute(NoRoute),
}

impl Operation {
    /// Returns every id in it.
    pub fn ids_mut(&mut self) -> Vec<&mut Id> {
        match self {
            Self::Get(id) | Self::Delete(id) => vec![id],
            Self::List(query) => query.start.iter_mut().collect(),
            Self::Put(object, _) => {
                let values = object.fields.iter_mut().map(|(_, value)| value);
                values.filter_map(Value::id_mut).collect()
            }
            Self::PutRaw(..) | Self::Paginate { .. } | Self::NoRoute(_) => Vec::new(),
        }
    }
}

/// The id of an item. An index is taken modulo the number of ids that the sequence has used so far,
/// so that it still means something when the sequence was shortened; where none was used, `a` is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Id {
    /// This text.
    Text(Text),
    /// One that was used before.
    Used(usize),
    /// A near-duplicate of one that was used before.
    #[serde(rename = "near")]
    NearDuplicate(usize, NearDuplicateKind),
}

/// How a near-duplicate differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NearDuplicateKind {
    /// Every letter in the other case.
    OtherCase,
    /// `é` as one character where it was two, and two where it was one; if there is none, one more.
    OtherForm,
    /// Without its last character, or with one more if it has only one.
    Prefix,
    /// With one character more.
    Longer,
    /// With a space in front.
    SpaceBefore,
    /// With a space behind.
    SpaceAfter,
    /// Its last character written as the escapes that a path has for it.
    Escaped,
}

impl NearDuplicateKind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::OtherCase,
        Self::OtherForm,
        Self::Prefix,
        Self::Longer,
        Self::SpaceBefore,
        Self::SpaceAfter,
        Self::Escaped,
    ];
}

/// A JSON object, field by field, as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// The fields, in their order; a name may come twice.
    pub fields: Vec<(String, Value)>,
    /// How it is written.
    #[serde(rename = "spelling")]
    pub style: JsonStyle,
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Value {
    /// A string that is an id.
    Id(Id),
    /// A string.
    Text(Text),
    /// A number, digit by digit as it is sent.
    Number(String),
    /// `null`.
    Null,
    /// Any other JSON text: it is neither of the above, and never a valid value of a field.
    Other(String),
}

impl Value {
    fn id_mut(&mut self) -> Option<&mut Id> {
        match self {
            Self::Id(id) => Some(id),
            Self::Text(_) | Self::Number(_) | Self::Null | Self::Other(_) => None,
        }
    }
}

/// How an object is written: it means the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum JsonStyle {
    /// Without anything that need not be there.
    Plain,
    /// With spaces, tabs and line breaks around everything.
    Spaced,
    /// With every character of every string as an escape.
    Escaped,
}

/// The content type of a PUT. A gateway hands over the last three as base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ContentType {
    /// `application/json`
    Json,
    /// `text/plain; charset=utf-8`
    Text,
    /// `application/x-www-form-urlencoded`, what plain `curl -d` sends.
    Form,
    /// `application/octet-stream`
    Octets,
    /// No such header.
    None,
}

impl ContentType {
    /// The header's value.
    #[must_use]
    pub fn value(self) -> Option<&'static str> {
        match self {
            Self::Json => Some("application/json"),
            Self::Text => Some("text/plain; charset=utf-8"),
            Self::Form => Some("application/x-www-form-urlencoded"),
            Self::Octets => Some("application/octet-stream"),
            Self::None => None,
        }
    }
}

/// The parameters of a list, as they are sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    /// `limit=…`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// `exclusiveStartKey=…`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Id>,
    /// Another parameter, which must be ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<String>,
}

/// A request that no route takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NoRoute {
    /// `POST /items`
    Post,
    /// `PATCH /items/a`
    Patch,
    /// `DELETE /items`
    DeleteAll,
    /// `GET /items/`, which is not `/items`.
    EmptyId,
    /// `GET /items/a/b`
    TwoSegments,
    /// `GET /item`
    OtherPath,
}

impl NoRoute {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Post,
        Self::Patch,
        Self::DeleteAll,
        Self::EmptyId,
        Self::TwoSegments,
        Self::OtherPath,
    ];

    /// Its method and path.
    #[must_use]
    pub fn parts(self) -> (&'static str, &'static str) {
        match self {
            Self::Post => ("POST", "/items"),
            Self::Patch => ("PATCH", "/items/a"),
            Self::DeleteAll => ("DELETE", "/items"),
            Self::EmptyId => ("GET", "/items/"),
            Self::TwoSegments => ("GET", "/items/a/b"),
            Self::OtherPath => ("GET", "/item"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saved_operations_keep_their_names() {
        let near = Id::NearDuplicate(0, NearDuplicateKind::OtherCase);
        let long = Text::Repeated {
            fill: 'x',
            bytes: 9,
        };
        let object = Object {
            fields: vec![("name".to_owned(), Value::Text(long))],
            style: JsonStyle::Plain,
        };
        for (operation, saved) in [
            (
                Operation::Paginate {
                    limit: 1,
                    delete_last_of_page: true,
                },
                r#"{"walk":{"limit":1,"delete_boundary":true}}"#,
            ),
            (Operation::Get(near), r#"{"get":{"near":[0,"otherCase"]}}"#),
            (
                Operation::Put(object, ContentType::Json),
                r#"{"put":[{"fields":[["name",{"text":{"fill":"x","bytes":9}}]],"spelling":"plain"},"json"]}"#,
            ),
        ] {
            let written = serde_json::to_string(&operation).expect("an operation can be written");
            assert_eq!(written, saved);
        }
    }
}
