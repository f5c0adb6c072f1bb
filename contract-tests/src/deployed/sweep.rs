//! The command `sweep`: deletes the items of runs that were killed or lost the connection to the API.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::clean_up::CleanUpSummary;
use super::deployment::Deployment;
use crate::settings::Variables;
use crate::toolkit::deployed::access::{Auth, AuthKind};
use crate::toolkit::deployed::journal::Journal;
use crate::toolkit::deployed::namespace;
use crate::toolkit::http::base_url::BaseUrl;
use crate::toolkit::progress::{LONG_WAIT, Progress};

/// The age from which a run is assumed to have ended, if a sweep has only the list and no journal.
const STALE_AFTER: Duration = Duration::from_hours(24);

/// The items to sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SweepScope {
    /// The items in these journals.
    Journals(Vec<PathBuf>),
    /// The items in the list of the API at this URL that belong to runs older than a day.
    Url(BaseUrl),
}

/// Sweeps these items, and passes each line of the report to `report`. After an error in one journal, the other
/// journals are still swept.
///
/// # Errors
/// If items are left, or may be: the places and the reasons. A journal whose ids are all deleted is not an error, even
/// if the list is longer than `CONTRACT_PAGES` pages.
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
    let total = u32::try_from(journals.len()).ok();
    let progress = Progress::counting("sweeping", total, "journals", LONG_WAIT);
    for path in journals {
        match sweep_journal(path, variables).await {
            Ok(summary) => report(&format!("{}: {summary}", path.display())),
            Err(reason) => errors.push(format!("{}: {reason}", path.display())),
        }
        progress.advance(1);
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors.join("\n"))
    }
}

async fn sweep_journal(path: &Path, variables: &Variables) -> Result<String, String> {
    let Some(journal) = Journal::open_stale(path)? else {
        return Ok("its run is still active: skipped".to_owned());
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
        "{put} ids deleted at {}, and {found} more found in the list",
        deployment.url()
    );
    if !complete {
        summary.push_str(" (which has more than CONTRACT_PAGES pages)");
    }
    Ok(summary)
}

/// Returns the authorization for the API that a journal names. Credentials are sent there only if the variables of this
/// run also name the API, because a journal can be forged.
fn auth(journal: &Journal, variables: &Variables) -> Result<Auth, String> {
    let header = journal.header();
    if variables.url.as_ref() == Some(&header.url) {
        return variables.auth.or_of_kind(header.auth);
    }
    match header.auth {
        AuthKind::None => Ok(Auth::Open),
        AuthKind::Bearer | AuthKind::Iam => Err(format!(
            "its API requires credentials, which are sent only to an API that you name. If you trust it, run:\n  {}",
            journal.sweep_command()
        )),
    }
}

async fn sweep_url(
    url: &BaseUrl,
    variables: &Variables,
    mut report: impl FnMut(&str),
) -> Result<(), String> {
    // A sweep puts no item, so no journal is written into this folder.
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
        clean_up.map_err(|reason| format!("{url}: items may be left: {reason}"))?;
    report(&format!("{url}: {found} items deleted"));
    if complete {
        Ok(())
    } else {
        Err(format!(
            "{url}: items may be left: the list goes on beyond CONTRACT_PAGES={} pages, so set it higher",
            variables.limits.pages
        ))
    }
}
