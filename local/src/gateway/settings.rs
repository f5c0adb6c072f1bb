//! The settings of a gateway, and the gateway as its requests see it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::host::HostName;
use super::invoke::Handler;
use super::observer::Observer;

/// The settings of a gateway. The default suits tests.
#[derive(Clone)]
pub struct Settings {
    /// How long one invocation may take, as a Lambda function's `Timeout`; 10 s unless set.
    pub function_timeout: Duration,
    /// How long a client may take to send the head of a request, to send its body, and to take in each part
    /// of an answer; 30 s unless set.
    pub client_timeout: Duration,
    /// The hosts that a request may be for, besides the loopback interface with the gateway's port.
    pub allowed_hosts: Vec<HostName>,
    /// The function that is called with every request; it does nothing unless set.
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

/// The gateway that a request came to.
pub(super) struct Api {
    pub port: u16,
    pub handler: Handler,
    pub settings: Settings,
}
