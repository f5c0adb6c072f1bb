//! The check of a request's head: its size, and the route that its method and path match.

use std::collections::BTreeMap;

use function::Route;
use hyper::http::request;

use super::decode;
use super::error::GatewayError;

/// The maximum size of the request line and the header values together, in bytes (API Gateway's quota).
const MAX_HEAD_BYTES: usize = 10_240;

/// The route that a head matches. It exists only for a head within the size limit.
#[derive(Debug)]
pub(super) struct RouteMatch {
    pub route: Route,
    /// The whole path, decoded.
    pub path: String,
    /// The path parameters, by name.
    pub parameters: BTreeMap<&'static str, String>,
}

impl RouteMatch {
    pub fn find(head: &request::Parts) -> Result<Self, GatewayError> {
        if size(head) > MAX_HEAD_BYTES {
            return Err(GatewayError::HeadTooLarge);
        }
        let path = decode::path(head.uri.path())?;
        let (route, parameters) =
            match_route(head.method.as_str(), &path).ok_or(GatewayError::NoRoute)?;
        Ok(Self {
            route,
            path,
            parameters,
        })
    }
}

fn size(head: &request::Parts) -> usize {
    // The request line is the method, the target and "HTTP/1.1", with a space between each.
    let target = head
        .uri
        .path_and_query()
        .map_or(0, |target| target.as_str().len());
    let line = head.method.as_str().len() + 1 + target + 1 + "HTTP/1.1".len();
    let values = head.headers.values().map(|value| value.as_bytes().len());
    line + values.sum::<usize>()
}

/// Returns the route of a method and a decoded path.
///
/// It is not known if a real HTTP API looks for the route before or after it decodes the path. This gateway
/// decodes first: `/items/a%2Fb` has three segments and no route, and `/items%2Fa` has the route of an item. AWS
/// may respond differently to a path with an encoded `/` or an encoded letter of `items`.
fn match_route(method: &str, path: &str) -> Option<(Route, BTreeMap<&'static str, String>)> {
    Route::ALL.into_iter().find_map(|route| {
        let (route_method, template) = route.key().split_once(' ')?;
        (route_method == method).then_some(())?;
        Some((route, parameters(template, path)?))
    })
}

fn parameters(template: &'static str, path: &str) -> Option<BTreeMap<&'static str, String>> {
    let mut parameters = BTreeMap::new();
    let mut segments = path.split('/');
    for expected in template.split('/') {
        let segment = segments.next()?;
        match expected
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'))
        {
            Some(name) if !segment.is_empty() => {
                parameters.insert(name, segment.to_owned());
            }
            None if segment == expected => {}
            _ => return None,
        }
    }
    segments.next().is_none().then_some(parameters)
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn find(method: &str, uri: &str) -> Result<RouteMatch, GatewayError> {
        let request = Request::builder().method(method).uri(uri).body(());
        RouteMatch::find(&request.expect("a request").into_parts().0)
    }

    #[test]
    fn every_route_is_found_by_its_method_and_path() {
        for (method, path, route, id) in [
            ("PUT", "/items", Route::PutItem, None),
            ("GET", "/items", Route::ListItems, None),
            ("GET", "/items?limit=1", Route::ListItems, None),
            ("GET", "/items/a", Route::GetItem, Some("a")),
            ("GET", "/items/a%2525b", Route::GetItem, Some("a%b")),
            ("DELETE", "/items/a+b", Route::DeleteItem, Some("a+b")),
            // A decoded `?` ends the path.
            ("DELETE", "/items/a%3Fb", Route::DeleteItem, Some("a")),
        ] {
            let found = find(method, path).expect(path);
            assert_eq!(found.route, route, "{path}");
            assert_eq!(found.parameters.get("id").map(String::as_str), id, "{path}");
        }
    }

    #[test]
    fn other_methods_and_paths_have_no_route() {
        for (method, path) in [
            ("POST", "/items"),
            ("HEAD", "/items"),
            ("OPTIONS", "*"),
            ("put", "/items"),
            ("PUT", "/items/a"),
            ("GET", "/"),
            ("GET", "/Items"),
            ("GET", "/items/"),
            ("GET", "/items/%3Fa"),
            ("GET", "/items//"),
            ("GET", "//items"),
            ("GET", "/items/a/"),
            ("GET", "/items/a/b"),
            ("GET", "/items/a%2Fb"),
            ("GET", "/items/a%252Fb"),
        ] {
            assert!(
                matches!(find(method, path), Err(GatewayError::NoRoute)),
                "{method} {path}"
            );
        }
    }

    #[test]
    fn a_head_has_at_most_10240_bytes() {
        let empty_length = "GET /items/ HTTP/1.1".len();
        let path = |size: usize| format!("/items/{}", "a".repeat(size - empty_length));
        assert!(find("GET", &path(10_240)).is_ok());
        assert!(matches!(
            find("GET", &path(10_241)),
            Err(GatewayError::HeadTooLarge)
        ));
    }
}
