//! The release build of the function, which depends on the sources, the compiler and the C library, not on the path.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::arch::Arch;
use crate::error::Error;

/// Builds the function, and returns the path of the executable.
pub fn release(workspace: &Path, arch: Arch) -> Result<PathBuf, Error> {
    let target = arch.target();
    require_linux(env::consts::OS, arch)?;
    require_target(target)?;

    // A separate target folder: no crate is reused that was built with the features of the other packages.
    let folder = workspace.join("target/bundle");
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .current_dir(workspace)
        .args([
            "build",
            "--release",
            "--locked",
            "--package",
            "function",
            "--bin",
            "bootstrap",
            "--target",
            target,
        ])
        .arg("--target-dir")
        .arg(&folder)
        .arg("--config")
        .arg(format!(
            "target.{target}.rustflags = {}",
            rustflags(workspace)?
        ))
        // These would replace or extend the flags above, and make the bytes depend on the environment.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("CARGO_BUILD_RUSTFLAGS")
        .env_remove(variable(arch, "RUSTFLAGS"));
    let linker = linker(arch)?;
    if !arch.is_host() {
        cargo.env(variable(arch, "LINKER"), &linker);
    }
    if !run(&mut cargo)? {
        return Err(build_error(linker, arch));
    }
    Ok(folder.join(target).join("release/bootstrap"))
}

/// Returns the flags for a static executable at a fixed address, which loads no library and relocates next to nothing at
/// its start. They also replace the paths of the sources, which the executable would otherwise contain for panics.
fn rustflags(workspace: &Path) -> Result<String, Error> {
    let cargo_home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(env::home_dir()?.join(".cargo")));
    let mut prefixes = vec![(workspace.to_owned(), "/function".to_owned())];
    prefixes.extend(cargo_home.map(|home| (home, "/cargo".to_owned())));

    // The standard library's paths already contain the compiler's commit, unless the component rust-src is installed.
    let sources = Path::new(rustc(&["--print", "sysroot"])?.trim()).join("lib/rustlib/src/rust");
    let version = rustc(&["--version", "--verbose"])?;
    let commit = version
        .lines()
        .find_map(|line| line.strip_prefix("commit-hash: "));
    prefixes.extend(commit.map(|commit| (sources, format!("/rustc/{commit}"))));

    let mut flags = vec![
        "-Crelocation-model=static".to_owned(),
        "-Ctarget-feature=+crt-static".to_owned(),
        // Otherwise the crate getrandom looks for the function in the libraries that are loaded, finds none, and reads
        // /dev/random and /dev/urandom instead.
        r#"--cfg=getrandom_backend="linux_getrandom""#.to_owned(),
    ];
    for (path, name) in &prefixes {
        flags.push(format!("--remap-path-prefix={}={name}", path.display()));
    }
    // A list of quoted strings is written the same in Rust and in TOML.
    Ok(format!("{flags:?}"))
}

/// Checks that this operating system is Linux, unless the environment names a linker: a C compiler of macOS or Windows cannot
/// link for it.
fn require_linux(system: &str, arch: Arch) -> Result<(), Error> {
    let variable = variable(arch, "LINKER");
    if system == "linux" || env::var_os(&variable).is_some() {
        Ok(())
    } else {
        Err(Error::NotLinux { variable })
    }
}

/// Checks that the target's standard library is installed, because cargo's error does not say how to install it.
fn require_target(target: &'static str) -> Result<(), Error> {
    let folder = rustc(&["--print", "target-libdir", "--target", target])?;
    if Path::new(folder.trim()).is_dir() {
        Ok(())
    } else {
        Err(Error::MissingTarget { target })
    }
}

/// Runs the compiler, and returns its output, which is empty if it fails.
fn rustc(arguments: &[&str]) -> Result<String, Error> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(&rustc)
        .args(arguments)
        .output()
        .map_err(|source| Error::Run {
            program: rustc.into(),
            source,
        })?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Returns the linker for this architecture: that of the environment, or the C compiler.
fn linker(arch: Arch) -> Result<PathBuf, Error> {
    let variable = variable(arch, "LINKER");
    if let Some(linker) = env::var_os(&variable) {
        return Ok(linker.into());
    }
    if arch.is_host() {
        return Ok("cc".into());
    }
    let linker = arch.cross_linker();
    if Command::new(linker).arg("--version").output().is_err() {
        return Err(Error::MissingLinker { arch, variable });
    }
    Ok(linker.into())
}

/// Returns the error of a failed build. A missing C library has its own, because the linker's message does not say
/// how to install it: a C compiler that finds a library prints it with its folder.
fn build_error(linker: PathBuf, arch: Arch) -> Error {
    let found = Command::new(&linker)
        .arg("-print-file-name=libc.a")
        .output();
    if found.is_ok_and(|output| output.stdout.trim_ascii() == b"libc.a") {
        Error::MissingLibrary { linker, arch }
    } else {
        Error::Build
    }
}

/// Returns the name of the environment variable from which cargo reads a setting for this target.
fn variable(arch: Arch, setting: &str) -> String {
    format!(
        "CARGO_TARGET_{}_{setting}",
        arch.target().replace('-', "_").to_uppercase()
    )
}

fn run(command: &mut Command) -> Result<bool, Error> {
    let status = command.status().map_err(|source| Error::Run {
        program: command.get_program().into(),
        source,
    })?;
    Ok(status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_system_than_linux_is_told_of_the_container() {
        assert!(require_linux("linux", Arch::Arm64).is_ok());
        let error = require_linux("macos", Arch::Arm64).unwrap_err().to_string();
        assert!(error.contains("run bundle/in-container"), "{error}");
        assert!(
            error.contains("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER"),
            "{error}"
        );
    }
}
