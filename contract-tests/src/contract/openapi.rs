//! The document `openapi.json`: the responses that it declares, with their headers and bodies, and the items that it
//! allows a client to put.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::request::route;
use crate::request::url::GatewayProfile;
use crate::toolkit::http::response::Response;

/// The document, which is written by hand. Every response in a property is compared with it, so that the tests are not
/// more lenient than the document that clients read; only the body of a list with foreign items is not. Numbers are
/// compared as binary floats here, which is exact enough for the bounds of a price; the model checks their digits.
static DOCUMENT: LazyLock<Document> = LazyLock::new(|| {
    let text = include_str!("../../../docs/openapi.json");
    Document::read(serde_json::from_str(text).expect("openapi.json is JSON"))
});

/// The route key and the status of a declared response.
pub type Declared = (&'static str, u16);

struct Document {
    root: Value,
    responses: BTreeMap<(String, u16), DeclaredResponse>,
    item: Validator,
}

/// A declared response.
struct DeclaredResponse {
    headers: BTreeMap<String, DeclaredHeader>,
    /// The body; `None` if there must not be one.
    body: Option<Validator>,
}

struct DeclaredHeader {
    required: bool,
    value: Validator,
}

/// Returns the declared response of this route and status.
fn find_response(response: &Response, route: &str) -> Result<&'static DeclaredResponse, String> {
    let declared = DOCUMENT.responses.get(&(route.to_owned(), response.status));
    declared.ok_or_else(|| format!("the status {} of {route} is not declared", response.status))
}

/// Checks that the body of a response is as declared.
///
/// # Errors
/// The first place where it is not.
pub fn check_body(response: &Response, route: &str, gateway: GatewayProfile) -> Result<(), String> {
    let declared = find_response(response, route)?;
    let Some(declared_body) = &declared.body else {
        return match response.body.len() {
            0 => Ok(()),
            length => Err(format!("there is a body of {length} bytes")),
        };
    };
    let body: Value = serde_json::from_slice(&response.body)
        .map_err(|error| format!("the body is not JSON: {error}"))?;
    // The list may show foreign items, with attributes of any type; the model checks the items of this namespace.
    if gateway == GatewayProfile::Unknown && route == route::LIST && response.status == 200 {
        return Ok(());
    }
    validate(declared_body, &body).map_err(|error| format!("the body is not as declared: {error}"))
}

/// Checks that the status and the headers of a response are as declared.
///
/// # Errors
/// The first part that is not.
pub fn check_head(response: &Response, route: &str, gateway: GatewayProfile) -> Result<(), String> {
    let declared = find_response(response, route)?;
    for (name, header) in &declared.headers {
        match response.headers.get(name) {
            Some(value) => validate(&header.value, &Value::from(value.as_str()))
                .map_err(|error| format!("the header {name} is not as declared: {error}"))?,
            // Proxies in front of an unknown gateway may remove and add headers.
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

/// Returns `true` if the document allows a client to put this item.
#[must_use]
pub fn accepts_item(item: &Value) -> bool {
    DOCUMENT.item.is_valid(item)
}

/// Returns the value at this JSON pointer in the document.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn value_at(pointer: &str) -> &'static Value {
    let value = DOCUMENT.root.pointer(pointer);
    value.unwrap_or_else(|| panic!("openapi.json has nothing at {pointer}"))
}

impl Document {
    fn read(root: Value) -> Self {
        let mut responses = BTreeMap::new();
        for (path, operations) in members(&root["paths"]) {
            // Besides the methods, a path may have parameters for all of them.
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
        // The document can declare the response of an unknown route, but not the path.
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
            body: response
                .get("content")
                .map(|content| validator(root, &content["application/json"]["schema"])),
        }
    }
}

/// Returns the value that a `$ref` within the document refers to, or the value itself if it is not a `$ref`.
fn resolve_reference<'a>(root: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        None => value,
        Some(reference) => reference
            .strip_prefix('#')
            .and_then(|pointer| root.pointer(pointer))
            .unwrap_or_else(|| panic!("openapi.json has nothing at {reference}")),
    }
}

/// Compiles a schema that may refer to the document's components.
fn validator(root: &Value, schema: &Value) -> Validator {
    assert!(schema.is_object(), "openapi.json lacks a schema");
    let schema = json!({ "allOf": [schema], "components": root["components"] });
    jsonschema::draft202012::new(&schema).expect("the schemas of openapi.json are valid")
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
        let mut headers = vec![
            ("apigw-requestid", "JCJJxhz4PHcEJgQ="),
            ("content-length", "1"),
            ("content-type", "application/json"),
            ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ];
        if status == 200 {
            headers.push(("etag", "\"4YTeqN12Dctvu7pbCprAmlgq\""));
        }
        Response {
            status,
            headers: headers
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
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
