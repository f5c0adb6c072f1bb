//! Whether Lambda can run an executable: its processor, and the newest GLIBC that it asks for.

use std::fmt;

use object::Endianness;
use object::elf::{EM_AARCH64, EM_X86_64, FileHeader64};
use object::read::elf::FileHeader;

use crate::arch::Arch;
use crate::error::Error;

/// A version of the C library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    major: u32,
    minor: u32,
}

/// What provided.al2023 has: <https://docs.aws.amazon.com/linux/al2023/ug/glibc-gcc-and-binutils.html>.
const LAMBDA: Version = Version {
    major: 2,
    minor: 34,
};

/// The newest version asked for; none in an executable without dynamic linking.
#[derive(Debug, PartialEq, Eq)]
pub struct Glibc(Option<Version>);

impl fmt::Display for Glibc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(Version { major, minor }) => write!(f, "GLIBC_{major}.{minor} at most"),
            None => f.write_str("no GLIBC"),
        }
    }
}

pub fn check(executable: &[u8], arch: Arch) -> Result<Glibc, Error> {
    let header = FileHeader64::<Endianness>::parse(executable)?;
    let endian = header.endian()?;
    let machine = match arch {
        Arch::Arm64 => EM_AARCH64,
        Arch::X86_64 => EM_X86_64,
    };
    if header.e_machine(endian) != machine {
        return Err(Error::OtherProcessor(arch));
    }

    let sections = header.sections(endian, executable)?;
    let mut newest = None;
    if let Some((mut libraries, names)) = sections.gnu_verneed(endian, executable)? {
        let strings = sections.strings(endian, executable, names)?;
        while let Some((_, mut symbols)) = libraries.next()? {
            while let Some(symbol) = symbols.next()? {
                newest = newest.max(parse(symbol.name(endian, strings)?));
            }
        }
    }
    match newest {
        Some(Version { major, minor }) if newest > Some(LAMBDA) => {
            Err(Error::NewerGlibc { major, minor })
        }
        _ => Ok(Glibc(newest)),
    }
}

/// `GLIBC_2.2.5` is version 2.2 here: a third number never decided anything.
fn parse(name: &[u8]) -> Option<Version> {
    let mut numbers = std::str::from_utf8(name)
        .ok()?
        .strip_prefix("GLIBC_")?
        .split('.')
        .map(str::parse);
    Some(Version {
        major: numbers.next()?.ok()?,
        minor: numbers.next()?.ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_versions_of_the_c_library_alone() {
        assert_eq!(
            parse(b"GLIBC_2.34"),
            Some(Version {
                major: 2,
                minor: 34
            })
        );
        assert_eq!(parse(b"GLIBC_2.2.5"), Some(Version { major: 2, minor: 2 }));
        assert!(parse(b"GLIBC_2.4") < parse(b"GLIBC_2.34"));
        assert_eq!(parse(b"GCC_3.0"), None);
        assert_eq!(parse(b"GLIBC_PRIVATE"), None);
    }

    #[test]
    fn refuses_what_is_no_executable() {
        assert!(matches!(
            check(b"#!/bin/sh", Arch::X86_64),
            Err(Error::NoElf(_))
        ));
    }

    /// The test itself is an executable of this machine's.
    #[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
    #[test]
    fn knows_the_processor_and_the_c_library_of_an_executable() {
        let mut this = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert!(matches!(
            check(&this, Arch::Arm64),
            Err(Error::OtherProcessor(Arch::Arm64))
        ));
        assert!(matches!(
            check(&this, Arch::X86_64),
            Ok(Glibc(Some(_))) | Err(Error::NewerGlibc { .. })
        ));

        // The oldest version of all, renamed in its own length.
        let old = b"GLIBC_2.2.5";
        while let Some(at) = this.windows(old.len()).position(|window| window == old) {
            this[at..at + old.len()].copy_from_slice(b"GLIBC_2.225");
        }
        assert!(matches!(
            check(&this, Arch::X86_64),
            Err(Error::NewerGlibc {
                major: 2,
                minor: 225
            })
        ));
    }
}
