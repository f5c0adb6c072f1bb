//! The watch of a file: notices when a build has replaced it.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use tokio::time::{Interval, MissedTickBehavior, interval};

/// The interval at which the metadata of the file is polled.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// The metadata by which two versions of a file differ: its time, size and inode.
type Version = (Option<SystemTime>, u64, u64);

/// The watch of a file, which begins with the version at its creation.
#[derive(Debug)]
pub(super) struct FileWatch {
    path: PathBuf,
    interval: Interval,
    known: Option<Version>,
    polled: Option<Version>,
}

impl FileWatch {
    pub fn new(path: PathBuf) -> Self {
        let mut interval = interval(POLL_INTERVAL);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let known = version(&path);
        Self {
            path,
            interval,
            known,
            polled: known,
        }
    }

    /// Waits until the file has changed, and two polls have found the same version: a build writes the file in parts.
    /// The wait may be dropped and repeated.
    pub async fn changed(&mut self) {
        loop {
            self.interval.tick().await;
            let found = version(&self.path);
            let is_stable = found.is_some() && found == self.polled;
            self.polled = found;
            if is_stable && found != self.known {
                self.known = found;
                return;
            }
        }
    }
}

/// Returns the version of the file, if it exists.
fn version(path: &PathBuf) -> Option<Version> {
    let metadata = fs::metadata(path).ok()?;
    #[cfg(unix)]
    let inode = std::os::unix::fs::MetadataExt::ino(&metadata);
    #[cfg(not(unix))]
    let inode = 0;
    Some((metadata.modified().ok(), metadata.len(), inode))
}
