//! `cargo zip` makes the zip that Lambda runs: [`compile`] builds the function, [`archive`] zips it, [`elf`] checks it.

mod arch;
mod archive;
mod compile;
mod elf;
mod error;

use std::fs;
use std::path::Path;
use std::process::{self, ExitCode};

use clap::Parser;

use arch::Arch;
use error::Error;

/// Builds the function and writes target/lambda/bootstrap-ARCH.zip. The same sources, compiler and C library give the
/// same bytes.
#[derive(Parser)]
#[command(bin_name = "cargo zip")]
struct Arguments {
    /// Lambda's architecture, as Terraform's variable `architecture` names it.
    #[arg(long, value_enum, default_value_t = Arch::Arm64)]
    arch: Arch,
}

fn main() -> ExitCode {
    match bundle(Arguments::parse().arch) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn bundle(arch: Arch) -> Result<String, Error> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate lies in the workspace");
    // The result is on standard output, and cargo shows the progress of the build.
    eprintln!(
        "cargo zip: 1 of 2, the function is built for {arch}, which takes about 5 minutes from scratch"
    );
    let executable = compile::release(workspace, arch)?;
    eprintln!("cargo zip: 2 of 2, the executable is zipped and checked");
    let zip = archive::pack(&read(&executable)?)?;

    // The executable is taken from the zip, so that the check covers the deployed bytes.
    elf::check(&archive::unpack(&zip)?, arch)?;

    let path = workspace
        .join("target/lambda")
        .join(format!("bootstrap-{arch}.zip"));
    write(&path, &zip)?;
    let shown = path.strip_prefix(workspace).unwrap_or(&path).display();
    Ok(format!("{shown}: {} KB, {arch}", zip.len().div_ceil(1000)))
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|source| Error::File {
        path: path.into(),
        source,
    })
}

fn write(path: &Path, content: &[u8]) -> Result<(), Error> {
    let folder = path.parent().expect("a file lies in a folder");
    // Renamed in one step: a concurrent reader gets the old file or the new one.
    let partial = path.with_extension(format!("{}.part", process::id()));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&partial, content))
        .and_then(|()| fs::rename(&partial, path))
        .inspect_err(|_| drop(fs::remove_file(&partial)))
        .map_err(|source| Error::File {
            path: path.into(),
            source,
        })
}
