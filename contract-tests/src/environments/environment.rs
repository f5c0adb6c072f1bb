//! The isolated environment of one case: a separate service, or a separate namespace of a deployed API.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use function::{Service, connector};
use lambda_runtime::LambdaEvent;
use local::Store;
use local::gateway::{self, Handler, Settings};
use local::table::Table;
use serde_json::Value;

use crate::contract::limits::RESPONSE_RESERVE;
use crate::contract::model::KnownDeviations;
use crate::deployed::session::Session;
use crate::environments::client::Api;
use crate::environments::private_names;
use crate::environments::recorder::{RecordedClient, Recorder};
use crate::environments::request_id::{SendRequestId, with_request_id};
use crate::request::exchange::Exchange;
use crate::toolkit::deployed::latency::Latencies;
use crate::toolkit::dynamodb::proxy::{Filters, Proxy};
use crate::toolkit::dynamodb::script::Script;
use crate::toolkit::random::unique_prefix;

/// The maximum delay of a response that still counts as on time: a timer has a resolution, and a response is written.
const DEADLINE_TOLERANCE: Duration = Duration::from_millis(150);

/// The time by which the gateway stops the function before the deadline that the function is told: a response is due
/// half a second before the deadline.
const STOPPED_EARLY_BY: Duration = RESPONSE_RESERVE.saturating_sub(DEADLINE_TOLERANCE);

/// The options with which a service is started.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The wrapper that makes the service a mutant.
    pub wrap: Option<fn(Handler) -> Handler>,
    /// The change of a mutant to the path and query of each request, before the gateway receives it.
    pub rewrite_target: Option<fn(&str) -> String>,
    /// The changes of a mutant to the messages between the service and its table. They have no effect without a proxy.
    pub filters: Filters,
    /// The change of a mutant to the configuration of the service's client of `DynamoDB`.
    pub configure: Option<fn(config::Builder) -> config::Builder>,
    /// The prefix of every id; empty by default.
    pub prefix: String,
    /// `true` if a proxy that can inject faults stands between the service and its table.
    pub proxied: bool,
    /// The endpoint at which the service looks for its table, if not the true one.
    pub endpoint: Option<&'static str>,
    /// The time-out of an attempt of a request that comes while the script of the proxy has faults, if not the true
    /// one. Every other request has the true time-out, so that a working table is not too slow on a busy machine.
    pub attempt_timeout: Option<Duration>,
    /// The time limit of one invocation.
    pub time_limit: Duration,
    /// The port of the gateway; 0 takes any free port.
    pub port: u16,
    /// The latencies of the requests. They are not recorded with a proxy, which delays requests.
    pub latencies: Option<Arc<Latencies>>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            wrap: None,
            rewrite_target: None,
            filters: Filters::default(),
            configure: None,
            prefix: String::new(),
            proxied: false,
            endpoint: None,
            attempt_timeout: None,
            time_limit: Duration::from_secs(10),
            port: 0,
            latencies: None,
        }
    }
}

impl Setup {
    /// Returns `true` if the service is the original, not a mutant.
    #[must_use]
    pub fn is_original(&self) -> bool {
        let Filters { request, response } = self.filters;
        self.wrap.is_none()
            && self.rewrite_target.is_none()
            && request.is_none()
            && response.is_none()
            && self.configure.is_none()
    }

    /// Returns the service on this table, whose attempts have this time-out, if not the true one.
    fn service(&self, table: &Table, attempt_timeout: Option<Duration>) -> Service {
        let mut config = table.client().config().to_builder();
        if let Some(endpoint) = self.endpoint {
            config = config
                .endpoint_url(endpoint)
                // The client of a table in this process ignores the endpoint: it opens no connection.
                .http_client(connector::http_client(connector::roots()));
        } else if self.proxied {
            config = config.interceptor(SendRequestId);
        } else if attempt_timeout.is_none() && self.configure.is_none() {
            return table.service();
        }
        if let Some(timeout) = attempt_timeout {
            let timeouts = TimeoutConfig::builder().operation_attempt_timeout(timeout);
            config = config.timeout_config(timeouts.build());
        }
        if let Some(configure) = self.configure {
            config = configure(config);
        }
        let client = Client::from_conf(config.build());
        Service::new(function::table::Table::new(client, table.name()))
    }

    /// Returns the handler of the service on this table, and of the mutant if there is one.
    fn handler(&self, table: &Table, script: Option<Script>) -> Handler {
        let service = self.service(table, None);
        // Both services share the connections and the token bucket.
        let during_faults = match self.attempt_timeout {
            Some(_) => self.service(table, self.attempt_timeout),
            None => service.clone(),
        };
        let handler = gateway::handler(move |event| {
            let has_faults = script.as_ref().is_some_and(Script::has_faults);
            let service = if has_faults { &during_faults } else { &service };
            let service = service.clone();
            async move { service.handle(event).await }
        });
        let handler = match self.wrap {
            Some(wrap) => wrap(handler),
            None => handler,
        };
        if self.proxied {
            with_request_id(handler)
        } else {
            handler
        }
    }
}

/// Returns a handler with a deadline that is later than the time at which the gateway stops it. A response that comes
/// too late is then that of the gateway. On a busy machine a response that is ready in time may be polled late, but
/// then it still passes: a time-out polls the handler before its timer.
fn with_later_deadline(handler: Handler) -> Handler {
    Arc::new(move |mut event: LambdaEvent<Value>| {
        let later = u64::try_from(STOPPED_EARLY_BY.as_millis()).unwrap_or_default();
        event.context.deadline += later;
        handler(event)
    })
}

/// An environment that no other test disturbs. Closing it tries to remove its table or its items.
pub struct Environment {
    api: Api,
    recorder: Recorder,
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
        let dynamodb_url = store.endpoint_url().to_owned();
        let (store, proxy) = if setup.proxied {
            let proxy = Proxy::start(&store, setup.filters).await?;
            (Store::Endpoint(proxy.url()), Some(proxy))
        } else {
            (store, None)
        };
        let name = format!("contract-tests-{}", unique_prefix());
        let table = Table::open(&store, &name)
            .await
            .map_err(|error| failed(&error))?;
        let script = proxy.as_ref().map(|proxy| proxy.script().clone());
        let handler = with_later_deadline(setup.handler(&table, script));
        let settings = Settings {
            function_timeout: setup.time_limit.saturating_sub(STOPPED_EARLY_BY),
            ..Settings::default()
        };
        let listener = local::listen(Ipv4Addr::LOCALHOST.into(), setup.port).await;
        let listener = listener.map_err(|error| failed(&error))?;
        let gateway =
            gateway::Gateway::start(listener, handler, settings).map_err(|error| failed(&error))?;
        let api_url = gateway.url();
        let urls = [&dynamodb_url, store.endpoint_url(), &api_url];
        let urls = urls.into_iter().chain(setup.endpoint);
        let private_names = private_names::of_service(&name, urls, &setup.prefix);
        Ok(Self {
            api: Api::new(&api_url, private_names)
                .rewriting(setup.rewrite_target)
                .timed(setup.latencies.clone().filter(|_| !setup.proxied)),
            recorder: Recorder::default(),
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
            recorder: Recorder::default(),
            deviations: KnownDeviations::default(),
            running: None,
        }
    }

    /// Returns the API under test.
    #[must_use]
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// Returns the client with this number, whose exchanges are recorded.
    #[must_use]
    pub fn client(&self, number: usize) -> RecordedClient {
        let script = self.proxy().map(Proxy::script);
        self.recorder.client(number, &self.api, script)
    }

    /// Returns the last exchanges of its recorded clients, in the order of their responses.
    #[must_use]
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.recorder.exchanges()
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

    /// Returns the table, if the tests started the service.
    #[must_use]
    pub fn table(&self) -> Option<&Table> {
        Some(&self.running.as_ref()?.table)
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
