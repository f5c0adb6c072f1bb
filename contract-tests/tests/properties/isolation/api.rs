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
const OTHERS: [&str; 7] = [
    "a",
    "b",
    "1",
    "key 0",
    "secret of the caller",
    "contract-",
    "contract-00000000-0123456789a",
];

/// The planted bug of this name.
pub fn planted(name: &str) -> Wrap<'static> {
    let bug = ALL.iter().find(|bug| bug.name == name);
    &bug.expect("a bug of this name is planted").wrap
}

/// The API.
pub struct Shared {
    runtime: Handle,
    /// The sound service, to look at the table with.
    sound: Option<LocalApi>,
    gateway: Option<Gateway>,
    url: String,
    /// The items of others, as they are listed.
    others: Vec<Value>,
}

impl Shared {
    /// Starts one, with this around its service.
    pub fn start(runtime: &Handle, wrap: Option<Wrap>) -> Result<Self, BoxError> {
        runtime.block_on(async {
            let sound = local::start(Options::default()).await?;
            for id in OTHERS {
                put(&sound, id).await?;
            }
            // Another writer may store what no PUT could.
            let table = sound.table();
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
                others: items(&sound).await?,
                sound: Some(sound),
            })
        })
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Puts an item that is nobody's business but the test's.
    pub fn put(&self, id: &str) -> Result<(), BoxError> {
        let sound = self.sound.as_ref().ok_or("it is stopped")?;
        self.runtime.block_on(put(sound, id))
    }

    /// Whether there are more items than those of others.
    pub fn has_more(&self) -> Result<bool, BoxError> {
        Ok(self.items()?.len() > self.others.len())
    }

    /// Whether the items of others are there as they were, and nothing else is.
    pub fn is_as_it_was(&self) -> Result<(), BoxError> {
        let items = self.items()?;
        if items == self.others {
            Ok(())
        } else {
            Err(format!("the API is left with {items:?}").into())
        }
    }

    fn items(&self) -> Result<Vec<Value>, BoxError> {
        let sound = self.sound.as_ref().ok_or("it is stopped")?;
        self.runtime.block_on(items(sound))
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.runtime.block_on(async {
            if let Some(gateway) = self.gateway.take() {
                gateway.stop().await;
            }
            if let Some(sound) = self.sound.take() {
                sound.stop().await;
            }
        });
    }
}

async fn put(sound: &LocalApi, id: &str) -> Result<(), BoxError> {
    let fields = vec![("id".to_owned(), Json::Text(id.to_owned()))];
    let put = Request::put_fields(fields, ContentType::Json);
    let response = Api::new(&sound.url()).send(&put).await;
    match response.ok_or("a PUT can be sent")?? {
        response if response.status == 200 => Ok(()),
        response => Err(format!("{response:?}").into()),
    }
}

/// All items, by id.
async fn items(sound: &LocalApi) -> Result<Vec<Value>, BoxError> {
    let listed = Api::new(&sound.url())
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
