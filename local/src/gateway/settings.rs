//! The settings of a gateway, and the state that its connections share.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::cors::AllowedOrigin;
use super::host::HostName;
use super::invoke::Handler;
use super::observer::Observer;
use super::pages::Pages;

/// The settings of a gateway. The default suits tests.
#[derive(Clone)]
pub struct Settings {
    /// The maximum time for one invocation, like a Lambda function's `Timeout`. The default is 10 s.
    pub function_timeout: Duration,
    /// The maximum time for a client to send the head of a request, to send its body, and to receive each part
    /// of a response. The default is 30 s.
    pub client_timeout: Duration,
    /// The hosts that a request may be for, in addition to the names of the loopback interface and the address that
    /// the gateway listens on, both with its port.
    pub allowed_hosts: Vec<HostName>,
    /// The origins whose web pages may call the API. Without any, the gateway does nothing about CORS.
    pub cors: Vec<AllowedOrigin>,
    /// The function that is called for every request. The default does nothing.
    pub observer: Observer,
    /// The pages beside the API. The default has none.
    pub pages: Option<Pages>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            function_timeout: Duration::from_secs(10),
            client_timeout: Duration::from_secs(30),
            allowed_hosts: Vec::new(),
            cors: Vec::new(),
            observer: Arc::new(|_| {}),
            pages: None,
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("function_timeout", &self.function_timeout)
            .field("client_timeout", &self.client_timeout)
            .field("allowed_hosts", &self.allowed_hosts)
            .field("cors", &self.cors)
            .finish_non_exhaustive()
    }
}

/// The state that the connections of a gateway share.
pub(super) struct Api {
    pub address: SocketAddr,
    pub handler: Handler,
    pub settings: Settings,
}
