//! Where the tests run: each target can open any number of fresh environments.

use std::sync::Arc;

use local::Store;

use crate::contract::model::Exceptions;
use crate::environments::container::DynamoDbLocal;
use crate::environments::environment::{Environment, Setup};

/// One kind of environment.
#[derive(Clone, Debug)]
pub enum Target {
    /// The service on a table in this process.
    Embedded,
    /// The service in this process, on a table in `DynamoDB` Local.
    DynamoDbLocal(Arc<DynamoDbLocal>),
    /// A deployed API at this URL.
    Live(String),
}

impl Target {
    /// What the names of its tests begin with.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::DynamoDbLocal(_) => "dynamodb-local",
            Self::Live(_) => "live",
        }
    }

    /// Opens a fresh environment. What the setup says is for services that are started here.
    ///
    /// # Errors
    /// What kept it from starting.
    pub async fn open(&self, setup: &Setup) -> Result<Environment, String> {
        match self {
            Self::Embedded => Environment::start(Store::Memory, Exceptions::default(), setup).await,
            Self::DynamoDbLocal(dynamodb) => {
                let exceptions = Exceptions {
                    top_decade_refused: true,
                };
                let store = Store::Endpoint(dynamodb.endpoint().await?);
                Environment::start(store, exceptions, setup).await
            }
            Self::Live(url) => Ok(Environment::namespace(url)),
        }
    }
}
