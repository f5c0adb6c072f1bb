//! `sweep`: takes away what runs have left behind that were killed, or could not reach the API any more.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::clean_up::CleanUpSummary;
use super::deployment::Deployment;
use crate::settings::Variables;
use crate::toolkit::deployed::access::{Auth, AuthKind};
use crate::toolkit::deployed::journal::Journal;
use crate::toolkit::deployed::namespace;
use crate::toolkit::http::base_url::BaseUrl;

/// A run that began longer ago than this is taken to be over, where no journal says so.
const STALE_AFTER: Duration = Duration::from_hours(24);

/// What is to be swept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SweepScope {
    /// What these journals tell of.
    Journals(Vec<PathBuf>),
    /// What the list of the API at this URL shows of runs that began more than a day ago.
    Url(BaseUrl),
}

/// Sweeps, and says what was done, line by line.
///
/// # Errors
/// What is still left, after all that could be swept was.
pub async fn sweep(
    scope: &SweepScope,
    variables: &Variables,
    mut report: impl FnMut(&str),
) -> Result<(), String> {
    let journals = match scope {
        SweepScope::Journals(journals) => journals,
        SweepScope::Url(url) => return sweep_url(url, variables, report).await,
    };
    if journals.is_empty() {
        report("no run has left a journal behind");
    }
    let mut errors = Vec::new();
    for path in journals {
        match sweep_journal(path, variables).await {
            Ok(summary) => report(&format!("{}: {summary}", path.display())),
            Err(reason) => errors.push(format!("{}: {reason}", path.display())),
        }
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors.join("\n"))
    }
}

async fn sweep_journal(path: &Path, variables: &Variables) -> Result<String, String> {
    let Some(journal) = Journal::open_stale(path)? else {
        return Ok("its run goes on, and cleans up itself".to_owned());
    };
    let auth = auth(&journal, variables)?;
    let put: usize = journal
        .namespaces()
        .iter()
        .map(|namespace| journal.ids_in(namespace).len())
        .sum();
    let deployment = Deployment::of_journal(journal, auth, variables.limits);
    let deadline = deployment.clean_up_deadline();
    deployment.health_check(deadline).await?;
    let clean_up = deployment.finish_by(deadline).await?;
    let CleanUpSummary { found, complete } = clean_up.unwrap_or(CleanUpSummary {
        found: 0,
        complete: true,
    });
    let mut summary = format!(
        "{put} ids deleted at {}, and {found} more that the list showed",
        deployment.url()
    );
    if !complete {
        summary.push_str(" (it goes on beyond CONTRACT_PAGES)");
    }
    Ok(summary)
}

/// Returns what lets requests in at the API that a journal names. Credentials are sent there only if the variables of
/// this run name the API too: anyone can write a journal.
fn auth(journal: &Journal, variables: &Variables) -> Result<Auth, String> {
    let header = journal.header();
    if variables.url.as_ref() == Some(&header.url) {
        return variables.auth.or_of_kind(header.auth);
    }
    match header.auth {
        AuthKind::None => Ok(Auth::Open),
        AuthKind::Bearer | AuthKind::Iam => Err(format!(
            "its API wants credentials, which are sent only to an API that you name. If they are meant for it:\n  {}",
            journal.sweep_command()
        )),
    }
}

async fn sweep_url(
    url: &BaseUrl,
    variables: &Variables,
    mut report: impl FnMut(&str),
) -> Result<(), String> {
    // Nothing is put, so nothing is written into this folder.
    let deployment = Deployment::new(
        url.clone(),
        variables.auth.clone(),
        variables.limits,
        Path::new("."),
    );
    let deadline = deployment.clean_up_deadline();
    deployment.health_check(deadline).await?;
    let is_stale = |id: &str| namespace::age(id).is_some_and(|age| age > STALE_AFTER);
    let clean_up = deployment.delete_listed(is_stale, deadline).await;
    let CleanUpSummary { found, complete } =
        clean_up.map_err(|reason| format!("{url}: more may be left: {reason}"))?;
    report(&format!("{url}: {found} items deleted"));
    if complete {
        Ok(())
    } else {
        Err(format!(
            "{url}: more may be left: the list goes on beyond CONTRACT_PAGES={} pages, so set it higher",
            variables.limits.pages
        ))
    }
}
