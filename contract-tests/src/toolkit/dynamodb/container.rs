//! `DynamoDB` Local: at an endpoint, or in a container that is started when it is first needed.

use std::fmt;
use std::time::Duration;

use testcontainers::core::wait::HttpWaitStrategy;
use testcontainers::core::{IntoContainerPort, WaitFor};
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, GenericImage, ImageExt};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::toolkit::dynamodb::docker;
use crate::toolkit::http::base_url::BaseUrl;
use crate::toolkit::http::client::direct;
use crate::toolkit::progress::announce_long_wait;

/// The image.
const IMAGE: &str = "amazon/dynamodb-local";

/// The version of the image that the tests are known to run on.
const TAG: &str = "2.6.1";

/// The port of `DynamoDB` Local in its container.
const PORT: u16 = 8000;

/// The timeout of the container's removal.
const REMOVE_TIMEOUT: Duration = Duration::from_mins(1);

/// The label of the tests' containers. Its value names the run that started the container.
pub const LABEL: &str = "contract-tests";

/// A `DynamoDB` Local.
pub struct DynamoDbLocal {
    location: Location,
    container: Mutex<ContainerState>,
}

enum Location {
    Endpoint(BaseUrl),
    Container(String),
}

enum ContainerState {
    NotStarted,
    Running(Box<ContainerAsync<GenericImage>>, String),
    /// Removed and not to be started again, because the process is about to end.
    Removed,
}

impl fmt::Debug for DynamoDbLocal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.location {
            Location::Endpoint(url) => write!(f, "DynamoDB Local at {url}"),
            Location::Container(_) => f.write_str("DynamoDB Local in a container"),
        }
    }
}

impl DynamoDbLocal {
    /// Returns the `DynamoDB` Local at this endpoint.
    #[must_use]
    pub fn at(endpoint: BaseUrl) -> Self {
        Self {
            location: Location::Endpoint(endpoint),
            container: Mutex::new(ContainerState::NotStarted),
        }
    }

    /// Returns a `DynamoDB` Local in a container with this label, which is started when it is first needed.
    #[must_use]
    pub fn in_container(label: impl Into<String>) -> Self {
        Self {
            location: Location::Container(label.into()),
            container: Mutex::new(ContainerState::NotStarted),
        }
    }

    /// Checks that a container can be started without a download.
    ///
    /// # Errors
    /// If it cannot; the message says what to do.
    pub async fn check_available() -> Result<(), String> {
        docker::check_image(&format!("{IMAGE}:{TAG}")).await
    }

    /// Returns the URL of `DynamoDB` Local. Starts the container if it is not running yet.
    ///
    /// # Errors
    /// If the container does not start, or was removed.
    pub async fn endpoint(&self) -> Result<String, String> {
        let label = match &self.location {
            Location::Endpoint(url) => return Ok(url.to_string()),
            Location::Container(label) => label,
        };
        let mut state = self.container.lock().await;
        match &*state {
            ContainerState::Running(_, url) => Ok(url.clone()),
            ContainerState::Removed => Err("the tests were stopped".to_owned()),
            ContainerState::NotStarted => {
                let description = format!(
                    "the container of DynamoDB Local is starting; its image is pulled first if Docker has no {IMAGE}:{TAG}"
                );
                let starting = announce_long_wait(&description, start(label));
                let (container, url) = starting.await.map_err(|error| {
                    format!(
                        "{IMAGE}:{TAG} did not start: check that docker run can start it (Docker is at {}): {}",
                        docker::redacted_endpoint(),
                        docker::redacted(&error)
                    )
                })?;
                *state = ContainerState::Running(Box::new(container), url.clone());
                Ok(url)
            }
        }
    }

    /// Removes the container, if one was started, and waits until it is gone. No container can be started afterwards.
    ///
    /// # Errors
    /// If the removal fails; the message has the command that removes the container.
    pub async fn remove(&self) -> Result<(), String> {
        let removed = timeout(REMOVE_TIMEOUT, async {
            let mut state = self.container.lock().await;
            match std::mem::replace(&mut *state, ContainerState::Removed) {
                ContainerState::Running(container, _) => container.rm().await,
                ContainerState::NotStarted | ContainerState::Removed => Ok(()),
            }
        });
        match announce_long_wait("the container is being removed", removed).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(leftover_message(&docker::redacted(&error))),
            Err(_) => Err(leftover_message(&format!(
                "it was not removed within {} s",
                REMOVE_TIMEOUT.as_secs()
            ))),
        }
    }

    /// Returns a message for a process that ends before the container is removed; `None` if there is no container.
    pub fn leftover_message(&self) -> Option<String> {
        let is_absent = self.container.try_lock().is_ok_and(|state| match *state {
            ContainerState::Running(..) => false,
            ContainerState::NotStarted | ContainerState::Removed => true,
        });
        (!is_absent).then(|| leftover_message("the tests ended before it was removed"))
    }
}

fn leftover_message(reason: &str) -> String {
    format!(
        "a container may be left behind: {reason}\nTo remove it:\n  \
         docker rm -f $(docker ps -aq --filter label={LABEL})"
    )
}

async fn start(
    label: &str,
) -> Result<(ContainerAsync<GenericImage>, String), testcontainers::TestcontainersError> {
    // DynamoDB Local is ready once it responds. It responds to a plain GET with 400.
    let ready = HttpWaitStrategy::new("/")
        .with_client(direct("http://localhost"))
        .with_port(PORT.tcp())
        .with_expected_status_code(400_u16);
    let container = GenericImage::new(IMAGE, TAG)
        .with_exposed_port(PORT.tcp())
        .with_wait_for(WaitFor::http(ready))
        .with_cmd(["-jar", "DynamoDBLocal.jar", "-inMemory", "-sharedDb"])
        .with_label(LABEL, label)
        .start()
        .await?;
    let host = container.get_host().await?;
    let port = container.get_host_port_ipv4(PORT).await?;
    Ok((container, format!("http://{host}:{port}")))
}
