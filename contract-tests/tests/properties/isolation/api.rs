//! An API that holds foreign items. A run must leave them unchanged, and must not leave any of its own.

use std::net::Ipv4Addr;

use aws_sdk_dynamodb::types::AttributeValue;
use contract_tests::contract::leaks::PrivateNames;
use contract_tests::environments::client::Api;
use contract_tests::mutants::mutant::Mutant;
use contract_tests::request::concrete::Request;
use contract_tests::request::json::Json;
use contract_tests::request::operation::ContentType;
use local::gateway::{Gateway, Handler, Settings, handler};
use local::{LocalApi, Options};
use serde_json::Value;
use tokio::runtime::Handle;

use super::BoxError;

/// The middleware between the gateway and the service.
pub type Wrap<'a> = &'a dyn Fn(Handler) -> Handler;

/// The ids of the foreign items: ids that a careless test would use, or would take for those of its run.
const FOREIGN_IDS: [&str; 7] = [
    "a",
    "b",
    "1",
    "key 0",
    "secret of the caller",
    "contract-",
    "contract-00000000-0123456789a",
];

/// Returns the middleware that makes the service the mutant of this name.
pub fn mutant(name: &str) -> Wrap<'static> {
    let wrapper = Mutant::named(name).and_then(Mutant::wrapper);
    wrapper.expect("there is a mutant of this name with a wrapper")
}

/// An API that holds foreign items.
pub struct SharedApi {
    runtime: Handle,
    /// The API without the middleware, for access to the table.
    original: Option<LocalApi>,
    gateway: Option<Gateway>,
    url: String,
    /// The foreign items, as the list shows them.
    foreign_items: Vec<Value>,
}

impl SharedApi {
    /// Starts the API, with this middleware in front of its service.
    pub fn start(runtime: &Handle, wrap: Option<Wrap>) -> Result<Self, BoxError> {
        runtime.block_on(async {
            let original = local::start(Options::default()).await?;
            for id in FOREIGN_IDS {
                put(&original, id).await?;
            }
            // Another writer may store an item that no PUT could.
            let table = original.table();
            let put = table.client().put_item().table_name(table.name());
            let price = AttributeValue::L(vec![AttributeValue::Bool(true)]);
            let id = AttributeValue::S("of another writer".to_owned());
            put.item("id", id).item("price", price).send().await?;

            let service = table.service();
            let plain = handler(move |event| {
                let service = service.clone();
                async move { service.handle(event).await }
            });
            let wrapped = wrap.map_or(Handler::clone(&plain), |wrap| wrap(plain));
            let gateway = Gateway::start(
                local::listen(Ipv4Addr::LOCALHOST.into(), 0).await?,
                wrapped,
                Settings::default(),
            )?;
            Ok(Self {
                runtime: runtime.clone(),
                url: gateway.url(),
                gateway: Some(gateway),
                foreign_items: items(&original).await?,
                original: Some(original),
            })
        })
    }

    /// Returns the URL of the API.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Puts an item into the table, without the middleware.
    pub fn put(&self, id: &str) -> Result<(), BoxError> {
        let original = self.original.as_ref().ok_or("the API is stopped")?;
        self.runtime.block_on(put(original, id))
    }

    /// Returns `true` if there are more items than the foreign ones.
    pub fn has_new_items(&self) -> Result<bool, BoxError> {
        Ok(self.items()?.len() > self.foreign_items.len())
    }

    /// Returns an error unless the foreign items are unchanged, and there are no other items.
    pub fn check_unchanged(&self) -> Result<(), BoxError> {
        let items = self.items()?;
        if items == self.foreign_items {
            Ok(())
        } else {
            Err(format!("the API is left with {items:?}").into())
        }
    }

    fn items(&self) -> Result<Vec<Value>, BoxError> {
        let original = self.original.as_ref().ok_or("the API is stopped")?;
        self.runtime.block_on(items(original))
    }
}

impl Drop for SharedApi {
    fn drop(&mut self) {
        self.runtime.block_on(async {
            if let Some(gateway) = self.gateway.take() {
                gateway.stop().await;
            }
            if let Some(original) = self.original.take() {
                original.stop().await;
            }
        });
    }
}

async fn put(original: &LocalApi, id: &str) -> Result<(), BoxError> {
    let fields = vec![("id".to_owned(), Json::Text(id.to_owned()))];
    let put = Request::put_fields(fields, ContentType::Json);
    let response = Api::new(&original.url(), PrivateNames::default())
        .send(&put)
        .await;
    match response.ok_or("the PUT cannot be sent")?? {
        response if response.status == 200 => Ok(()),
        response => Err(format!("{response:?}").into()),
    }
}

/// Returns all items, sorted by id.
async fn items(original: &LocalApi) -> Result<Vec<Value>, BoxError> {
    let listed = Api::new(&original.url(), PrivateNames::default())
        .send(&Request::page(None, None))
        .await;
    let listed = listed.ok_or("the list cannot be sent")??;
    let mut page: Value = serde_json::from_slice(&listed.body)?;
    let mut items = match page["Items"].take() {
        Value::Array(items) if page.get("LastEvaluatedKey").is_none() => items,
        _ => return Err(format!("the list is {listed:?}").into()),
    };
    items.sort_by_key(|item| item["id"].to_string());
    Ok(items)
}
