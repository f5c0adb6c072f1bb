//! The operations of a client: one enum, in which the sequences are generated and their failures are saved.

use serde::{Deserialize, Serialize};

use crate::request::conditions::Conditions;
use crate::toolkit::text::Text;

/// An operation of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Operation {
    /// `PUT /items` with a JSON object. If the object is invalid, the request must change nothing.
    Put(Object, ContentType),
    /// `PUT /items` with any bytes that are not an item: 400.
    PutRaw(Vec<u8>, ContentType),
    /// `PUT /items` for each of many items, one after the other.
    PutMany(Batch),
    /// `GET /items/{id}`: the item, or 404 if there is none.
    Get(PathId),
    /// `DELETE /items/{id}`: succeeds even if there is no item.
    Delete(PathId),
    /// `GET /items` with these parameters: one page of the list.
    List(Query),
    /// `GET /items`, page after page to the end. Items that are deleted on the way stay deleted.
    #[serde(rename = "walk")]
    Paginate {
        /// The limit of each page.
        limit: u16,
        /// `true` to delete the last item of each page before the next page is requested.
        #[serde(rename = "delete_boundary")]
        delete_last_of_page: bool,
    },
    /// A method and a path that have no route: 404 from the gateway.
    NoRoute(NoRoute),
    /// One of the operations that send one request, with conditions.
    Conditional(Conditions, Box<Operation>),
}

impl Operation {
    /// Returns the operation without its conditions, and the conditions. Those of a conditional operation within
    /// another are dropped: only a file that was written by hand has such.
    #[must_use]
    pub fn split_conditions(&self) -> (&Self, Conditions) {
        if let Self::Conditional(conditions, operation) = self {
            (operation.split_conditions().0, conditions.clone())
        } else {
            (self, Conditions::default())
        }
    }

    /// Returns every id in it.
    pub fn ids_mut(&mut self) -> Vec<&mut Id> {
        match self {
            Self::Get(path) | Self::Delete(path) => vec![&mut path.id],
            Self::List(query) => query.start.iter_mut().collect(),
            Self::Put(object, _) => {
                let values = object.fields.iter_mut().map(|(_, value)| value);
                values.filter_map(Value::id_mut).collect()
            }
            Self::Conditional(_, operation) => operation.ids_mut(),
            Self::PutRaw(..) | Self::PutMany(_) | Self::Paginate { .. } | Self::NoRoute(_) => {
                Vec::new()
            }
        }
    }
}

/// Many items that differ only in their ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// The number of items.
    pub count: u16,
    /// The object of every item. The number of the item, from zero, is appended to its id.
    pub object: Object,
}

impl Batch {
    /// Returns the object of each item.
    pub fn objects(&self) -> impl Iterator<Item = Object> {
        (0..self.count).map(|number| {
            let mut object = self.object.clone();
            let values = object.fields.iter_mut().map(|(_, value)| value);
            for id in values.filter_map(Value::id_mut) {
                if let Id::Text(text) = id {
                    *text = Text::plain(format!("{}{number}", text.with_prefix("")));
                }
            }
            object
        })
    }
}

/// An id in a path, and the style of the path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "SavedPathId", into = "SavedPathId")]
pub struct PathId {
    /// The id.
    pub id: Id,
    /// The style.
    pub style: UrlStyle,
}

impl From<Id> for PathId {
    fn from(id: Id) -> Self {
        let style = UrlStyle::Plain;
        Self { id, style }
    }
}

/// The saved form of a [`PathId`], which leaves out the style of a plain path.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum SavedPathId {
    Plain(Id),
    Styled(Id, UrlStyle),
}

impl From<SavedPathId> for PathId {
    fn from(saved: SavedPathId) -> Self {
        match saved {
            SavedPathId::Plain(id) => id.into(),
            SavedPathId::Styled(id, style) => Self { id, style },
        }
    }
}

impl From<PathId> for SavedPathId {
    fn from(PathId { id, style }: PathId) -> Self {
        match style {
            UrlStyle::Plain => Self::Plain(id),
            UrlStyle::LowerHex | UrlStyle::Raw | UrlStyle::Full => Self::Styled(id, style),
        }
    }
}

/// The style of the percent-encoding in a URL, which does not change its meaning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum UrlStyle {
    /// With every character encoded, except the unreserved ones.
    #[default]
    Plain,
    /// The same, with lower-case hex digits.
    LowerHex,
    /// With only those characters encoded that must be.
    Raw,
    /// With every character encoded, also letters and digits.
    Full,
}

impl UrlStyle {
    /// Every style.
    pub const ALL: [Self; 4] = [Self::Plain, Self::LowerHex, Self::Raw, Self::Full];
}

/// The id of an item. An index is taken modulo the number of ids that the sequence has used so far, so that it stays
/// valid when the sequence is shortened. If no id was used yet, the id is `a`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Id {
    /// This text.
    Text(Text),
    /// An id that was used before.
    Used(usize),
    /// A near-duplicate of an id that was used before.
    #[serde(rename = "near")]
    NearDuplicate(usize, NearDuplicateKind),
}

/// The difference of a near-duplicate from its original.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NearDuplicateKind {
    /// Every ASCII letter in the other case. The same id if it has none.
    OtherCase,
    /// With `é` composed where it was decomposed, and the reverse; without an `é`, one is appended.
    OtherForm,
    /// Without its last character, or with one more if it has only one.
    Prefix,
    /// With one more character.
    Longer,
    /// With a space in front.
    SpaceBefore,
    /// With a space at the end.
    SpaceAfter,
    /// With its last character percent-encoded.
    #[serde(rename = "escaped")]
    PercentEncoded,
}

impl NearDuplicateKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::OtherCase,
        Self::OtherForm,
        Self::Prefix,
        Self::Longer,
        Self::SpaceBefore,
        Self::SpaceAfter,
        Self::PercentEncoded,
    ];
}

/// A JSON object to send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// The fields, in the order of the JSON text; a name may occur twice.
    pub fields: Vec<(String, Value)>,
    /// The style of the JSON text.
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
    /// A number, with its digits as sent.
    Number(String),
    /// `null`.
    Null,
    /// Any other JSON text, which is not valid for any field.
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

/// The style of a JSON text, which does not change its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum JsonStyle {
    /// Without optional white space or escapes.
    Plain,
    /// With spaces, tabs and line breaks around every token.
    Spaced,
    /// With every character of every string escaped.
    Escaped,
}

/// The content type of a PUT. A gateway passes on a body of the last three as base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ContentType {
    /// `application/json`
    Json,
    /// `text/plain; charset=utf-8`
    Text,
    /// `application/x-www-form-urlencoded`, the default of `curl -d`.
    Form,
    /// `application/octet-stream`
    Octets,
    /// No content type.
    None,
}

impl ContentType {
    /// Every content type.
    pub const ALL: [Self; 5] = [Self::Json, Self::Text, Self::Form, Self::Octets, Self::None];

    /// Returns the value of the header.
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

/// The parameters of a list request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    /// `limit=…`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// `exclusiveStartKey=…`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Id>,
    /// An unknown parameter, which must be ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<String>,
    /// The style of the query.
    #[serde(default)]
    pub style: UrlStyle,
}

/// A request that has no route.
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
    /// Every such request.
    pub const ALL: [Self; 6] = [
        Self::Post,
        Self::Patch,
        Self::DeleteAll,
        Self::EmptyId,
        Self::TwoSegments,
        Self::OtherPath,
    ];

    /// Returns its method and path.
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
            (
                Operation::Get(near.clone().into()),
                r#"{"get":{"near":[0,"otherCase"]}}"#,
            ),
            (
                Operation::Get(PathId {
                    id: near,
                    style: UrlStyle::LowerHex,
                }),
                r#"{"get":[{"near":[0,"otherCase"]},"lowerHex"]}"#,
            ),
            (
                Operation::Put(object, ContentType::Json),
                r#"{"put":[{"fields":[["name",{"text":{"fill":"x","bytes":9}}]],"spelling":"plain"},"json"]}"#,
            ),
        ] {
            let written = serde_json::to_string(&operation).expect("an operation can be written");
            assert_eq!(written, saved);
            let read: Operation = serde_json::from_str(saved).expect("an operation can be read");
            assert_eq!(read, operation);
        }
    }
}
