//! The route keys of the API, repeated for the tests. `tests::definitions` compares them with the service's.

/// Creates an item, or replaces the whole item.
pub const PUT: &str = "PUT /items";
/// Reads one item.
pub const GET: &str = "GET /items/{id}";
/// Lists the items, page by page.
pub const LIST: &str = "GET /items";
/// Deletes an item, if there is one.
pub const DELETE: &str = "DELETE /items/{id}";

/// Every route.
pub const ALL: [&str; 4] = [PUT, GET, LIST, DELETE];

/// The label of a request that matches no route, in place of a route key.
pub const NO_ROUTE: &str = "no route";

/// Returns the route key that a method and a path match, or [`NO_ROUTE`].
#[must_use]
pub fn of(method: &str, path: &str) -> &'static str {
    let path = path.split('?').next().unwrap_or_default();
    let is_route = |route: &&str| {
        let template = route
            .strip_prefix(method)
            .and_then(|route| route.strip_prefix(' '));
        template.is_some_and(|template| match template.strip_suffix("{id}") {
            Some(prefix) => path
                .strip_prefix(prefix)
                .is_some_and(|id| !id.is_empty() && !id.contains('/')),
            None => path == template,
        })
    };
    ALL.into_iter().find(is_route).unwrap_or(NO_ROUTE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_one_route_or_none() {
        for (method, path, route) in [
            ("PUT", "/items", PUT),
            ("GET", "/items/a", GET),
            ("GET", "/items?limit=1", LIST),
            ("DELETE", "/items/a%2Fb?x=/", DELETE),
            ("GET", "/items/", NO_ROUTE),
            ("GET", "/items/a/b", NO_ROUTE),
            ("PUT", "/items/a", NO_ROUTE),
            ("G", "/items", NO_ROUTE),
        ] {
            assert_eq!(of(method, path), route, "{method} {path}");
        }
    }
}
