//! The errors of `cargo zip`, with advice.

use std::io;
use std::path::PathBuf;

use crate::arch::Arch;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "this machine does not run Linux, for which the bundle is linked: run bundle/in-container, which needs Docker, \
         or name a linker for Linux in {variable}"
    )]
    NotLinux { variable: String },

    #[error("the Rust target {target} is not installed: run `rustup target add {target}`")]
    MissingTarget { target: &'static str },

    #[error(
        "the linker {} is not installed: run `apt-get install {} {}` on Debian or Ubuntu, \
         build on a Linux machine with that architecture, or name another linker in {variable}",
        arch.cross_linker(), arch.cross_linker_package(), arch.c_library_package()
    )]
    MissingLinker { arch: Arch, variable: String },

    #[error(
        "{} found no C library to link statically: install {} on Debian or Ubuntu, \
         or glibc-static on Fedora or Amazon Linux", linker.display(), arch.c_library_package()
    )]
    MissingLibrary { linker: PathBuf, arch: Arch },

    #[error("failed to run {}: {source}", program.display())]
    Run { program: PathBuf, source: io::Error },

    #[error("the build failed")]
    Build,

    #[error("failed to read or write {}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },

    #[error("failed to zip: {0}")]
    Zip(#[from] zip::result::ZipError),

    #[error("failed to zip: {0}")]
    ZipBytes(#[from] io::Error),

    #[error("bootstrap is not an ELF executable: {0}")]
    NotElf(#[from] object::read::Error),

    #[error("bootstrap was built for another architecture than {0}")]
    WrongArchitecture(Arch),

    #[error(
        "bootstrap needs libraries that Lambda may not have: the linker did not link it statically"
    )]
    DynamicallyLinked,
}
