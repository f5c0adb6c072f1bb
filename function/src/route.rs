//! The four routes of the API, identified by API Gateway's route keys.

/// A route of the HTTP API. API Gateway matches the request and passes the route key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Creates an item, or replaces it completely.
    PutItem,
    /// Reads one item.
    GetItem,
    /// Lists the items, page by page.
    ListItems,
    /// Deletes an item, if there is one.
    DeleteItem,
}

impl Route {
    /// Every route, as the HTTP API must declare them.
    pub const ALL: [Self; 4] = [
        Self::PutItem,
        Self::GetItem,
        Self::ListItems,
        Self::DeleteItem,
    ];

    /// Returns the route key, in API Gateway's notation.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::PutItem => "PUT /items",
            Self::GetItem => "GET /items/{id}",
            Self::ListItems => "GET /items",
            Self::DeleteItem => "DELETE /items/{id}",
        }
    }

    /// Returns the route with exactly this key.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|route| route.key() == key)
    }
}
