//! Docker: where it is, and what the tests ask it besides a container. All of them ask the client of testcontainers,
//! because the `docker` command may know another Docker, or one at another place.

use std::collections::HashMap;
use std::process::Command;
use std::time::Duration;

use function::config::variable;
use testcontainers::bollard::Docker;
use testcontainers::bollard::errors::Error;
use testcontainers::bollard::query_parameters::ListContainersOptionsBuilder;
use testcontainers::core::client::docker_client_instance;
use tokio::time::timeout;

use crate::environments::http::chain;

/// The variable that tells Docker's clients where it is.
pub const HOST: &str = "DOCKER_HOST";

/// The time in which Docker has to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// Returns the endpoint of the `docker` command's current context, such as that of Colima or of a rootless Docker.
/// `None` if `DOCKER_HOST` is set, or if the context is the default one.
#[must_use]
pub fn endpoint_of_context() -> Option<String> {
    // The command does not ask Docker for it.
    let inspected = Command::new("docker")
        .args([
            "context",
            "inspect",
            "--format",
            "{{.Name}} {{.Endpoints.docker.Host}}",
        ])
        .output()
        .ok()
        .filter(|_| variable(HOST).is_none())?;
    let inspected = String::from_utf8(inspected.stdout).ok()?;
    let (name, endpoint) = inspected.trim().split_once(' ')?;
    (name != "default").then(|| endpoint.to_owned())
}

/// Returns where Docker is, for a message.
#[must_use]
pub fn place() -> String {
    variable(HOST).unwrap_or_else(|| "unix:///var/run/docker.sock".to_owned())
}

/// Finds out if this image is there, so that a container can be started without a download.
///
/// # Errors
/// What to do so that it is.
pub async fn has_image(image: &str) -> Result<(), String> {
    let unreachable = |reason: String| {
        format!(
            "Docker does not answer at {}: start it, or set {HOST} or DYNAMODB_ENDPOINT ({reason})",
            place()
        )
    };
    let docker = client().await.map_err(unreachable)?;
    let inspected = timeout(ANSWER_TIMEOUT, docker.inspect_image(image)).await;
    match inspected.map_err(|_| unreachable(format!("after {} s", ANSWER_TIMEOUT.as_secs())))? {
        Ok(_) => Ok(()),
        Err(Error::DockerResponseServerError {
            status_code: 404, ..
        }) => Err(format!(
            "the image is missing: docker pull {image} (Docker is at {})",
            place()
        )),
        Err(error) => Err(unreachable(chain(&error))),
    }
}

/// Counts the containers with this label, those that have ended included.
///
/// # Errors
/// The reason why Docker does not tell.
pub async fn count(label: &str) -> Result<usize, String> {
    let filters = HashMap::from([("label", vec![label])]);
    let options = ListContainersOptionsBuilder::new()
        .all(true)
        .filters(&filters)
        .build();
    let listed = client().await?.list_containers(Some(options)).await;
    listed
        .map(|containers| containers.len())
        .map_err(|error| chain(&error))
}

async fn client() -> Result<Docker, String> {
    docker_client_instance()
        .await
        .map_err(|error| chain(&error))
}
