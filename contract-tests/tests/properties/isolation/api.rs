//! An API in which others have items: they must be the same in the end, and the only ones.

use aws_sdk_dynamodb::types::AttributeValue;
use contract_tests::environments::client::Api;
use contract_tests::mutants::mutant::ALL;
use contract_tests::request::concrete::Request;
use contract_tests::request::json::Json;
use contract_tests::request::operation::ContentType;
use local::gateway::{Gateway, Handler, Settings, handler};
use local::{LocalApi, Options};
use serde_json::Value;
use tokio::runtime::Handle;

use super::BoxError;

/// What stands between the gateway and the service.
pub type Wrap<'a> = &'a dyn Fn(Handler) -> Handler;

/// The ids of others: such as a careless test would take, or take for its own.
const FOREIGN_IDS: [&str; 7] = [
    "a",
    "b",
    "1",
    "key 0",
    "secret of the caller",
    "contract-",
    "contract-00000000-0123456789a",
];

/// The planted bug of this name.
pub fn mutant(name: &str) -> Wrap<'static> {
    let mutant = ALL.iter().find(|mutant| mutant.name == name);
    &mutant.expect("a bug of this name is planted").wrap
}

/// The API.
pub struct SharedApi {
    runtime: Handle,
    /// The sound service, to look at the table with.
    original: Option<LocalApi>,
    gateway: Option<Gateway>,
    url: String,
    /// The items of others, as they are listed.
    foreign_items: Vec<Value>,
}

impl SharedApi {
    /// Starts one, with this around its service.
    pub fn start(runtime: &Handle, wrap: Option<Wrap>) -> Result<Self, BoxError> {
        runtime.block_on(async {
            let original = local::start(Options::default()).await?;
            for id in FOREIGN_IDS {
                put(&original, id).await?;
            }
            // Another writer may store what no PUT could.
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
            let gateway = Gateway::start(local::listen(0).await?, wrapped, Settings::default())?;
            Ok(Self {
                runtime: runtime.clone(),
                url: gateway.url(),
                gateway: Some(gateway),
                foreign_items: items(&original).await?,
                original: Some(original),
            })
        })
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Puts an item that is nobody's business but the test's.
    pub fn put(&self, id: &str) -> Result<(), BoxError> {
        let original = self.original.as_ref().ok_or("it is stopped")?;
        self.runtime.block_on(put(original, id))
    }

    /// Whether there are more items than those of others.
    pub fn has_new_items(&self) -> Result<bool, BoxError> {
        Ok(self.items()?.len() > self.foreign_items.len())
    }

    /// Whether the items of others are there as they were, and nothing else is.
    pub fn check_unchanged(&self) -> Result<(), BoxError> {
        let items = self.items()?;
        if items == self.foreign_items {
            Ok(())
        } else {
            Err(format!("the API is left with {items:?}").into())
        }
    }

    fn items(&self) -> Result<Vec<Value>, BoxError> {
        let original = self.original.as_ref().ok_or("it is stopped")?;
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
    let response = Api::new(&original.url()).send(&put).await;
    match response.ok_or("a PUT can be sent")?? {
        response if response.status == 200 => Ok(()),
        response => Err(format!("{response:?}").into()),
    }
}

/// All items, by id.
async fn items(original: &LocalApi) -> Result<Vec<Value>, BoxError> {
    let listed = Api::new(&original.url())
        .send(&Request::page(None, None))
        .await;
    let listed = listed.ok_or("a list can be sent")??;
    let mut page: Value = serde_json::from_slice(&listed.body)?;
    let mut items = match page["Items"].take() {
        Value::Array(items) if page.get("LastEvaluatedKey").is_none() => items,
        _ => return Err(format!("the list is {listed:?}").into()),
    };
    items.sort_by_key(|item| item["id"].to_string());
    Ok(items)
}
