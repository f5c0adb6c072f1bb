//! The names that each environment keeps from clients: those of its table, its endpoints, its account and its API.

use local::gateway::{ACCOUNT_ID, API_ID, FUNCTION_ARN};
use reqwest::Url;

use crate::contract::leaks::PrivateNames;

/// The smallest port that counts as a private name: a smaller number may be a limit, or a column of a body.
const MIN_NAMED_PORT: u16 = 10_000;

/// Returns the private names of a service that the tests started: the name of its table, the URLs of its table and of
/// its gateway, the prefix of its ids, and the names that its gateway makes up.
#[must_use]
pub fn of_service<'a>(
    table: &str,
    urls: impl IntoIterator<Item = &'a str>,
    prefix: &str,
) -> PrivateNames {
    // `arn:aws:lambda:` and then the region, the account, `function` and the name.
    let arn: Vec<_> = FUNCTION_ARN.split(':').collect();
    let [.., region, _, _, function] = arn[..] else {
        unreachable!("an ARN has these parts");
    };
    let names = [table, prefix, ACCOUNT_ID, API_ID, region, function];
    let names = names.map(str::to_owned).into_iter();
    PrivateNames::new(names.chain(urls.into_iter().flat_map(of_url)))
}

/// Returns the private names of a deployed API at this URL: its host, and the prefix of the ids of a run.
#[must_use]
pub fn of_deployed(url: &str, prefix: &str) -> PrivateNames {
    PrivateNames::of_unknown_account(of_url(url).into_iter().chain([prefix.to_owned()]))
}

/// Returns the names in a URL: its host, also with its port, and if it is an endpoint of API Gateway or of Lambda, its
/// id and its region. A host of one label is a name only together with its port, because it may be any word.
fn of_url(url: &str) -> Vec<String> {
    let Ok(url) = Url::parse(url) else {
        return Vec::new();
    };
    let host = url.host_str().unwrap_or_default();
    let mut names = Vec::new();
    if host.contains(['.', ':']) {
        names.push(host.trim_matches(['[', ']']).to_owned());
    }
    if let Some(port) = url.port() {
        names.push(format!("{host}:{port}"));
        names.extend((port >= MIN_NAMED_PORT).then(|| port.to_string()));
    }
    let labels: Vec<_> = host.split('.').collect();
    if let [api_id, "execute-api" | "lambda-url", region, ..] = labels[..] {
        names.extend([api_id, region].map(str::to_owned));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::leaks::check_no_leak;

    #[test]
    fn every_name_of_a_service_is_private() {
        let urls = ["http://10.0.0.7:8000", "http://127.0.0.1:40123"];
        let names = of_service("items-of-tests", urls, "prefix-");
        for private in [
            "items-of-tests",
            "10.0.0.7",
            "40123",
            "prefix-1",
            "us-east-1",
            "local",
            "crud-tutorial-function",
        ] {
            let message = format!("no such item in {private}");
            let is_part = private == "crud-tutorial-function";
            assert_eq!(
                check_no_leak(&message, &names).is_ok(),
                is_part,
                "{message}"
            );
        }
    }

    #[test]
    fn the_id_and_the_region_of_a_deployed_api_are_private() {
        let url = "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/stage";
        let names = of_deployed(url, "");
        for private in ["A1B2C3D4E5", "eu-central-1"] {
            assert!(check_no_leak(private, &names).is_err(), "{private}");
        }
        assert_eq!(of_url("https://items.example.com"), ["items.example.com"]);
        assert_eq!(of_url("http://items:3000"), ["items:3000"]);
        assert_eq!(check_no_leak("stage", &names), Ok(()));
    }
}
