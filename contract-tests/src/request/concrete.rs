//! A concrete request: the bytes to send, and their meaning for the model.

use std::fmt::Write as _;

use crate::request::conditions::{SentConditions, SentTags};
use crate::request::ids::Ids;
use crate::request::json::Json;
use crate::request::namespacing;
use crate::request::operation::{ContentType, JsonStyle, NoRoute, Object, Query, UrlStyle, Value};
use crate::request::route;
use crate::request::url::{GatewayProfile, encode_id, encode_query};

/// A request with every random choice made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The route, with its input.
    pub kind: RequestKind,
    /// The conditions.
    pub conditions: SentConditions,
}

/// The route of a request, with its input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestKind {
    /// `PUT /items`
    Put {
        /// The fields of the object; `None` for bytes that are not an item.
        fields: Option<Vec<(String, Json)>>,
        /// The body to send.
        body: Vec<u8>,
        /// The content type to send.
        content_type: ContentType,
    },
    /// `GET /items/{id}`
    Get(String),
    /// `DELETE /items/{id}`
    Delete(String),
    /// `GET /items`
    List {
        /// `limit=…`
        limit: Option<String>,
        /// `exclusiveStartKey=…`
        start: Option<String>,
        /// An unknown parameter.
        other: Option<String>,
    },
    /// A request that has no route.
    NoRoute(NoRoute),
}

impl From<RequestKind> for Request {
    fn from(kind: RequestKind) -> Self {
        let conditions = SentConditions::default();
        Self { kind, conditions }
    }
}

impl Request {
    /// Returns the GET of the item with this id.
    pub fn get(id: impl Into<String>) -> Self {
        RequestKind::Get(id.into()).into()
    }

    /// Returns the DELETE of the item with this id.
    pub fn delete(id: impl Into<String>) -> Self {
        RequestKind::Delete(id.into()).into()
    }

    /// Returns the same request with these conditions.
    #[must_use]
    pub fn when(self, conditions: SentConditions) -> Self {
        Self { conditions, ..self }
    }

    /// Returns the PUT of an object, with its ids resolved and each value that may be an id in the namespace.
    pub fn put(object: &Object, content_type: ContentType, ids: &mut Ids) -> Self {
        let mut value = |value: &Value| match value {
            Value::Id(id) => Json::Text(ids.resolve(id)),
            Value::Text(text) => Json::Text(text.with_prefix("")),
            Value::Number(number) => Json::Number(number.clone()),
            Value::Null => Json::Null,
            Value::Other(text) => Json::Other(text.clone()),
        };
        let fields: Vec<_> = object
            .fields
            .iter()
            .map(|(name, sent)| (name.clone(), value(sent)))
            .collect();
        let fields: Vec<_> = fields
            .into_iter()
            .map(|(name, value)| {
                let namespaced = if namespacing::may_be_id(&name) {
                    namespacing::prefix_value(value, ids.prefix())
                } else {
                    value
                };
                (name, namespaced)
            })
            .collect();
        RequestKind::Put {
            body: to_json(&fields, object.style).into_bytes(),
            fields: Some(fields),
            content_type,
        }
        .into()
    }

    /// Returns the PUT of bytes that are not an item.
    #[must_use]
    pub fn put_raw(body: &[u8], content_type: ContentType, ids: &Ids) -> Self {
        RequestKind::Put {
            fields: None,
            body: namespacing::prefix_body(body, ids.prefix()),
            content_type,
        }
        .into()
    }

    /// Returns the PUT of an object with these fields, in plain style.
    #[must_use]
    pub fn put_fields(fields: Vec<(String, Json)>, content_type: ContentType) -> Self {
        RequestKind::Put {
            body: to_json(&fields, JsonStyle::Plain).into_bytes(),
            fields: Some(fields),
            content_type,
        }
        .into()
    }

    /// Returns the request of one page of the list, with its start key resolved.
    pub fn list(query: &Query, ids: &mut Ids) -> Self {
        RequestKind::List {
            limit: query.limit.clone(),
            start: query.start.as_ref().map(|id| ids.resolve(id)),
            other: query.other.clone(),
        }
        .into()
    }

    /// Returns the request of the page that begins after `start`.
    #[must_use]
    pub fn page(limit: Option<u16>, start: Option<String>) -> Self {
        RequestKind::List {
            limit: limit.map(|limit| limit.to_string()),
            start,
            other: None,
        }
        .into()
    }

    /// Returns its route key.
    #[must_use]
    pub fn route_key(&self) -> &'static str {
        match &self.kind {
            RequestKind::Get(id) | RequestKind::Delete(id) if id.is_empty() => route::NO_ROUTE,
            RequestKind::Put { .. } => route::PUT,
            RequestKind::Get(_) => route::GET,
            RequestKind::Delete(_) => route::DELETE,
            RequestKind::List { .. } => route::LIST,
            RequestKind::NoRoute(_) => route::NO_ROUTE,
        }
    }

    /// Returns `true` if the request may change an item.
    #[must_use]
    pub fn is_write(&self) -> bool {
        match &self.kind {
            RequestKind::Put { .. } | RequestKind::Delete(_) => true,
            RequestKind::Get(_) | RequestKind::List { .. } => false,
            RequestKind::NoRoute(no_route) => no_route.parts().0 != "GET",
        }
    }

    /// Returns its method.
    #[must_use]
    pub fn method(&self) -> &'static str {
        match &self.kind {
            RequestKind::Put { .. } => "PUT",
            RequestKind::Get(_) | RequestKind::List { .. } => "GET",
            RequestKind::Delete(_) => "DELETE",
            RequestKind::NoRoute(no_route) => no_route.parts().0,
        }
    }

    /// Returns its path and query in this style; `None` if the id cannot be sent in a path to this gateway, or if the
    /// request might change foreign items there.
    #[must_use]
    pub fn target(&self, gateway: GatewayProfile, style: UrlStyle) -> Option<String> {
        match &self.kind {
            RequestKind::Put { .. } => Some("/items".to_owned()),
            RequestKind::Get(id) | RequestKind::Delete(id) => {
                Some(format!("/items/{}", encode_id(id, gateway, style)?))
            }
            RequestKind::List {
                limit,
                start,
                other,
            } => {
                let parameters = [
                    ("limit", limit),
                    ("exclusiveStartKey", start),
                    ("other", other),
                ];
                let pairs: Vec<_> = parameters
                    .into_iter()
                    .filter_map(|(name, value)| {
                        let value = encode_query(value.as_ref()?, style);
                        Some(format!("{name}={value}"))
                    })
                    .collect();
                Some(if pairs.is_empty() {
                    "/items".to_owned()
                } else {
                    format!("/items?{}", pairs.join("&"))
                })
            }
            // If a faulty service had such a route, it might change foreign items.
            RequestKind::NoRoute(NoRoute::DeleteAll | NoRoute::Patch)
                if gateway == GatewayProfile::Unknown =>
            {
                None
            }
            RequestKind::NoRoute(no_route) => Some(no_route.parts().1.to_owned()),
        }
    }

    /// Returns the path with its id encoded once; if the id has a `%`, `?` or `/`, also with its id encoded twice. For
    /// clean-up, not for checks: the encoding that the gateway needs is unknown. Not for the ids `.` and `..`.
    #[must_use]
    pub fn every_encoding(&self) -> Vec<String> {
        if let Some(target) = self.target(GatewayProfile::Unknown, UrlStyle::Plain) {
            return vec![target];
        }
        match &self.kind {
            RequestKind::Get(id) | RequestKind::Delete(id) => {
                let once = encode_query(id, UrlStyle::Plain);
                let twice = once.replace('%', "%25");
                vec![format!("/items/{once}"), format!("/items/{twice}")]
            }
            RequestKind::Put { .. } | RequestKind::List { .. } | RequestKind::NoRoute(_) => {
                Vec::new()
            }
        }
    }

    /// Returns the ids under which a service is expected to store the body, even if the body is invalid. A faulty
    /// service may store it under another id: then only the list shows the item.
    #[must_use]
    pub fn ids_to_put(&self, prefix: &str) -> Vec<String> {
        match &self.kind {
            RequestKind::Put { fields: None, .. } => vec![format!("{prefix}a")],
            RequestKind::Put {
                fields: Some(fields),
                ..
            } => {
                let ids = fields
                    .iter()
                    .filter(|(name, _)| namespacing::may_be_id(name));
                ids.filter_map(|(_, value)| match value {
                    Json::Text(id) | Json::Number(id) => Some(id.clone()),
                    Json::Null | Json::Other(_) => None,
                })
                .collect()
            }
            RequestKind::Get(_)
            | RequestKind::Delete(_)
            | RequestKind::List { .. }
            | RequestKind::NoRoute(_) => Vec::new(),
        }
    }

    /// Returns the name and the value of each header, except the content type.
    #[must_use]
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let headers = self.conditions.headers();
        headers
            .map(|(name, tags)| (name, tags.to_string()))
            .collect()
    }

    /// Returns the body and its content type.
    #[must_use]
    pub fn body(&self) -> Option<(&[u8], Option<&'static str>)> {
        match &self.kind {
            RequestKind::Put {
                body, content_type, ..
            } => Some((body, content_type.value())),
            RequestKind::Get(_)
            | RequestKind::Delete(_)
            | RequestKind::List { .. }
            | RequestKind::NoRoute(_) => None,
        }
    }

    /// Returns the names of the fields that a PUT sends.
    pub fn field_names(&self) -> impl Iterator<Item = &str> {
        let fields = match &self.kind {
            RequestKind::Put { fields, .. } => fields.as_deref().unwrap_or_default(),
            RequestKind::Get(_)
            | RequestKind::Delete(_)
            | RequestKind::List { .. }
            | RequestKind::NoRoute(_) => &[],
        };
        fields.iter().map(|(name, _)| name.as_str())
    }

    /// Returns the values of the fields of a PUT, the UTF-8 parts of a body that is not an item, the id in a path, the
    /// start key and the limit of a list, and the tags of the conditions. The message of an error response must not
    /// repeat them.
    pub fn client_strings(&self) -> impl Iterator<Item = &str> {
        let (fields, parameters) = match &self.kind {
            RequestKind::Put { fields, .. } => {
                (fields.as_deref().unwrap_or_default(), [None, None])
            }
            RequestKind::Get(id) | RequestKind::Delete(id) => (&[][..], [Some(id), None]),
            RequestKind::List { start, limit, .. } => (&[][..], [start.as_ref(), limit.as_ref()]),
            RequestKind::NoRoute(_) => (&[][..], [None, None]),
        };
        let values = fields.iter().filter_map(|(_, value)| match value {
            Json::Text(text) | Json::Number(text) | Json::Other(text) => Some(text.as_str()),
            Json::Null => None,
        });
        let raw_body = match &self.kind {
            RequestKind::Put {
                fields: None, body, ..
            } => body.as_slice(),
            RequestKind::Put { .. }
            | RequestKind::Get(_)
            | RequestKind::Delete(_)
            | RequestKind::List { .. }
            | RequestKind::NoRoute(_) => &[],
        };
        let parts_of_body = raw_body.utf8_chunks().map(|chunk| chunk.valid());
        let parameters = parameters.into_iter().flatten().map(String::as_str);
        let tags = self.conditions.headers().flat_map(|(_, tags)| match tags {
            SentTags::Any => Vec::new(),
            SentTags::List(tags) => tags.iter().map(|tag| tag.tag.as_str()).collect(),
            SentTags::Malformed(text) => vec![text.as_str()],
        });
        values.chain(parameters).chain(parts_of_body).chain(tags)
    }
}

fn to_json(fields: &[(String, Json)], style: JsonStyle) -> String {
    let gap = match style {
        JsonStyle::Spaced => " \t\r\n ",
        JsonStyle::Plain | JsonStyle::Escaped => "",
    };
    let members: Vec<_> = fields
        .iter()
        .map(|(name, value)| {
            let value = match value {
                Json::Text(text) => json_string(text, style),
                Json::Number(text) | Json::Other(text) => text.clone(),
                Json::Null => "null".to_owned(),
            };
            format!("{gap}{}{gap}:{gap}{value}{gap}", json_string(name, style))
        })
        .collect();
    format!("{gap}{{{}{gap}}}{gap}", members.join(","))
}

fn json_string(text: &str, style: JsonStyle) -> String {
    if style == JsonStyle::Escaped {
        let mut escapes = "\"".to_owned();
        for unit in text.encode_utf16() {
            let _ = write!(escapes, "\\u{unit:04x}");
        }
        escapes + "\""
    } else {
        serde_json::Value::from(text).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::operation::Id;
    use crate::toolkit::text::Text;

    #[test]
    fn every_style_has_the_same_value() {
        let fields = vec![
            ("id".to_owned(), Value::Id(Id::Text(Text::plain("\"é😀\n")))),
            ("price".to_owned(), Value::Number("1.0".to_owned())),
            ("name".to_owned(), Value::Null),
        ];
        for style in [JsonStyle::Plain, JsonStyle::Spaced, JsonStyle::Escaped] {
            let object = Object {
                fields: fields.clone(),
                style,
            };
            let request = Request::put(&object, ContentType::Json, &mut Ids::new(""));
            let (body, _) = request.body().expect("a PUT has a body");
            let read: serde_json::Value = serde_json::from_slice(body).expect("JSON");
            assert_eq!(
                read,
                serde_json::json!({"id": "\"é😀\n", "price": 1.0, "name": null})
            );
        }
    }
}
