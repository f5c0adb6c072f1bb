//! The script of a proxy: the faults of the requests to come, and the writes that are applied later.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::HeaderMap;
use hyper::body::Bytes;
use serde_json::Value;

use crate::toolkit::dynamodb::fault::Fault;

/// The faults of the next requests to the table, in order, and the default for all requests after them. Clones
/// share the faults.
#[derive(Clone, Debug, Default)]
pub struct Script(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    scripted: VecDeque<Fault>,
    default_fault: Option<Fault>,
    /// `true` if reads pass, and take no fault from the script.
    spares_reads: bool,
    /// The faults that were met so far, by the id of the API's request.
    met: HashMap<String, Vec<Fault>>,
    /// The number of writes that the service sent, faulty or not.
    writes: usize,
    /// The item that another writer puts directly before the next write.
    interleaved: Option<Value>,
    /// The writes with [`Fault::ApplyLater`] that are not applied yet.
    delayed: Vec<DelayedWrite>,
}

/// The headers and the body of a write.
type DelayedWrite = (HeaderMap, Bytes);

impl Script {
    /// Appends faults to the script, one for each of the next requests.
    pub fn enqueue(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state().scripted.extend(faults);
    }

    /// Sets the fault of every request after those of the script; `None` lets them pass.
    pub fn set_default(&self, fault: Option<Fault>) {
        self.state().default_fault = fault;
    }

    /// Lets every read pass, so that the faults are for writes only.
    pub fn spare_reads(&self) {
        self.state().spares_reads = true;
    }

    /// Lets another writer put this item, in DynamoDB's form, directly before the next write of the service.
    pub fn interleave(&self, item: Value) {
        self.state().interleaved = Some(item);
    }

    /// Removes the item that another writer puts before the next write.
    pub(super) fn take_interleaved(&self) -> Option<Value> {
        self.state().interleaved.take()
    }

    /// Removes all faults, so that every request passes.
    pub fn reset(&self) {
        let mut state = self.state();
        state.scripted.clear();
        state.default_fault = None;
        state.spares_reads = false;
    }

    /// Returns `true` if a request would meet a fault, or if requests are left in the script.
    #[must_use]
    pub fn has_faults(&self) -> bool {
        let state = self.state();
        state.default_fault.is_some() || !state.scripted.is_empty()
    }

    /// Removes the faults that the API's request with this id has met, and returns them in their order. A request to
    /// the table names the API's request in the header [`REQUEST_ID`](super::proxy::REQUEST_ID).
    #[must_use]
    pub fn take_faults_of(&self, request_id: &str) -> Vec<Fault> {
        let faults = self.state().met.remove(request_id);
        faults.unwrap_or_default()
    }

    /// Records a fault that the API's request with this id has met.
    pub(super) fn record(&self, request_id: &str, fault: Fault) {
        if fault != Fault::Pass {
            let met = &mut self.state().met;
            met.entry(request_id.to_owned()).or_default().push(fault);
        }
    }

    /// Returns the number of writes that the service sent so far.
    #[must_use]
    pub fn writes(&self) -> usize {
        self.state().writes
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic cannot leave a script half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the fault of the next request, removes it from the script, and counts the request if it is a write.
    pub(super) fn next_fault(&self, is_write: bool) -> Fault {
        let mut state = self.state();
        state.writes += usize::from(is_write);
        if !is_write && state.spares_reads {
            return Fault::Pass;
        }
        let default_fault = state.default_fault.unwrap_or(Fault::Pass);
        state.scripted.pop_front().unwrap_or(default_fault)
    }

    /// Keeps a write, in order to apply it later.
    pub(super) fn delay(&self, write: DelayedWrite) {
        self.state().delayed.push(write);
    }

    /// Removes the delayed writes whose body is due, in the order in which they came.
    pub(super) fn take_delayed(&self, is_due: impl Fn(&Bytes) -> bool) -> Vec<DelayedWrite> {
        let mut state = self.state();
        let due = state.delayed.extract_if(.., |(_, body)| is_due(body));
        due.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_that_is_spared_takes_no_fault() {
        let script = Script::default();
        script.spare_reads();
        script.enqueue([Fault::Hang]);
        script.set_default(Some(Fault::Slow));
        let faults = [false, true, false, true].map(|is_write| script.next_fault(is_write));
        assert_eq!(faults, [Fault::Pass, Fault::Hang, Fault::Pass, Fault::Slow]);
        script.reset();
        script.enqueue([Fault::Hang]);
        assert_eq!(script.next_fault(false), Fault::Hang);
    }
}
