//! The route keys of the API, as the tests know them: `definitions.rs` compares them with the service's.

/// Creates an item, or replaces the whole of it.
pub const PUT: &str = "PUT /items";
/// Reads one item.
pub const GET: &str = "GET /items/{id}";
/// Lists the items, page by page.
pub const LIST: &str = "GET /items";
/// Deletes an item, if there is one.
pub const DELETE: &str = "DELETE /items/{id}";

/// Every route.
pub const ALL: [&str; 4] = [PUT, GET, LIST, DELETE];

/// The route key of what no route takes.
pub const NO_ROUTE: &str = "no route";
