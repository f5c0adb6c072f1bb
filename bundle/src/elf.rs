//! The check that Lambda can run an executable: it is for the right architecture, and statically linked.

use object::Endianness;
use object::elf::{EM_AARCH64, EM_X86_64, FileHeader64, PT_DYNAMIC};
use object::read::elf::{FileHeader, ProgramHeader};

use crate::arch::Arch;
use crate::error::Error;

pub fn check(executable: &[u8], arch: Arch) -> Result<(), Error> {
    let header = FileHeader64::<Endianness>::parse(executable)?;
    let endian = header.endian()?;
    let machine = match arch {
        Arch::Arm64 => EM_AARCH64,
        Arch::X86_64 => EM_X86_64,
    };
    if header.e_machine(endian) != machine {
        return Err(Error::WrongArchitecture(arch));
    }
    // An executable that is dynamically linked or relocated at its start has a segment PT_DYNAMIC.
    let segments = header.program_headers(endian, executable)?;
    if segments
        .iter()
        .any(|segment| segment.p_type(endian) == PT_DYNAMIC)
    {
        return Err(Error::DynamicallyLinked);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_rejected() {
        assert!(matches!(
            check(b"#!/bin/sh", Arch::X86_64),
            Err(Error::NotElf(_))
        ));
    }

    /// The test itself is an executable for this machine, and Rust links it dynamically by default.
    #[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
    #[test]
    fn another_architecture_and_dynamic_linking_are_rejected() {
        let mut executable = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert!(matches!(
            check(&executable, Arch::Arm64),
            Err(Error::WrongArchitecture(Arch::Arm64))
        ));
        assert!(matches!(
            check(&executable, Arch::X86_64),
            Err(Error::DynamicallyLinked)
        ));

        // The same executable, with the types of all its segments set to zero.
        let header = FileHeader64::<Endianness>::parse(&*executable).unwrap();
        let endian = header.endian().unwrap();
        let segments = usize::try_from(header.e_phoff(endian)).unwrap();
        let (size, count) = (header.e_phentsize(endian), header.e_phnum(endian));
        for segment in 0..count {
            let offset = segments + usize::from(segment * size);
            executable[offset..offset + 4].fill(0);
        }
        assert!(check(&executable, Arch::X86_64).is_ok());
    }
}
