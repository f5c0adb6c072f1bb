//! A copy of a table that is one write behind the table, for the reads that are not strongly consistent.

use std::mem::take;
use std::sync::{Mutex, PoisonError};

use hyper::body::Bytes;
use local::embedded::Embedded;

/// The copy of a table in this process. While all reads are strongly consistent, the copy only keeps the writes, and
/// applies none of them.
///
/// The copy applies the writes in the order in which they ended. If two writes of an item overlap, the table may have
/// applied them in the other order.
#[derive(Debug, Default)]
pub(super) struct Replica {
    pending: Mutex<Vec<Change>>,
    /// Locked while changes are applied, so that they keep their order.
    copy: tokio::sync::Mutex<Option<Embedded>>,
}

/// A request that changed the table: its target and its body.
type Change = (String, Bytes);

impl Replica {
    /// Keeps a request that created or changed the table, in order to apply it later.
    pub fn record(&self, target: &str, body: Bytes) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.push((target.to_owned(), body));
    }

    /// Executes a read on the copy. Returns the HTTP status and the body of the response.
    ///
    /// # Errors
    /// If the copy cannot be created.
    pub async fn read(&self, target: &str, body: Bytes) -> Result<(u16, String), local::Error> {
        let mut copy = self.copy.lock().await;
        let copy = match &mut *copy {
            Some(copy) => copy,
            copy => copy.insert(Embedded::in_memory()?),
        };
        for (target, body) in self.take_due() {
            copy.execute(&target, body).await;
        }
        Ok(copy.execute(target, body).await)
    }

    /// Removes the pending changes that the copy has to show: all but the latest write.
    fn take_due(&self) -> Vec<Change> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let is_write = |(target, _): &mut Change| !target.ends_with("CreateTable");
        let latest = pending.pop_if(is_write);
        let due = take(&mut *pending);
        pending.extend(latest);
        due
    }
}
