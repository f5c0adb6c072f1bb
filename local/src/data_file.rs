//! The check of a data file before dynoxide opens it, so that a file of another program is not changed.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use rusqlite::{Connection, OpenFlags};

/// The first bytes of every SQLite database. Source: <https://sqlite.org/fileformat2.html#magic_header_string>
const MAGIC: &[u8] = b"SQLite format 3\0";

/// The tables that dynoxide creates, in one transaction, for its internal state.
const DYNOXIDE_TABLES: [&str; 3] = ["_config", "_tables", "_stream_records"];

/// The characters with a special meaning in the path of a URI.
const RESERVED: &AsciiSet = &CONTROLS.add(b'%').add(b'?').add(b'#');

/// Checks that a file is empty, a database in which nothing was ever stored, or a database that dynoxide created. Does
/// not change the file.
///
/// # Errors
/// Returns the reason if it is neither. The text fits after the name of the file and a colon.
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
    match is_dynoxide_database(path) {
        Ok(true) => Ok(()),
        Ok(false) => Err("it is an SQLite database of another program".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Returns `true` if dynoxide created the database, or if nothing was ever stored in it.
fn is_dynoxide_database(path: &str) -> Result<bool, Box<dyn Error>> {
    let schema = Schema::read(path);
    match &schema {
        Ok(schema) if schema.dynoxide_tables == DYNOXIDE_TABLES.len() => return Ok(true),
        Ok(schema) if schema.tables > 0 => return Ok(false),
        _ => {}
    }
    // A killed program leaves its first tables in the write-ahead log, and a partly written file is readable
    // only together with the log.
    match fs::read(format!("{path}-wal")) {
        Ok(log) if !log.is_empty() => Ok(creates_dynoxide_tables(&log)),
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(schema?.unmarked),
    }
}

/// The facts about a database file, without the tables that are still in its write-ahead log.
struct Schema {
    /// The number of tables.
    tables: usize,
    /// The number of [`DYNOXIDE_TABLES`] among them.
    dynoxide_tables: usize,
    /// `true` if the database has neither an application id nor a user version.
    unmarked: bool,
}

impl Schema {
    fn read(path: &str) -> rusqlite::Result<Self> {
        // With `immutable=1` SQLite takes no lock, recovers nothing, and creates no other file.
        let uri = format!("file:{}?immutable=1", utf8_percent_encode(path, RESERVED));
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        let database = Connection::open_with_flags(uri, flags)?;
        let mut names = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
        let names: Vec<String> = names
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let number = |name| database.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        Ok(Self {
            tables: names.len(),
            dynoxide_tables: DYNOXIDE_TABLES
                .iter()
                .filter(|table| names.iter().any(|name| name == *table))
                .count(),
            unmarked: number("application_id")? == 0 && number("user_version")? == 0,
        })
    }
}

/// Returns `true` if a write-ahead log has the statements that create dynoxide's tables. The log is searched as
/// bytes, because SQLite cannot read a log without writing to the files.
fn creates_dynoxide_tables(log: &[u8]) -> bool {
    DYNOXIDE_TABLES.iter().all(|name| {
        let statement = format!("CREATE TABLE {name} (");
        let mut windows = log.windows(statement.len());
        windows.any(|window| window == statement.as_bytes())
    })
}
