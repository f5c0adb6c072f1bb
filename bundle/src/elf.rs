//! Whether Lambda can run an executable: it is for the right processor, and needs no library of the system's.

use object::Endianness;
use object::elf::{EM_AARCH64, EM_X86_64, FileHeader64, PT_INTERP};
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
        return Err(Error::OtherProcessor(arch));
    }
    // What looks for libraries is a program of its own, and named first.
    let segments = header.program_headers(endian, executable)?;
    if segments
        .iter()
        .any(|segment| segment.p_type(endian) == PT_INTERP)
    {
        return Err(Error::Dynamic);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_no_executable() {
        assert!(matches!(
            check(b"#!/bin/sh", Arch::X86_64),
            Err(Error::NoElf(_))
        ));
    }

    /// The test itself is an executable of this machine's, linked as Rust does unless it is told otherwise.
    #[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
    #[test]
    fn refuses_another_processor_and_other_libraries() {
        let this = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert!(matches!(
            check(&this, Arch::Arm64),
            Err(Error::OtherProcessor(Arch::Arm64))
        ));
        assert!(matches!(check(&this, Arch::X86_64), Err(Error::Dynamic)));
    }
}
