//! What a run has put into a table that is not its own, on disk before it is put: so it can be taken
//! away again, even when the run was killed.
//!
//! A journal is a file of lines, each a JSON object. The first names the API, how it lets requests in
//! (never the secret that it takes) and the namespace of the run, and is on disk before the first item
//! is put. The ids follow, each before it is sent; these are handed to the operating system, which keeps
//! them when the process is killed, though not when the machine loses power: then the namespace is left
//! to go by. The file is locked for as long as the run goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::access::AuthKind;
use crate::toolkit::deployed::namespace::{contains, is_of_run, is_of_session};
use crate::toolkit::http::base_url::BaseUrl;
use crate::toolkit::shell::quoted;

/// How the name of a journal ends.
const EXTENSION: &str = "journal";

/// Where journals are kept, if nothing else is said: in `target`.
#[must_use]
pub fn default_folder() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    workspace
        .unwrap_or(Path::new("."))
        .join("target/contract-tests")
}

/// Whose journal it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The URL of the API.
    pub url: BaseUrl,
    /// The kind of what lets requests in.
    pub auth: AuthKind,
    /// What every id of the run begins with.
    pub namespace: String,
}

/// The ids that were put, by the namespace that is still to be cleaned up.
type PutIds = BTreeMap<String, BTreeSet<String>>;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Line {
    Run(Header),
    /// This id is about to be put in this namespace.
    Put(String, String),
    /// Nothing is left in this namespace.
    Gone(String),
}

/// The journal of a run.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    header: Header,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    file: Option<File>,
    put: PutIds,
}

impl Journal {
    /// One in this folder, which is written as soon as there is something to write.
    #[must_use]
    pub fn new(folder: &Path, header: Header) -> Self {
        let name = format!("{}{EXTENSION}", header.namespace.replace('-', "."));
        Self {
            path: folder.join(name),
            header,
            state: Mutex::default(),
        }
    }

    /// The one that a run left behind; `None` if that run goes on.
    ///
    /// # Errors
    /// Why it cannot be read, or the number of the first line that no run has written.
    pub fn open_stale(path: &Path) -> Result<Option<Self>, String> {
        let failed = |error: &dyn std::error::Error| format!("it cannot be read: {error}");
        let mut options = OpenOptions::new();
        let file = options.read(true).append(true).open(path);
        let file = file.map_err(|error| failed(&error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(failed(&error)),
        }
        let mut text = Vec::new();
        (&file)
            .read_to_end(&mut text)
            .map_err(|error| failed(&error))?;
        let complete_length = text.iter().rposition(|byte| *byte == b'\n');
        let complete_length = complete_length.map_or(0, |end| end + 1);
        let (header, put) = parse(&text[..complete_length]).map_err(|(line, reason)| {
            format!("line {line} is not of a journal, so nothing is deleted: {reason}")
        })?;
        if complete_length < text.len() {
            // The power may have gone in the middle of a line. What follows begins a new one.
            let length = u64::try_from(complete_length).unwrap_or_default();
            file.set_len(length).map_err(|error| failed(&error))?;
        }
        Ok(Some(Self {
            path: path.to_owned(),
            header,
            state: Mutex::new(State {
                file: Some(file),
                put,
            }),
        }))
    }

    /// Those in this folder.
    ///
    /// # Errors
    /// Why the folder cannot be read; that there is none only means that there are no journals.
    pub fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
        let entries = match std::fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut paths = Vec::new();
        for entry in entries {
            let path = entry?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == EXTENSION)
            {
                paths.push(path);
            }
        }
        paths.sort();
        Ok(paths)
    }

    /// Returns the command that sweeps it. It names the API where that wants credentials, because they are sent only to
    /// an API that is named.
    #[must_use]
    pub fn sweep_command(&self) -> String {
        let named = match self.header.auth {
            AuthKind::None => String::new(),
            AuthKind::Bearer | AuthKind::Iam => {
                format!("CONTRACT_URL={} ", quoted(self.header.url.as_str()))
            }
        };
        let path = self.path.display().to_string();
        format!(
            "{named}cargo run -p contract-tests -- sweep {}",
            quoted(&path)
        )
    }

    /// Whose it is.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Whether anything was ever put.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.state().file.is_some()
    }

    /// Notes an id that is about to be put; whether it is a new one.
    ///
    /// # Errors
    /// Why it could not be noted, and so must not be put.
    pub fn record_put(&self, namespace: &str, id: &str) -> Result<bool, String> {
        let mut state = self.state();
        let put = state.put.get(namespace);
        if put.is_some_and(|ids| ids.contains(id)) {
            return Ok(false);
        }
        self.write(&mut state, &Line::Put(namespace.to_owned(), id.to_owned()))?;
        let put = state.put.entry(namespace.to_owned()).or_default();
        Ok(put.insert(id.to_owned()))
    }

    /// The ids that were put in this namespace, and may still be there.
    #[must_use]
    pub fn ids_in(&self, namespace: &str) -> BTreeSet<String> {
        self.state().put.get(namespace).cloned().unwrap_or_default()
    }

    /// The namespaces in which something may still be.
    #[must_use]
    pub fn namespaces(&self) -> Vec<String> {
        self.state().put.keys().cloned().collect()
    }

    /// Notes that nothing is left in this namespace. If that fails, it is only looked at again.
    pub fn record_clean(&self, namespace: &str) {
        let mut state = self.state();
        if state.put.remove(namespace).is_some() {
            let _ = self.write(&mut state, &Line::Gone(namespace.to_owned()));
        }
    }

    /// Removes it, since all is cleaned up.
    ///
    /// # Errors
    /// Why it could not be removed.
    pub fn remove(&self) -> Result<(), String> {
        if self.state().file.take().is_none() {
            return Ok(());
        }
        std::fs::remove_file(&self.path)
            .map_err(|error| format!("failed to remove {}: {error}", self.path.display()))
    }

    fn write(&self, state: &mut State, line: &Line) -> Result<(), String> {
        let written = match &mut state.file {
            Some(file) => append(file, line),
            file => self
                .create_file()
                .and_then(|created| append(file.insert(created), line)),
        };
        written.map_err(|error| {
            format!(
                "the journal {} cannot be written: {error}",
                self.path.display()
            )
        })
    }

    /// Makes the file under another name, so that it is never seen without its header and its lock.
    fn create_file(&self) -> io::Result<File> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        let unfinished = self.path.with_extension("new");
        let mut file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .open(&unfinished)?;
        file.lock()?;
        append(&mut file, &Line::Run(self.header.clone()))?;
        file.sync_all()?;
        std::fs::rename(&unfinished, &self.path)?;
        // On disk is a new file only when its folder is.
        File::open(folder)?.sync_all()?;
        Ok(file)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Journal {
    /// Gives the lock back at once. Left to the closing of the file, it would go on for as long as a
    /// child that is just being started has its copy of the descriptor.
    fn drop(&mut self) {
        if let Some(file) = self.state().file.take() {
            let _ = file.unlock();
        }
    }
}

/// Parses the lines of a journal: the header, and the ids that may still be there. Anything that no run writes is an
/// error, because every id in a journal is deleted.
///
/// # Errors
/// The number of the line, and the reason why it is not of a journal.
fn parse(text: &[u8]) -> Result<(Header, PutIds), (usize, String)> {
    let mut lines = (1..).zip(text.split_inclusive(|byte| *byte == b'\n'));
    let parsed = |line: &[u8]| {
        serde_json::from_slice(line).map_err(|error| {
            let error = error.to_string();
            // Its place is that in the line.
            let reason = error.rsplit_once(" at line ").map(|(reason, _)| reason);
            reason.unwrap_or(&error).to_owned()
        })
    };
    let header = match lines.next().map(|(_, line)| parsed(line)) {
        Some(Ok(Line::Run(header))) if is_of_run(&header.namespace) => header,
        Some(Err(error)) => return Err((1, error)),
        Some(Ok(_)) | None => {
            return Err((
                1,
                "it does not name a run, its API and its namespace".to_owned(),
            ));
        }
    };
    let mut put = PutIds::new();
    for (number, line) in lines {
        let invalid = |reason: &str| Err((number, reason.to_owned()));
        match parsed(line).map_err(|error| (number, error))? {
            Line::Run(_) => return invalid("it names a second run"),
            Line::Put(namespace, _) | Line::Gone(namespace)
                if !is_of_session(&namespace, &header.namespace) =>
            {
                return invalid("its namespace is not one of the run");
            }
            Line::Put(namespace, id) if !contains(&id, &namespace) => {
                return invalid("its id is not in its namespace");
            }
            Line::Put(namespace, id) => {
                put.entry(namespace).or_default().insert(id);
            }
            Line::Gone(namespace) => {
                put.remove(&namespace);
            }
        }
    }
    Ok((header, put))
}

/// Appends a whole line, or nothing: what is appended next begins a line of its own.
fn append(file: &mut File, line: &Line) -> io::Result<()> {
    let mut line = serde_json::to_string(line)?;
    line.push('\n');
    let length = file.metadata()?.len();
    file.write_all(line.as_bytes())
        .or_else(|error| file.set_len(length).and(Err(error)))
}

#[cfg(test)]
mod tests {
    use super::super::namespace::for_session;
    use super::*;

    fn header() -> Header {
        Header {
            url: BaseUrl::parse("the URL", "https://items.example.com").expect("it is one"),
            auth: AuthKind::Iam,
            namespace: crate::toolkit::deployed::namespace::for_run(),
        }
    }

    #[test]
    fn a_stale_journal_has_the_ids_that_were_put() {
        let folder = std::env::temp_dir().join(header().namespace);
        let journal = Journal::new(&folder, header());
        assert_eq!(
            Journal::list(&folder).expect("no folder is no error"),
            [""; 0].map(PathBuf::from)
        );
        let [first, second] = [1, 2].map(|number| for_session(&journal.header().namespace, number));
        let ids = [format!("{first}\n\""), format!("{first}a")];
        for (namespace, id) in [
            (&first, &ids[1]),
            (&first, &ids[1]),
            (&first, &ids[0]),
            (&second, &format!("{second}a")),
        ] {
            journal
                .record_put(namespace, id)
                .expect("it can be written");
        }
        journal.record_clean(&second);
        let [path] = &Journal::list(&folder).expect("the folder is there")[..] else {
            panic!("there is one journal");
        };
        assert!(Journal::open_stale(path).expect("it can be read").is_none());
        let header = journal.header().clone();
        drop(journal);

        // The power went in the middle of a line.
        let mut file = OpenOptions::new()
            .append(true)
            .open(path)
            .expect("it is there");
        file.write_all(b"{\"put\":[\"3-")
            .expect("it can be written");
        drop(file);
        let stale = || {
            let journal = Journal::open_stale(path).expect("it can be read");
            journal.expect("nobody has it")
        };
        assert_eq!(*stale().header(), header);
        assert_eq!(stale().namespaces(), [&*first]);
        assert_eq!(stale().ids_in(&first).into_iter().collect::<Vec<_>>(), ids);
        // The next note begins a line of its own.
        stale().record_clean(&first);
        assert!(stale().namespaces().is_empty());
        stale().remove().expect("it can be removed");
        assert!(
            Journal::list(&folder)
                .expect("the folder is there")
                .is_empty()
        );
        std::fs::remove_dir(&folder).expect("it is empty");
    }

    #[test]
    fn no_file_is_created_before_the_first_put() {
        let folder = std::env::temp_dir().join(header().namespace);
        let journal = Journal::new(&folder, header());
        assert!(!journal.exists());
        journal.remove().expect("there is nothing to remove");
        assert!(!folder.exists());
    }
}
