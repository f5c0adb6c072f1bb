//! The four routes of the API, by the route keys under which API Gateway knows them.

/// A route of the HTTP API. API Gateway matches the request and hands over the route key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Creates an item, or replaces the whole of it.
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

    /// The route key, in API Gateway's notation.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::PutItem => "PUT /items",
            Self::GetItem => "GET /items/{id}",
            Self::ListItems => "GET /items",
            Self::DeleteItem => "DELETE /items/{id}",
        }
    }

    /// The route that has this key, compared to the letter.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|route| route.key() == key)
    }
}
