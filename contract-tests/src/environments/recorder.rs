//! The recorder of an environment, which keeps the exchanges of all clients in one list, with the times of one clock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::deployed::session::Session;
use crate::environments::client::Api;
use crate::request::concrete::Request;
use crate::request::exchange::Exchange;
use crate::request::operation::UrlStyle;
use crate::toolkit::dynamodb::script::Script;
use crate::toolkit::http::response::Response;

/// The number of the last exchanges that are always kept. A history has far fewer, so its indices stay valid.
const MIN_KEPT: usize = 5_000;

/// The recorder of an environment. Its clones share the clock and the exchanges.
#[derive(Clone, Debug, Default)]
pub struct Recorder(Arc<State>);

#[derive(Debug, Default)]
struct State {
    clock: AtomicU64,
    exchanges: Mutex<Vec<Exchange>>,
}

/// A client whose exchanges are recorded.
#[derive(Clone, Debug)]
pub struct RecordedClient {
    /// The client of the API.
    pub api: Api,
    /// The number of the client.
    pub number: usize,
    recorder: Recorder,
    script: Option<Script>,
}

/// A recorded response.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The response, or the reason why there is none.
    pub response: Result<Response, String>,
    /// The index of the exchange.
    pub exchange: usize,
    /// The time of the request.
    pub invoked: u64,
    /// The time of the response.
    pub returned: u64,
}

impl Recorder {
    /// Returns the client with this number. `script` has the faults of the table, if the environment can inject faults.
    #[must_use]
    pub fn client(&self, number: usize, api: &Api, script: Option<&Script>) -> RecordedClient {
        RecordedClient {
            api: api.clone(),
            number,
            recorder: self.clone(),
            script: script.cloned(),
        }
    }

    /// Returns the next time of the clock, from one.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.0.clock.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Returns the last exchanges, in the order of their responses.
    #[must_use]
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Exchange>> {
        let exchanges = self.0.exchanges.lock();
        exchanges.unwrap_or_else(PoisonError::into_inner)
    }
}

impl RecordedClient {
    /// Returns the next time of the clock.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.recorder.now()
    }

    /// Sends a request, and records the exchange.
    ///
    /// # Panics
    /// If the id cannot be sent in a path to every gateway.
    pub async fn send(&self, request: &Request) -> Recorded {
        let gateway = self.api.profile().gateway;
        let target = request.target(gateway, UrlStyle::Plain);
        let (invoked, sent) = (self.now(), Instant::now());
        let response = self.api.send(request).await;
        let response = response.expect("such an id can always be sent");
        let returned = self.now();
        let mut exchange = Exchange {
            client: self.number,
            invoked,
            returned,
            milliseconds: sent.elapsed().as_secs_f64() * 1000.0,
            ..Exchange::new(
                request,
                &target.unwrap_or_default(),
                response.as_ref(),
                self.api.session().map_or("", Session::namespace),
            )
        };
        if let (Some(script), Some(id)) = (&self.script, exchange.request_id()) {
            let faults = script.take_faults_of(id);
            exchange.faults = faults.iter().map(ToString::to_string).collect();
        }
        let mut exchanges = self.recorder.lock();
        if exchanges.len() == 2 * MIN_KEPT {
            exchanges.drain(..MIN_KEPT);
        }
        exchanges.push(exchange);
        Recorded {
            response,
            exchange: exchanges.len() - 1,
            invoked,
            returned,
        }
    }
}
