//! The isolated environment of one case: a separate service, or a separate namespace of a deployed API.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use function::{Service, connector};
use local::Store;
use local::gateway::{self, Handler, Settings};
use local::table::Table;

use crate::contract::model::KnownDeviations;
use crate::deployed::session::Session;
use crate::environments::client::Api;
use crate::toolkit::dynamodb::proxy::{Filter, Proxy};
use crate::toolkit::random::unique_prefix;

/// The options with which a service is started.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The wrapper that makes the service a mutant.
    pub wrap: Option<fn(Handler) -> Handler>,
    /// The mutation of the path and query of each request, before the gateway receives it.
    pub rewrite_target: Option<fn(String) -> String>,
    /// The mutation of the injected faulty responses before the service reads them. It has no effect without a proxy.
    pub filter: Option<Filter>,
    /// The prefix of every id; empty by default.
    pub prefix: String,
    /// `true` if a proxy that can inject faults stands between the service and its table.
    pub proxied: bool,
    /// The endpoint at which the service looks for its table, if not the true one.
    pub endpoint: Option<&'static str>,
    /// The time limit of one invocation.
    pub time_limit: Duration,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            wrap: None,
            rewrite_target: None,
            filter: None,
            prefix: String::new(),
            proxied: false,
            endpoint: None,
            time_limit: Duration::from_secs(10),
        }
    }
}

impl Setup {
    /// Returns `true` if the service is the original, not a mutant.
    #[must_use]
    pub fn is_original(&self) -> bool {
        self.wrap.is_none() && self.rewrite_target.is_none() && self.filter.is_none()
    }
}

/// An environment that no other test disturbs. Closing it tries to remove its table or its items.
pub struct Environment {
    api: Api,
    prefix: String,
    deviations: KnownDeviations,
    running: Option<Running>,
}

struct Running {
    gateway: gateway::Gateway,
    table: Table,
    /// `true` if the table is in a `DynamoDB` that outlives the environment.
    shared_dynamodb: bool,
    proxy: Option<Proxy>,
}

impl Environment {
    /// Starts a service on a new table in this store.
    ///
    /// # Errors
    /// If the table, the proxy or the gateway cannot be started: the reason.
    pub async fn start(
        store: Store,
        deviations: KnownDeviations,
        setup: &Setup,
    ) -> Result<Self, String> {
        let failed = |error: &dyn std::error::Error| format!("failed to {error}");
        let shared_dynamodb = matches!(store, Store::Endpoint(_));
        let (store, proxy) = if setup.proxied {
            let proxy = Proxy::start(&store, setup.filter).await?;
            (Store::Endpoint(proxy.url()), Some(proxy))
        } else {
            (store, None)
        };
        let name = format!("contract-tests-{}", unique_prefix());
        let table = Table::open(&store, &name)
            .await
            .map_err(|error| failed(&error))?;
        let service = match setup.endpoint {
            None => table.service(),
            Some(endpoint) => {
                let config = table
                    .client()
                    .config()
                    .to_builder()
                    .endpoint_url(endpoint)
                    // The client of a table in this process ignores the endpoint: it opens no connection.
                    .http_client(connector::http_client(connector::roots()))
                    .build();
                Service::new(function::table::Table::new(
                    Client::from_conf(config),
                    &name,
                ))
            }
        };
        let handler = gateway::handler(move |event| {
            let service = service.clone();
            async move { service.handle(event).await }
        });
        let handler = match setup.wrap {
            Some(wrap) => wrap(handler),
            None => handler,
        };
        let settings = Settings {
            function_timeout: setup.time_limit,
            ..Settings::default()
        };
        let listener = local::listen(0).await.map_err(|error| failed(&error))?;
        let gateway =
            gateway::Gateway::start(listener, handler, settings).map_err(|error| failed(&error))?;
        Ok(Self {
            api: Api::rewriting(&gateway.url(), setup.rewrite_target),
            prefix: setup.prefix.clone(),
            deviations,
            running: Some(Running {
                gateway,
                table,
                shared_dynamodb,
                proxy,
            }),
        })
    }

    /// Creates the environment of a session with a deployed API.
    #[must_use]
    pub fn deployed(session: Session) -> Self {
        Self {
            prefix: session.namespace().to_owned(),
            api: Api::deployed(session),
            deviations: KnownDeviations::default(),
            running: None,
        }
    }

    /// Returns the API under test.
    #[must_use]
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// Returns the prefix that every id must have.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Returns the known deviations of its table from `DynamoDB`.
    #[must_use]
    pub fn known_deviations(&self) -> KnownDeviations {
        self.deviations
    }

    /// Returns the proxy between the service and its table, if there is one.
    #[must_use]
    pub fn proxy(&self) -> Option<&Proxy> {
        self.running.as_ref()?.proxy.as_ref()
    }

    /// Stops the service, and removes its table from a shared `DynamoDB`, or its items from a deployed API.
    pub async fn close(self) {
        if let Some(session) = self.api.session() {
            session.close().await;
        }
        let Some(running) = self.running else { return };
        running.gateway.stop().await;
        if running.shared_dynamodb {
            let client = running.table.client();
            // A table that is left behind is harmless: its name is never used again.
            let _ = client
                .delete_table()
                .table_name(running.table.name())
                .send()
                .await;
        }
        if let Some(proxy) = running.proxy {
            proxy.stop().await;
        }
    }
}
