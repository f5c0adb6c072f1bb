//! The document `openapi.json`: which responses it declares, with their headers and bodies, and which items it lets a
//! client put.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::request::concrete::GatewayProfile;
use crate::request::route;
use crate::toolkit::http::response::Response;

/// The document, which is written by hand: no test may be easier on the service than what its clients
/// are told. Numbers are compared as binary floats here, which the bounds of a price survive; their
/// digits are the model's to check.
static DOCUMENT: LazyLock<Document> = LazyLock::new(|| {
    let text = include_str!("../../openapi.json");
    Document::read(serde_json::from_str(text).expect("openapi.json is JSON"))
});

/// A route key and one of its statuses.
pub type Declared = (&'static str, u16);

struct Document {
    root: Value,
    responses: BTreeMap<(String, u16), DeclaredResponse>,
    item: Validator,
}

/// One declared response.
struct DeclaredResponse {
    headers: BTreeMap<String, DeclaredHeader>,
    body: Validator,
}

struct DeclaredHeader {
    required: bool,
    value: Validator,
}

/// Finds the declared response that a response must be.
fn find_response(response: &Response, route: &str) -> Result<&'static DeclaredResponse, String> {
    let declared = DOCUMENT.responses.get(&(route.to_owned(), response.status));
    declared.ok_or_else(|| format!("the status {} of {route} is not declared", response.status))
}

/// Checks that the body of a response is declared.
///
/// # Errors
/// The place where it is not.
pub fn check_body(response: &Response, route: &str, gateway: GatewayProfile) -> Result<(), String> {
    let declared = find_response(response, route)?;
    let body: Value = serde_json::from_slice(&response.body)
        .map_err(|error| format!("the body is not JSON: {error}"))?;
    // A table that others use may hold items of theirs with attributes of any type; the model reads those
    // of our own.
    if gateway == GatewayProfile::Unknown && route == route::LIST && response.status == 200 {
        return Ok(());
    }
    validate(&declared.body, &body).map_err(|error| format!("the body is not as declared: {error}"))
}

/// Checks that the status and the headers of a response are declared.
///
/// # Errors
/// The part that is not.
pub fn check_head(response: &Response, route: &str, gateway: GatewayProfile) -> Result<(), String> {
    let declared = find_response(response, route)?;
    for (name, header) in &declared.headers {
        match response.headers.get(name) {
            Some(value) => validate(&header.value, &Value::from(value.as_str()))
                .map_err(|error| format!("the header {name} is not as declared: {error}"))?,
            // Whatever is in front of an unknown gateway may take headers away, and add its own.
            None if header.required && gateway == GatewayProfile::HttpApi => {
                return Err(format!("there is no header {name}"));
            }
            None => {}
        }
    }
    let undeclared =
        |name: &&String| *name != "content-type" && !declared.headers.contains_key(*name);
    match response.headers.keys().find(undeclared) {
        Some(name) if gateway == GatewayProfile::HttpApi => {
            Err(format!("the header {name} is not declared"))
        }
        _ => Ok(()),
    }
}

/// Returns every response that the document declares.
pub fn declared() -> impl Iterator<Item = Declared> {
    let declared = DOCUMENT.responses.keys();
    declared.map(|(route, status)| (route.as_str(), *status))
}

/// Returns `true` if the document lets a client put this item.
#[must_use]
pub fn accepts_item(item: &Value) -> bool {
    DOCUMENT.item.is_valid(item)
}

/// Returns a part of the document, by its JSON pointer.
///
/// # Panics
/// If there is no such part.
#[must_use]
pub fn value_at(pointer: &str) -> &'static Value {
    let value = DOCUMENT.root.pointer(pointer);
    value.unwrap_or_else(|| panic!("openapi.json has nothing at {pointer}"))
}

impl Document {
    fn read(root: Value) -> Self {
        let mut responses = BTreeMap::new();
        for (path, operations) in members(&root["paths"]) {
            // Beside the methods there may be the parameters that all of them have.
            let operations = members(operations).filter(|(_, operation)| operation.is_object());
            for (method, operation) in operations {
                let route = format!("{} {path}", method.to_uppercase());
                for (status, response) in members(&operation["responses"]) {
                    let status = status.parse().expect("a status is a number");
                    let response = DeclaredResponse::read(&root, response);
                    responses.insert((route.clone(), status), response);
                }
            }
        }
        // The document can declare the response where there is no route, and not its path.
        let not_found = &root["components"]["responses"]["NotFound"];
        let not_found = DeclaredResponse::read(&root, not_found);
        responses.insert((route::NO_ROUTE.to_owned(), 404), not_found);
        let body = &root["paths"]["/items"]["put"]["requestBody"]["content"];
        let item = validator(&root, &body["application/json"]["schema"]);
        Self {
            root,
            responses,
            item,
        }
    }
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

impl DeclaredResponse {
    fn read(root: &Value, response: &Value) -> Self {
        let response = resolve_reference(root, response);
        let headers = members(&response["headers"]).map(|(name, header)| {
            let header = resolve_reference(root, header);
            let header = DeclaredHeader {
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
fn resolve_reference<'a>(root: &'a Value, value: &'a Value) -> &'a Value {
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

fn validate(validator: &Validator, value: &Value) -> Result<(), String> {
    validator
        .validate(value)
        .map_err(|error| format!("{} at {:?}", error.masked(), error.instance_path().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolkit::http::response::Response;

    fn response(status: u16, body: &str) -> Response {
        let headers = [
            ("apigw-requestid", "JCJJxhz4PHcEJgQ="),
            ("content-length", "1"),
            ("content-type", "application/json"),
            ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ];
        Response {
            status,
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            body: body.as_bytes().to_vec(),
        }
    }

    fn check_get(response: &Response) -> Result<(), String> {
        check_head(response, route::GET, GatewayProfile::HttpApi)?;
        check_body(response, route::GET, GatewayProfile::HttpApi)
    }

    #[test]
    fn a_declared_response_passes() {
        for body in [
            r#"{"Item":{"id":"a"}}"#,
            r#"{"Item":{"id":"a","price":99999999999999999999999999999999999999e88,"name":""}}"#,
        ] {
            assert_eq!(check_get(&response(200, body)), Ok(()), "{body}");
        }
        assert_eq!(check_get(&response(404, r#"{"message":"m"}"#)), Ok(()));
    }

    #[test]
    fn an_undeclared_status_body_or_header_fails() {
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
            assert!(
                check_get(&response(status, body)).is_err(),
                "{status} {body}"
            );
        }
        let declared = response(200, r#"{"Item":{"id":"a"}}"#);
        let mut extra = declared.clone();
        extra.headers.insert("server".to_owned(), "x".to_owned());
        assert!(check_get(&extra).is_err());
        let mut missing = declared.clone();
        missing.headers.remove("apigw-requestid");
        assert!(check_get(&missing).is_err());
        let mut wrong_delay = response(503, r#"{"message":"m"}"#);
        wrong_delay
            .headers
            .insert("retry-after".to_owned(), "2".to_owned());
        assert!(check_get(&wrong_delay).is_err());
    }

    #[test]
    fn every_object_is_closed_and_no_response_is_a_default() {
        fn check_closed(value: &Value) {
            if value["type"] == "object" {
                assert_eq!(value["additionalProperties"], false, "{value}");
            }
            assert!(value.get("default").is_none(), "{value}");
            let members = value
                .as_object()
                .into_iter()
                .flat_map(|object| object.values());
            let elements = value.as_array().into_iter().flatten();
            members.chain(elements).for_each(check_closed);
        }
        check_closed(&DOCUMENT.root);
    }
}
