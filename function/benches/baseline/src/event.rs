//! The parts of an event that are read: the route, the id in the path, and the item in the body.

use std::borrow::Cow;
use std::error::Error;

use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event<'a> {
    #[serde(borrow)]
    pub route_key: Cow<'a, str>,
    #[serde(borrow)]
    path_parameters: Option<PathParameters<'a>>,
    #[serde(borrow)]
    body: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct PathParameters<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
}

#[derive(Deserialize)]
pub struct Item<'a> {
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    #[serde(borrow)]
    pub price: Option<&'a RawValue>,
    #[serde(borrow)]
    pub name: Option<Cow<'a, str>>,
}

impl Event<'_> {
    pub fn id(&self) -> Result<&str, &'static str> {
        self.path_parameters
            .as_ref()
            .map(|parameters| &*parameters.id)
            .ok_or("the path has no id")
    }

    pub fn item(&self) -> Result<Item<'_>, Box<dyn Error>> {
        let body = self.body.as_deref().ok_or("the request has no body")?;
        Ok(serde_json::from_str(body)?)
    }
}
