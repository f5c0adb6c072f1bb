//! A limit of the CPU time of one process, which the kernel enforces in a cgroup.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process;
use std::time::Duration;

use crate::Error;

/// The file of version 2 with the controllers of the children.
const CHILDREN: &str = "cgroup.subtree_control";

/// The parent of all cgroups of this run: the cgroup of this process.
///
/// Source: the kernel's documentation, admin-guide/cgroup-v2.rst and scheduler/sched-bwc.rst.
pub struct Parent {
    folder: PathBuf,
    version: Version,
}

enum Version {
    V1,
    /// The field is `true` if this run has enabled the controller for the children.
    V2 {
        enabled: bool,
    },
}

impl Parent {
    /// Finds the cgroup of this process, and checks that it can have children with a limit.
    pub fn open() -> Result<Self, Error> {
        let cgroups = fs::read_to_string("/proc/self/cgroup")?;
        // A line is `number:controllers:path`. Version 2 has one line, without controllers.
        let path_of = |controller: &str| {
            cgroups.lines().find_map(|line| {
                let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
                let found = controllers.split(',').any(|name| name == controller);
                found.then_some(path)
            })
        };
        let parent = if let Some(path) = path_of("cpu") {
            Self {
                folder: folder("/sys/fs/cgroup/cpu", path),
                version: Version::V1,
            }
        } else {
            let folder = folder("/sys/fs/cgroup", path_of("").unwrap_or_default());
            let enabled = !read(&folder.join(CHILDREN))?
                .split_whitespace()
                .any(|name| name == "cpu");
            if enabled {
                // Allowed for a cgroup that has processes, because `cpu` is a threaded controller.
                write(&folder.join(CHILDREN), "+cpu")?;
            }
            Self {
                folder,
                version: Version::V2 { enabled },
            }
        };
        let second = Duration::from_secs(1);
        parent.child(process::id(), second, second)?;
        Ok(parent)
    }

    /// Moves a process into a new cgroup, in which it has `quota` of CPU time in each `period`.
    pub fn limit(&self, process: u32, quota: Duration, period: Duration) -> Result<Cgroup, Error> {
        let cgroup = self.child(process, quota, period)?;
        cgroup.set("cgroup.procs", &process.to_string())?;
        Ok(cgroup)
    }

    fn child(&self, id: u32, quota: Duration, period: Duration) -> Result<Cgroup, Error> {
        let folder = self.folder.join(format!("speed-{id}"));
        fs::create_dir(&folder).map_err(|error| explain(&folder, &error))?;
        let cgroup = Cgroup { folder };
        let (quota, period) = (quota.as_micros(), period.as_micros());
        match self.version {
            Version::V1 => {
                cgroup.set("cpu.cfs_period_us", &period.to_string())?;
                cgroup.set("cpu.cfs_quota_us", &quota.to_string())?;
            }
            Version::V2 { .. } => {
                // The only type that the child of a cgroup with processes can have.
                cgroup.set("cgroup.type", "threaded")?;
                cgroup.set("cpu.max", &format!("{quota} {period}"))?;
            }
        }
        Ok(cgroup)
    }
}

impl Drop for Parent {
    fn drop(&mut self) {
        if let Version::V2 { enabled: true } = self.version {
            let _: Result<_, _> = write(&self.folder.join(CHILDREN), "-cpu");
        }
    }
}

/// A cgroup of one process. It is removed on drop, and the process must have ended before.
pub struct Cgroup {
    folder: PathBuf,
}

impl Cgroup {
    /// Returns the number of periods in which the process had to wait because its quota was used up.
    pub fn throttled_periods(&self) -> Result<u64, Error> {
        let statistics = read(&self.folder.join("cpu.stat"))?;
        let count = statistics
            .lines()
            .find_map(|line| line.strip_prefix("nr_throttled "))
            .ok_or("the kernel does not count throttled periods")?;
        Ok(count.parse()?)
    }

    fn set(&self, file: &str, value: &str) -> Result<(), Error> {
        write(&self.folder.join(file), value)
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let _: io::Result<()> = fs::remove_dir(&self.folder);
    }
}

/// Returns the folder of the cgroup with this path. A container may see the path on its host, but has only its own
/// cgroup, which is then the mounted one.
fn folder(mount: &str, path: &str) -> PathBuf {
    let folder = Path::new(mount).join(path.trim_start_matches('/'));
    if folder.exists() {
        folder
    } else {
        mount.into()
    }
}

fn read(file: &Path) -> Result<String, Error> {
    fs::read_to_string(file).map_err(|error| explain(file, &error))
}

fn write(file: &Path, value: &str) -> Result<(), Error> {
    fs::write(file, value).map_err(|error| explain(file, &error))
}

/// Says what to do if this user may not limit a process.
fn explain(path: &Path, error: &io::Error) -> Error {
    let hint = match error.kind() {
        ErrorKind::PermissionDenied
        | ErrorKind::ReadOnlyFilesystem
        | ErrorKind::NotFound
        | ErrorKind::Unsupported
        | ErrorKind::ResourceBusy => {
            ": run it as root, or in a cgroup of its own: \
             systemd-run --user --scope --property=Delegate=yes cargo bench …"
        }
        _ => "",
    };
    format!(
        "failed to limit the CPU time of a process: {}: {error}{hint}",
        path.display()
    )
    .into()
}
