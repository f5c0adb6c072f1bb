//! Docker: its endpoint, images and containers. Only the endpoint of the current context comes from the `docker`
//! command. All other requests use testcontainers' client, because the command may use a different Docker.

use std::collections::HashMap;
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use function::config::variable;
use local::error::chain;
use reqwest::Url;
use testcontainers::bollard::Docker;
use testcontainers::bollard::errors::Error;
use testcontainers::bollard::query_parameters::ListContainersOptionsBuilder;
use testcontainers::core::client::docker_client_instance;
use tokio::time::timeout;

use crate::toolkit::progress::{LONG_WAIT, announce_long_wait};

/// The variable that sets the endpoint of Docker for its clients.
pub const HOST: &str = "DOCKER_HOST";

/// The timeout of a response of Docker. The `docker` command has [`LONG_WAIT`] more.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

/// Returns the endpoint of the `docker` command's current context, for example that of Colima or of a rootless Docker.
/// Returns `None` if `DOCKER_HOST` is set, the context is the default one, or the command fails or does not respond.
#[must_use]
pub fn context_endpoint() -> Option<String> {
    if variable(HOST).is_some() {
        return None;
    }
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let format = "{{.Name}} {{.Endpoints.docker.Host}}";
        let mut inspect = Command::new("docker");
        // The command reads the endpoint from a file and sends no request to Docker.
        let inspect = inspect.args(["context", "inspect", "--format", format]);
        // An error means that the receiver no longer waits.
        let _ = sender.send(inspect.output());
    });
    let result = receiver.recv_timeout(LONG_WAIT).or_else(|_| {
        eprintln!("waiting: docker context inspect has not answered yet");
        receiver.recv_timeout(RESPONSE_TIMEOUT)
    });
    let output = result.ok()?.ok()?;
    let output = Some(output).filter(|output| output.status.success())?;
    let stdout = String::from_utf8(output.stdout).ok()?;
    let (name, endpoint) = stdout.trim().split_once(' ')?;
    let is_custom = name != "default" && !endpoint.is_empty();
    is_custom.then(|| endpoint.to_owned())
}

/// Returns the endpoint of Docker for a message, without its password.
#[must_use]
pub fn redacted_endpoint() -> String {
    match variable(HOST).map(|host| Url::parse(&host)) {
        None => "its default sockets".to_owned(),
        Some(Err(_)) => format!("the value of {HOST}, which is not a URL"),
        Some(Ok(mut url)) => {
            // An error means that such a URL cannot have a password.
            let _ = url.set_password(None);
            url.to_string()
        }
    }
}

/// Checks that this image is present, so that a container can be started without a download.
///
/// # Errors
/// If the image is missing or Docker does not answer; the message says what to do.
pub async fn check_image(image: &str) -> Result<(), String> {
    let unreachable = |reason: String| {
        format!(
            "Docker does not answer at {}: start it, or set {HOST} or DYNAMODB_ENDPOINT ({reason})",
            redacted_endpoint()
        )
    };
    let docker = client().await.map_err(unreachable)?;
    match with_timeout(docker.inspect_image(image)).await? {
        Ok(_) => Ok(()),
        Err(Error::DockerResponseServerError {
            status_code: 404, ..
        }) => Err(format!(
            "the image is missing: docker pull {image} (Docker is at {})",
            redacted_endpoint()
        )),
        Err(error) => Err(unreachable(redacted(&error))),
    }
}

/// Returns the number of containers with this label, including those that have ended.
///
/// # Errors
/// If Docker does not answer, or answers with an error.
pub async fn count_containers(label: &str) -> Result<usize, String> {
    let filters = HashMap::from([("label", vec![label])]);
    let options = ListContainersOptionsBuilder::new()
        .all(true)
        .filters(&filters)
        .build();
    let docker = client().await?;
    let listed = with_timeout(docker.list_containers(Some(options))).await?;
    listed
        .map(|containers| containers.len())
        .map_err(|error| redacted(&error))
}

async fn client() -> Result<Docker, String> {
    docker_client_instance()
        .await
        .map_err(|error| redacted(&error))
}

async fn with_timeout<T>(response: impl Future<Output = T>) -> Result<T, String> {
    let response = announce_long_wait("Docker has not answered yet", response);
    timeout(RESPONSE_TIMEOUT, response).await.map_err(|_| {
        let seconds = RESPONSE_TIMEOUT.as_secs();
        format!(
            "Docker at {} has not answered for {seconds} s",
            redacted_endpoint()
        )
    })
}

/// Returns an error of the client without a password: the error may repeat `DOCKER_HOST`, which may contain one.
pub fn redacted(error: &(dyn std::error::Error + 'static)) -> String {
    let error = chain(error);
    match variable(HOST) {
        Some(host) => error.replace(&host, &redacted_endpoint()),
        None => error,
    }
}
