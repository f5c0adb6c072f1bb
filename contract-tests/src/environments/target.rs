//! Where the tests run: each target can open any number of fresh environments.

use std::sync::Arc;

use local::Store;

use crate::contract::model::KnownDeviations;
use crate::deployed::Deployment;
use crate::deployed::session::Session;
use crate::environments::environment::{Environment, Setup};
use crate::toolkit::deployed::limits::Budget;
use crate::toolkit::dynamodb::container::DynamoDbLocal;

/// One kind of environment.
#[derive(Clone, Debug)]
pub enum Target {
    /// The service on a table in this process.
    Embedded,
    /// The service in this process, on a table in `DynamoDB` Local.
    DynamoDbLocal(Arc<DynamoDbLocal>),
    /// A deployed API, and what may be spent there.
    Deployed(Arc<Deployment>, Arc<Budget>),
}

impl Target {
    /// What the names of its tests begin with.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::DynamoDbLocal(_) => "dynamodb-local",
            Self::Deployed(..) => "deployed",
        }
    }

    /// A deployed API, with all that its limits allow for one property.
    #[must_use]
    pub fn deployed(deployment: &Arc<Deployment>) -> Self {
        let budget = Budget::new(deployment.limits());
        Self::Deployed(Arc::clone(deployment), Arc::new(budget))
    }

    /// The same, with all that its limits allow for one property that begins now.
    #[must_use]
    pub fn with_fresh_budget(&self) -> Self {
        match self {
            Self::Deployed(deployment, _) => Self::deployed(deployment),
            Self::Embedded | Self::DynamoDbLocal(_) => self.clone(),
        }
    }

    /// Why no more cases can be tried, if that is so.
    #[must_use]
    pub fn exhausted(&self) -> Option<String> {
        match self {
            Self::Deployed(_, budget) => budget.exhausted(),
            Self::Embedded | Self::DynamoDbLocal(_) => None,
        }
    }

    /// Opens a fresh environment. What the setup says is for services that are started here.
    ///
    /// # Errors
    /// What kept it from starting.
    pub async fn open(&self, setup: &Setup) -> Result<Environment, String> {
        match self {
            Self::Embedded => {
                Environment::start(Store::Memory, KnownDeviations::default(), setup).await
            }
            Self::DynamoDbLocal(dynamodb) => {
                let deviations = KnownDeviations {
                    refuses_from_1e125: true,
                };
                let store = Store::Endpoint(dynamodb.endpoint().await?);
                Environment::start(store, deviations, setup).await
            }
            Self::Deployed(deployment, budget) => Ok(Environment::deployed(
                Session::open(deployment, budget).await?,
            )),
        }
    }
}
