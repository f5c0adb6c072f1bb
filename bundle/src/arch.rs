//! The two architectures that Lambda offers, with their names in Lambda, Rust and Debian.

use std::fmt;

use clap::ValueEnum;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Arch {
    #[value(name = "arm64", alias = "aarch64")]
    Arm64,
    #[value(name = "x86_64", aliases = ["amd64", "x86-64"])]
    X86_64,
}

impl Arch {
    /// Returns the Rust target to build for.
    pub fn target(self) -> &'static str {
        match self {
            Self::Arm64 => "aarch64-unknown-linux-gnu",
            Self::X86_64 => "x86_64-unknown-linux-gnu",
        }
    }

    /// Returns Debian's name of the C cross-compiler, which is used as the linker for this architecture.
    pub fn cross_linker(self) -> &'static str {
        match self {
            Self::Arm64 => "aarch64-linux-gnu-gcc",
            Self::X86_64 => "x86_64-linux-gnu-gcc",
        }
    }

    /// Returns the Debian package of the C cross-compiler.
    pub fn cross_linker_package(self) -> &'static str {
        match self {
            Self::Arm64 => "gcc-aarch64-linux-gnu",
            Self::X86_64 => "gcc-x86-64-linux-gnu",
        }
    }

    /// Returns the Debian package of the C library to link.
    pub fn c_library_package(self) -> &'static str {
        match self {
            _ if self.is_host() => "libc6-dev",
            Self::Arm64 => "libc6-dev-arm64-cross",
            Self::X86_64 => "libc6-dev-amd64-cross",
        }
    }

    /// Returns `true` if this machine has this architecture, and runs Linux with glibc.
    pub fn is_host(self) -> bool {
        cfg!(all(target_os = "linux", target_env = "gnu"))
            && match self {
                Self::Arm64 => cfg!(target_arch = "aarch64"),
                Self::X86_64 => cfg!(target_arch = "x86_64"),
            }
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Arm64 => "arm64",
            Self::X86_64 => "x86_64",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_common_name_of_an_architecture_is_accepted() {
        for (name, arch) in [
            ("arm64", Arch::Arm64),
            ("aarch64", Arch::Arm64),
            ("x86_64", Arch::X86_64),
            ("x86-64", Arch::X86_64),
            ("amd64", Arch::X86_64),
        ] {
            assert_eq!(Arch::from_str(name, false), Ok(arch), "{name}");
        }
        assert!(Arch::from_str("i386", false).is_err());
    }
}
