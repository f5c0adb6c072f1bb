//! Whether an answer is one that `openapi.json` declares: its status, its headers and its body.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::request::call::{Call, Gateway};
use crate::toolkit::http::answer::Answer;

/// The document, which is written by hand: no test may be easier on the service than what its clients
/// are told. Numbers are compared as binary floats here, which the bounds of a price survive; their
/// digits are the model's to check.
static DOCUMENT: LazyLock<Document> = LazyLock::new(|| {
    let text = include_str!("../../openapi.json");
    Document::read(&serde_json::from_str(text).expect("openapi.json is JSON"))
});

/// A route key and one of its statuses.
pub type Declared = (&'static str, u16);

/// The operations of the document, with the route keys that a gateway has for them.
const OPERATIONS: [(&str, &str, &str); 4] = [
    ("GET /items", "/items", "get"),
    ("PUT /items", "/items", "put"),
    ("GET /items/{id}", "/items/{id}", "get"),
    ("DELETE /items/{id}", "/items/{id}", "delete"),
];

/// The route key of what no route takes; the document can declare its answer, and not its path.
pub const NO_ROUTE: &str = "no route";

struct Document {
    responses: BTreeMap<Declared, Response>,
}

/// One declared response.
struct Response {
    headers: BTreeMap<String, Header>,
    body: Validator,
}

struct Header {
    required: bool,
    value: Validator,
}

/// Holds an answer against the document.
///
/// # Errors
/// What is not declared of it, in words.
pub fn check(answer: &Answer, call: &Call, gateway: Gateway) -> Result<(), String> {
    let route = route_key(call);
    let Some(response) = DOCUMENT.responses.get(&(route, answer.status)) else {
        return Err(format!(
            "the status {} of {route} is not declared",
            answer.status
        ));
    };
    let body: Value = serde_json::from_slice(&answer.body)
        .map_err(|error| format!("the body is not JSON: {error}"))?;
    // A table that others use may hold items of theirs with attributes of any type; the model reads those
    // of our own.
    let shared = gateway == Gateway::Unknown && matches!(call, Call::List { .. });
    if answer.status != 200 || !shared {
        valid(&response.body, &body)
            .map_err(|wrong| format!("the body is not as declared: {wrong}"))?;
    }

    for (name, header) in &response.headers {
        match answer.headers.get(name) {
            Some(value) => valid(&header.value, &Value::from(value.as_str()))
                .map_err(|wrong| format!("the header {name} is not as declared: {wrong}"))?,
            // Whatever is in front of an unknown gateway may take headers away, and add its own.
            None if header.required && gateway == Gateway::DecodesTwice => {
                return Err(format!("there is no header {name}"));
            }
            None => {}
        }
    }
    let undeclared =
        |name: &&String| *name != "content-type" && !response.headers.contains_key(*name);
    match answer.headers.keys().find(undeclared) {
        Some(name) if gateway == Gateway::DecodesTwice => {
            Err(format!("the header {name} is not declared"))
        }
        _ => Ok(()),
    }
}

/// Every answer that the document declares.
pub fn declared() -> impl Iterator<Item = Declared> {
    DOCUMENT.responses.keys().copied()
}

/// The route key that a call has.
#[must_use]
pub fn route_key(call: &Call) -> &'static str {
    match call {
        Call::Get(id) | Call::Delete(id) if id.is_empty() => NO_ROUTE,
        Call::Put { .. } => "PUT /items",
        Call::Get(_) => "GET /items/{id}",
        Call::Delete(_) => "DELETE /items/{id}",
        Call::List { .. } => "GET /items",
        Call::NoRoute(_) => NO_ROUTE,
    }
}

impl Document {
    fn read(root: &Value) -> Self {
        let mut responses = BTreeMap::new();
        for (route, path, method) in OPERATIONS {
            let declared = root["paths"][path][method]["responses"]
                .as_object()
                .unwrap_or_else(|| panic!("openapi.json has no responses of {route}"));
            for (status, response) in declared {
                let status = status
                    .parse()
                    .unwrap_or_else(|_| panic!("{route} declares {status:?}, which is no status"));
                responses.insert((route, status), Response::read(root, response));
            }
        }
        let not_found = &root["components"]["responses"]["NotFound"];
        responses.insert((NO_ROUTE, 404), Response::read(root, not_found));
        Self { responses }
    }
}

impl Response {
    fn read(root: &Value, response: &Value) -> Self {
        let response = followed(root, response);
        let headers = response["headers"].as_object().into_iter().flatten();
        let headers = headers.map(|(name, header)| {
            let header = followed(root, header);
            let header = Header {
                required: header["required"] == true,
                value: validator(root, &header["schema"]),
            };
            (name.clone(), header)
        });
        Self {
            headers: headers.collect(),
            body: validator(root, &response["content"]["application/json"]["schema"]),
        }
    }
}

/// What a reference within the document stands for, or what stands there itself.
fn followed<'a>(root: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        None => value,
        Some(reference) => reference
            .strip_prefix('#')
            .and_then(|pointer| root.pointer(pointer))
            .unwrap_or_else(|| panic!("openapi.json has nothing at {reference}")),
    }
}

/// A validator of a schema that may refer to the document's components.
fn validator(root: &Value, schema: &Value) -> Validator {
    assert!(schema.is_object(), "openapi.json lacks a schema");
    let schema = json!({ "allOf": [schema], "components": root["components"] });
    jsonschema::draft202012::new(&schema).expect("the schemas of openapi.json are sound")
}

fn valid(validator: &Validator, value: &Value) -> Result<(), String> {
    validator
        .validate(value)
        .map_err(|error| format!("{} at {:?}", error.masked(), error.instance_path().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolkit::http::answer::Answer;

    fn answer(status: u16, body: &str) -> Answer {
        let headers = [
            ("apigw-requestid", "JCJJxhz4PHcEJgQ="),
            ("content-length", "1"),
            ("content-type", "application/json"),
            ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ];
        Answer {
            status,
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            body: body.as_bytes().to_vec(),
        }
    }

    fn of_get(answer: &Answer) -> Result<(), String> {
        check(answer, &Call::Get("a".to_owned()), Gateway::DecodesTwice)
    }

    #[test]
    fn what_is_declared_passes() {
        for body in [
            r#"{"Item":{"id":"a"}}"#,
            r#"{"Item":{"id":"a","price":99999999999999999999999999999999999999e88,"name":""}}"#,
        ] {
            assert_eq!(of_get(&answer(200, body)), Ok(()), "{body}");
        }
        assert_eq!(of_get(&answer(404, r#"{"message":"m"}"#)), Ok(()));
    }

    #[test]
    fn no_other_status_body_or_header_does() {
        for (status, body) in [
            (200, r#"{"Item":{"id":"a","colour":1}}"#),
            (200, r#"{"Item":{"id":"a","price":"1"}}"#),
            (200, r#"{"Item":{"id":"a","price":null}}"#),
            (200, r#"{"Item":{"id":"a"},"more":1}"#),
            (200, r#"{"Item":{}}"#),
            (200, ""),
            (404, r#"{"message":""}"#),
            (413, r#"{"message":"m"}"#),
            (201, r#"{"Item":{"id":"a"}}"#),
        ] {
            assert!(of_get(&answer(status, body)).is_err(), "{status} {body}");
        }
        let fine = answer(200, r#"{"Item":{"id":"a"}}"#);
        let mut more = fine.clone();
        more.headers.insert("server".to_owned(), "x".to_owned());
        assert!(of_get(&more).is_err());
        let mut less = fine.clone();
        less.headers.remove("apigw-requestid");
        assert!(of_get(&less).is_err());
        let mut later = answer(503, r#"{"message":"m"}"#);
        later
            .headers
            .insert("retry-after".to_owned(), "2".to_owned());
        assert!(of_get(&later).is_err());
    }

    #[test]
    fn every_object_is_closed_and_no_answer_is_left_to_a_default() {
        fn look(value: &Value) {
            if value["type"] == "object" {
                assert_eq!(value["additionalProperties"], false, "{value}");
            }
            assert!(value.get("default").is_none(), "{value}");
            let members = value
                .as_object()
                .into_iter()
                .flat_map(|object| object.values());
            let elements = value.as_array().into_iter().flatten();
            members.chain(elements).for_each(look);
        }
        let document: Value =
            serde_json::from_str(include_str!("../../openapi.json")).expect("JSON");
        look(&document);
        let operations = document["paths"].as_object().expect("paths").values();
        let methods = operations.flat_map(|path| path.as_object().expect("operations").keys());
        assert_eq!(
            methods.filter(|method| *method != "parameters").count(),
            OPERATIONS.len(),
            "every operation is checked"
        );
    }
}
