//! The look at a data file before it is used: a file of another program is left as it is.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use rusqlite::{Connection, OpenFlags};

/// The first bytes of every SQLite database. Source: <https://sqlite.org/fileformat2.html#magic_header_string>
const MAGIC: &[u8] = b"SQLite format 3\0";

/// The characters that mean something else in the path of a URI.
const RESERVED: &AsciiSet = &CONTROLS.add(b'%').add(b'?').add(b'#');

/// Checks that a file is empty, or one that an embedded DynamoDB made, without changing a byte of it.
///
/// # Errors
/// Why it is not, in words that fit after the name of the file.
pub(crate) fn check(mut file: File, path: &str) -> Result<(), String> {
    let unreadable = |error: io::Error| error.to_string();
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err("it is not a regular file".to_owned());
    }
    if metadata.len() == 0 {
        return Ok(());
    }
    let mut start = Vec::new();
    (&mut file)
        .take(MAGIC.len() as u64)
        .read_to_end(&mut start)
        .map_err(unreadable)?;
    if start != MAGIC {
        return Err("it is not an SQLite database".to_owned());
    }
    match has_our_tables(path) {
        Ok(true) => Ok(()),
        Ok(false) => Err("it is an SQLite database of another program".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Returns `true` if the database has the tables in which dynoxide keeps its own state.
fn has_our_tables(path: &str) -> Result<bool, Box<dyn Error>> {
    // Immutable: SQLite then takes no lock, recovers nothing, and makes no file beside this one.
    let uri = format!("file:{}?immutable=1", utf8_percent_encode(path, RESERVED));
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let database = Connection::open_with_flags(uri, flags)?;
    let (tables, ours): (u32, u32) = database.query_row(
        "SELECT count(*), count(*) FILTER (WHERE name IN ('_config', '_tables'))
         FROM sqlite_schema WHERE type = 'table'",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    if tables == 0 {
        return Ok(log_makes_our_tables(path)?);
    }
    Ok(ours == 2)
}

/// Returns `true` if the write-ahead log has the statement that makes the first of our tables, as it has
/// when a program was killed before SQLite moved anything out of the log. SQLite itself could not read
/// the log without writing to the files.
fn log_makes_our_tables(path: &str) -> io::Result<bool> {
    const STATEMENT: &[u8] = b"CREATE TABLE _config (";
    match fs::read(format!("{path}-wal")) {
        Ok(log) => Ok(log.windows(STATEMENT.len()).any(|bytes| bytes == STATEMENT)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
