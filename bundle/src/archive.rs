//! The zip: one executable `bootstrap` with a fixed date, so that the same executable gives the same zip.

use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use crate::error::Error;

/// The name of the executable that the runtime provided.al2023 starts.
const ENTRY_NAME: &str = "bootstrap";

pub fn pack(executable: &[u8]) -> Result<Vec<u8>, Error> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        .last_modified_time(DateTime::default())
        .unix_permissions(0o755);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file(ENTRY_NAME, options)?;
    archive.write_all(executable)?;
    Ok(archive.finish()?.into_inner())
}

pub fn unpack(zip: &[u8]) -> Result<Vec<u8>, Error> {
    let mut executable = Vec::new();
    ZipArchive::new(Cursor::new(zip))?
        .by_name(ENTRY_NAME)?
        .read_to_end(&mut executable)?;
    Ok(executable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_executable_gives_the_same_zip() {
        assert_eq!(pack(b"code").unwrap(), pack(b"code").unwrap());
    }

    #[test]
    fn the_zip_has_one_executable_with_a_fixed_date() {
        let zip = pack(b"code").unwrap();
        let mut archive = ZipArchive::new(Cursor::new(&zip)).unwrap();
        assert_eq!(archive.len(), 1);
        let entry = archive.by_index(0).unwrap();
        assert_eq!(entry.name().unwrap(), "bootstrap");
        assert_eq!(entry.unix_mode(), Some(0o100_755));
        assert_eq!(entry.last_modified(), Some(DateTime::default()));
    }

    #[test]
    fn unpack_returns_the_packed_executable() {
        assert_eq!(unpack(&pack(b"code").unwrap()).unwrap(), b"code");
    }
}
