//! A place for one sequence: a service of its own, or a namespace of its own on a shared one.

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

/// What a service is started with.
#[derive(Clone, Debug)]
pub struct Setup {
    /// A faulty service around the sound one, to see that it is noticed.
    pub wrap: Option<fn(Handler) -> Handler>,
    /// A fault in how it reads its table's responses.
    pub filter: Option<Filter>,
    /// What every id begins with; nothing, unless it is to be seen whether that matters.
    pub prefix: String,
    /// Whether a proxy stands between it and its table, which may be told to do harm.
    pub proxied: bool,
    /// Where the service looks for its table, if not where it is.
    pub endpoint: Option<&'static str>,
    /// The time limit of one invocation.
    pub time_limit: Duration,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            wrap: None,
            filter: None,
            prefix: String::new(),
            proxied: false,
            endpoint: None,
            time_limit: Duration::from_secs(10),
        }
    }
}

impl Setup {
    /// Returns `true` if the service is the sound one.
    #[must_use]
    pub fn is_original(&self) -> bool {
        self.wrap.is_none() && self.filter.is_none()
    }
}

/// A place that nothing else disturbs, and which nothing of is left once it is closed.
pub struct Environment {
    api: Api,
    prefix: String,
    deviations: KnownDeviations,
    running: Option<Running>,
}

struct Running {
    gateway: gateway::Gateway,
    table: Table,
    /// Whether the table would stay behind in a `DynamoDB` that others use.
    shared_dynamodb: bool,
    proxy: Option<Proxy>,
}

impl Environment {
    /// A service on a new table in this store.
    ///
    /// # Errors
    /// What kept it from starting.
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
                    // A table in this process is asked without any connection, wherever its endpoint is.
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
            api: Api::new(&gateway.url()),
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

    /// A namespace of its own in an API that others use too.
    #[must_use]
    pub fn deployed(session: Session) -> Self {
        Self {
            prefix: session.namespace().to_owned(),
            api: Api::deployed(session),
            deviations: KnownDeviations::default(),
            running: None,
        }
    }

    /// The API to ask.
    #[must_use]
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// What every id must begin with.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// What its table is known to do otherwise.
    #[must_use]
    pub fn known_deviations(&self) -> KnownDeviations {
        self.deviations
    }

    /// What stands between the service and its table, if anything does.
    #[must_use]
    pub fn proxy(&self) -> Option<&Proxy> {
        self.running.as_ref()?.proxy.as_ref()
    }

    /// Stops what was started, and removes the table from a `DynamoDB` that goes on, or the items from
    /// an API that does.
    pub async fn close(self) {
        if let Some(session) = self.api.session() {
            session.close().await;
        }
        let Some(running) = self.running else { return };
        running.gateway.stop().await;
        if running.shared_dynamodb {
            let client = running.table.client();
            // A table that is left behind hurts nobody: its name never comes again.
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
