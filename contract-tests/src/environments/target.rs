//! The targets of the tests, each of which can open any number of fresh environments.

use std::sync::Arc;

use local::Store;
use tokio::time::Instant;

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
    /// A deployed API, and the budget for it.
    Deployed(Arc<Deployment>, Arc<Budget>),
}

impl Target {
    /// Returns the prefix of the names of its tests.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::DynamoDbLocal(_) => "dynamodb-local",
            Self::Deployed(..) => "deployed",
        }
    }

    /// Creates the target of a deployed API, with the full budget of one property.
    #[must_use]
    pub fn deployed(deployment: &Arc<Deployment>) -> Self {
        let budget = Budget::new(deployment.limits());
        Self::Deployed(Arc::clone(deployment), Arc::new(budget))
    }

    /// Returns the prefix of the ids of a run if there are other users, whose ids do not have it; else an empty text.
    #[must_use]
    pub fn own_prefix<'a>(&self, prefix: &'a str) -> &'a str {
        match self {
            Self::Deployed(..) => prefix,
            Self::Embedded | Self::DynamoDbLocal(_) => "",
        }
    }

    /// Returns the same target, with the full budget of a property that begins now.
    #[must_use]
    pub fn with_fresh_budget(&self) -> Self {
        match self {
            Self::Deployed(deployment, _) => Self::deployed(deployment),
            Self::Embedded | Self::DynamoDbLocal(_) => self.clone(),
        }
    }

    /// Returns the limit that is reached, if the budget is exhausted.
    #[must_use]
    pub fn exhausted(&self) -> Option<String> {
        match self {
            Self::Deployed(_, budget) => budget.exhausted(),
            Self::Embedded | Self::DynamoDbLocal(_) => None,
        }
    }

    /// Returns the end of the time that a property may take, if there is a limit.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Deployed(_, budget) => Some(budget.deadline().at),
            Self::Embedded | Self::DynamoDbLocal(_) => None,
        }
    }

    /// Opens a fresh environment. A deployed API ignores the setup.
    ///
    /// # Errors
    /// If the environment cannot be opened: the reason.
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
