//! Docker: its endpoint, its images and its containers. The `docker` command tells the endpoint of its context. All else
//! is asked by the client that testcontainers has, because the command may know another Docker.

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

/// The variable that tells Docker's clients where it is.
pub const HOST: &str = "DOCKER_HOST";

/// The time in which the command, or Docker, has to answer a question.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

/// Returns the endpoint of the `docker` command's current context, such as that of Colima or of a rootless Docker.
/// `None` if `DOCKER_HOST` is set, or if the context is the default one.
#[must_use]
pub fn context_endpoint() -> Option<String> {
    if variable(HOST).is_some() {
        return None;
    }
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let format = "{{.Name}} {{.Endpoints.docker.Host}}";
        let mut inspect = Command::new("docker");
        // The command reads it from a file, and does not ask Docker.
        let inspect = inspect.args(["context", "inspect", "--format", format]);
        // An error is that the result is no longer waited for.
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

/// Returns the endpoint of Docker for a message, without a password.
#[must_use]
pub fn redacted_endpoint() -> String {
    match variable(HOST).map(|host| Url::parse(&host)) {
        None => "its usual sockets".to_owned(),
        Some(Err(_)) => format!("the value of {HOST}, which is not a URL"),
        Some(Ok(mut url)) => {
            // An error is that the URL cannot have one.
            let _ = url.set_password(None);
            url.to_string()
        }
    }
}

/// Finds out if this image is there, so that a container can be started without a download.
///
/// # Errors
/// The thing to do so that it is.
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

/// Counts the containers with this label, those that have ended included.
///
/// # Errors
/// The reason why Docker does not tell.
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

/// Returns an error of the client for a message. The client repeats `DOCKER_HOST`, which may have a password in it.
pub fn redacted(error: &(dyn std::error::Error + 'static)) -> String {
    let error = chain(error);
    match variable(HOST) {
        Some(host) => error.replace(&host, &redacted_endpoint()),
        None => error,
    }
}
