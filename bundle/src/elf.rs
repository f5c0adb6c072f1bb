//! Whether Lambda can run an executable: it is for the right processor, and complete.

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
        return Err(Error::OtherProcessor(arch));
    }
    // What is joined with libraries when it starts, or moved, has a segment that says how.
    let segments = header.program_headers(endian, executable)?;
    if segments
        .iter()
        .any(|segment| segment.p_type(endian) == PT_DYNAMIC)
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
        let mut this = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert!(matches!(
            check(&this, Arch::Arm64),
            Err(Error::OtherProcessor(Arch::Arm64))
        ));
        assert!(matches!(check(&this, Arch::X86_64), Err(Error::Dynamic)));

        // The same, with the types of all its segments struck out.
        let header = FileHeader64::<Endianness>::parse(&*this).unwrap();
        let endian = header.endian().unwrap();
        let segments = usize::try_from(header.e_phoff(endian)).unwrap();
        let (size, count) = (header.e_phentsize(endian), header.e_phnum(endian));
        for segment in 0..count {
            let at = segments + usize::from(segment * size);
            this[at..at + 4].fill(0);
        }
        assert!(check(&this, Arch::X86_64).is_ok());
    }
}
