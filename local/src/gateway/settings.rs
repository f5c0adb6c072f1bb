//! The settings of a gateway, and the state that its connections share.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::host::HostName;
use super::invoke::Handler;
use super::observer::Observer;

/// The settings of a gateway. The default suits tests.
#[derive(Clone)]
pub struct Settings {
    /// The maximum time for one invocation, like a Lambda function's `Timeout`. The default is 10 s.
    pub function_timeout: Duration,
    /// The maximum time for a client to send the head of a request, to send its body, and to receive each part
    /// of a response. The default is 30 s.
    pub client_timeout: Duration,
    /// The hosts that a request may be for, in addition to the loopback interface with the gateway's port.
    pub allowed_hosts: Vec<HostName>,
    /// The function that is called for every request. The default does nothing.
    pub observer: Observer,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            function_timeout: Duration::from_secs(10),
            client_timeout: Duration::from_secs(30),
            allowed_hosts: Vec::new(),
            observer: Arc::new(|_| {}),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("function_timeout", &self.function_timeout)
            .field("client_timeout", &self.client_timeout)
            .field("allowed_hosts", &self.allowed_hosts)
            .finish_non_exhaustive()
    }
}

/// The state that the connections of a gateway share.
pub(super) struct Api {
    pub port: u16,
    pub handler: Handler,
    pub settings: Settings,
}
