//! The journal of the ids that a run puts into a table with other users' items. Each id is written before it is put, so
//! that a sweep can delete the item even if the run was killed.
//!
//! A journal is a file of lines, each a JSON object. The first has the URL of the API, the kind of its authorization
//! (never the secret) and the namespace of the run, and is on disk before the first item is put. Each of the others has
//! an id, and is written before the id is sent, or has a namespace in which nothing is left.
//!
//! The operating system keeps the lines if the process is killed. If the machine loses power, perhaps only the first is
//! kept, and then only the namespace is left to find the items. The file is locked while the run goes on.

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

/// The extension of a journal's file name.
const EXTENSION: &str = "journal";

/// The header of a journal, which identifies the run and its API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The URL of the API.
    pub url: BaseUrl,
    /// The kind of authorization.
    pub auth: AuthKind,
    /// The namespace of the run.
    pub namespace: String,
}

/// The ids that were put, by the namespaces that are not cleaned up yet.
type PutIds = BTreeMap<String, BTreeSet<String>>;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Line {
    Run(Header),
    /// The namespace, and the id that is about to be put in it.
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
    /// Returns a journal in this folder. Its file is created when the first id is recorded.
    #[must_use]
    pub fn new(folder: &Path, header: Header) -> Self {
        let name = format!("{}{EXTENSION}", header.namespace.replace('-', "."));
        Self {
            path: folder.join(name),
            header,
            state: Mutex::default(),
        }
    }

    /// Opens the journal of a run that has ended, and removes an incomplete last line from the file. Returns `None` if
    /// the run still goes on.
    ///
    /// # Errors
    /// If the file cannot be read, or has a line that no run writes; the message has the number of the line.
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
            format!("line {line} is not valid in a journal, so nothing is deleted: {reason}")
        })?;
        if complete_length < text.len() {
            // The power may have failed in the middle of a line. The next line must not be appended to an incomplete
            // one.
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

    /// Returns the paths of the journals in this folder; none if the folder does not exist.
    ///
    /// # Errors
    /// If the folder cannot be read.
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

    /// Returns the command that sweeps this journal. If the API requires credentials, the command sets `CONTRACT_URL`,
    /// because credentials are sent only to an API that the user names.
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

    /// Returns the header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Returns `true` if the file was created and is not removed: then an id may have been put.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.state().file.is_some()
    }

    /// Records an id that is about to be put. Returns `true` if the id is new.
    ///
    /// # Errors
    /// If the id could not be recorded; it must not be put then.
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

    /// Returns the ids that were put in this namespace and may still exist.
    #[must_use]
    pub fn ids_in(&self, namespace: &str) -> BTreeSet<String> {
        self.state().put.get(namespace).cloned().unwrap_or_default()
    }

    /// Returns the namespaces that are not cleaned up yet.
    #[must_use]
    pub fn namespaces(&self) -> Vec<String> {
        self.state().put.keys().cloned().collect()
    }

    /// Records that nothing is left in this namespace. If that fails, a sweep cleans up the namespace again, which is
    /// harmless.
    pub fn record_clean(&self, namespace: &str) {
        let mut state = self.state();
        if state.put.remove(namespace).is_some() {
            let _ = self.write(&mut state, &Line::Gone(namespace.to_owned()));
        }
    }

    /// Removes the file. Everything must be cleaned up before.
    ///
    /// # Errors
    /// If the file could not be removed.
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

    /// Creates the file under a temporary name, so that it is never seen without its header and its lock.
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
        // A new file is on disk only once its folder is.
        File::open(folder)?.sync_all()?;
        Ok(file)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Journal {
    /// Unlocks the file explicitly. Closing it would not be enough while a child process that is being started has a
    /// copy of the descriptor.
    fn drop(&mut self) {
        if let Some(file) = self.state().file.take() {
            let _ = file.unlock();
        }
    }
}

/// Parses the lines of a journal: the header, and the ids that may still exist. A line that no run writes is an error,
/// because every id in a journal is deleted.
///
/// # Errors
/// The number of the invalid line, and the reason why it is invalid.
fn parse(text: &[u8]) -> Result<(Header, PutIds), (usize, String)> {
    let mut lines = (1..).zip(text.split_inclusive(|byte| *byte == b'\n'));
    let parsed = |line: &[u8]| {
        serde_json::from_slice(line).map_err(|error| {
            let error = error.to_string();
            // The position is removed: it is that in the line, not in the file.
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
                return invalid("its namespace does not belong to the run");
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

/// Appends a whole line. If that fails, removes the part that was written, so that the next line is not appended to it.
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
            url: BaseUrl::parse("the URL", "https://items.example.com").expect("a URL"),
            auth: AuthKind::Iam,
            namespace: crate::toolkit::deployed::namespace::for_run(),
        }
    }

    #[test]
    fn a_stale_journal_has_the_ids_that_were_put() {
        let folder = std::env::temp_dir().join(header().namespace);
        let journal = Journal::new(&folder, header());
        assert_eq!(
            Journal::list(&folder).expect("a missing folder is not an error"),
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

        // The power fails in the middle of a line.
        let mut file = OpenOptions::new()
            .append(true)
            .open(path)
            .expect("it is there");
        file.write_all(b"{\"put\":[\"3-")
            .expect("it can be written");
        drop(file);
        let stale = || {
            let journal = Journal::open_stale(path).expect("it can be read");
            journal.expect("it is not locked")
        };
        assert_eq!(*stale().header(), header);
        assert_eq!(stale().namespaces(), [&*first]);
        assert_eq!(stale().ids_in(&first).into_iter().collect::<Vec<_>>(), ids);
        // The next line is not appended to the incomplete one.
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
