//! The subjects of the benchmark: a bootstrap, and the size of the zip to ship it in.

use std::env::consts::ARCH;
use std::fs::{self, File, Permissions};
use std::io::{self, Cursor, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::Error;

/// A function to measure.
pub struct Subject {
    pub name: String,
    pub bootstrap: PathBuf,
    /// The size of the zip, in bytes.
    pub zip: usize,
}

impl Subject {
    /// Builds the bundle, and extracts its bootstrap.
    pub fn bundle() -> Result<Self, Error> {
        let arch = if ARCH == "aarch64" { "arm64" } else { ARCH };
        cargo(&["zip", "--arch", arch])?;
        let zip = workspace().join(format!("target/lambda/bootstrap-{arch}.zip"));
        let bootstrap = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bootstrap");
        let mut archive = ZipArchive::new(File::open(&zip)?)?;
        // Create a new file, because the old one may be running.
        if bootstrap.exists() {
            fs::remove_file(&bootstrap)?;
        }
        let mut file = File::create(&bootstrap)?;
        io::copy(&mut archive.by_name("bootstrap")?, &mut file)?;
        file.set_permissions(Permissions::from_mode(0o755))?;
        Ok(Self {
            name: "function".to_owned(),
            bootstrap,
            zip: fs::metadata(&zip)?.len().try_into()?,
        })
    }

    /// Builds the baseline for speed only: static, and at a fixed address.
    pub fn baseline() -> Result<Self, Error> {
        let target = format!("{ARCH}-unknown-linux-gnu");
        let flags = r#"["-Ctarget-feature=+crt-static", "-Crelocation-model=static"]"#;
        cargo(&[
            "build",
            "--quiet",
            "--release",
            "--locked",
            "--package=baseline",
            &format!("--target={target}"),
            "--target-dir=target/baseline",
            "--config=profile.release.opt-level=3",
            &format!("--config=target.{target}.rustflags={flags}"),
        ])?;
        let baseline = workspace().join(format!("target/baseline/{target}/release/baseline"));
        Self::new("baseline", baseline)
    }

    /// Returns the function with this bootstrap.
    pub fn at_path(name: &str, bootstrap: &Path) -> Result<Self, Error> {
        // Cargo runs a benchmark in the folder of its package, but the path is relative to the folder in which cargo
        // was called.
        let called_from = std::env::var_os("PWD").map(PathBuf::from);
        let bootstrap = called_from.unwrap_or_default().join(bootstrap);
        Self::new(name, bootstrap)
    }

    fn new(name: &str, bootstrap: PathBuf) -> Result<Self, Error> {
        let executable = fs::read(&bootstrap)
            .map_err(|error| format!("failed to read {}: {error}", bootstrap.display()))?;
        Ok(Self {
            name: name.to_owned(),
            zip: zipped(&executable)?,
            bootstrap,
        })
    }
}

/// Returns the size of a zip like that of the bundle.
fn zipped(executable: &[u8]) -> Result<usize, Error> {
    let options = SimpleFileOptions::default().compression_level(Some(9));
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("bootstrap", options)?;
    archive.write_all(executable)?;
    Ok(archive.finish()?.into_inner().len())
}

pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the package lies in the workspace")
}

fn cargo(arguments: &[&str]) -> Result<(), Error> {
    let status = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(workspace())
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("cargo {} failed", arguments.join(" ")).into())
    }
}
