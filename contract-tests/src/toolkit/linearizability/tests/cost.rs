//! Bounds on the number of dead ends of the search in large histories, which decides how long the search takes; and on
//! the size of a minimised history.

use proptest::collection::vec;

use crate::toolkit::linearizability::history::{Entry, Operation};
use crate::toolkit::linearizability::linearize::{Search, is_linearizable};
use crate::toolkit::linearizability::minimise::minimise;
use crate::toolkit::linearizability::register::RegisterOperation::{
    Read, ReadOther, Replace, Update, Write,
};
use crate::toolkit::linearizability::register::{RegisterEntry, RegisterOperation, RegisterValue};
use crate::toolkit::linearizability::tests::entry;
use crate::toolkit::random::Sampling;

/// The number of clients that a simulation runs at the same time.
const CLIENTS: usize = 8;

/// The number of operations of each client.
const OPERATIONS: usize = 14;

/// The number of simulated histories of each kind.
const HISTORIES: u32 = 100;

/// The maximum number of dead ends in a simulated history. Some have more if the search lacks one of its shortcuts.
const MAX_DEAD_ENDS: usize = 20_000;

/// A request of a simulated client.
struct Request {
    entry: RegisterEntry,
    /// The time at which it takes effect, if ever.
    effect: Option<u64>,
    /// `true` if the service does not check the condition.
    is_unchecked: bool,
}

/// Returns `true` if the history is linearizable, and the number of dead ends.
fn search(entries: &[RegisterEntry]) -> (bool, usize) {
    let mut search = Search::new(entries);
    let is_linearizable = search.can_complete(0, 0);
    (is_linearizable, search.dead_ends.len())
}

/// Returns operations after all others, of which the last one is wrong.
fn stale_read() -> [RegisterEntry; 3] {
    let (stale, last) = (Some(10_000), Some(10_001));
    [
        entry(Write(stale), 10_000, 10_001),
        entry(Write(last), 10_002, 10_003),
        entry(Read(stale), 10_004, 10_005),
    ]
}

/// Simulates clients that contend for one item, as in the largest cases of the concurrent property. One write in five
/// is ambiguous, and takes effect at once, late, or never. The service does not check this percentage of the
/// conditions.
fn simulated(case: u32, unchecked: u64) -> Vec<RegisterEntry> {
    let sampling = Sampling { cases: 0, seed: 1 };
    let mut drawn = sampling
        .draw(&vec(0..1_000_000_u64, 1_500), case)
        .into_iter();
    let mut random = |end: u64| drawn.next().expect("enough random numbers") % end;
    let mut requests = Vec::new();
    for client in 0..CLIENTS {
        let mut time = random(10);
        for _ in 0..OPERATIONS {
            let operation = drawn_operation(random(20), requests.len() as u64);
            let arrival = time + 1 + random(10);
            let returned = arrival + 1 + random(10);
            let is_ambiguous = !matches!(operation, Read(_)) && random(5) == 0;
            let effect = match random(3) {
                0 if is_ambiguous => None,
                1 if is_ambiguous => Some(arrival + random(200)),
                _ => Some(arrival),
            };
            requests.push(Request {
                entry: Entry {
                    client,
                    ..entry(operation, time, (!is_ambiguous).then_some(returned))
                },
                effect,
                is_unchecked: random(100) < unchecked,
            });
            time = returned + random(5);
        }
    }
    run(&mut requests);
    requests.into_iter().map(|request| request.entry).collect()
}

/// Returns the operation with this number of 20. The values of reads and of conditions are set later.
fn drawn_operation(number: u64, value: u64) -> RegisterOperation {
    let (from, to) = (Some(value), Some(value));
    match number {
        0..=4 => Read(None),
        5..=7 => Write(to),
        8 => Write(None),
        9..=14 => Replace { from, to },
        15 => Replace { from, to: None },
        16..=17 => Replace { from: None, to },
        18 => Update(to),
        _ => Update(None),
    }
}

/// Lets the requests arrive and take effect in the order of their times, and completes their entries with the values
/// that the client and the service see.
fn run(requests: &mut [Request]) {
    let mut events = Vec::new();
    for (index, request) in requests.iter().enumerate() {
        events.push((request.entry.invoked, index, false));
        events.extend(request.effect.map(|time| (time, index, true)));
    }
    events.sort_unstable();
    let mut value: RegisterValue = None;
    let mut seen: [RegisterValue; CLIENTS] = [None; CLIENTS];
    for (_, index, takes_effect) in events {
        let request = &mut requests[index];
        let operation = &mut request.entry.operation;
        let seen = &mut seen[request.entry.client];
        if !takes_effect {
            // The client names the last value that it saw.
            if let Replace { from: Some(_), to } = *operation {
                *operation = seen.map_or(Write(to), |from| Replace {
                    from: Some(from),
                    to,
                });
            }
            continue;
        }
        let response = match *operation {
            Read(_) => Read(value),
            possible if possible.step(&value).is_some() || request.is_unchecked => possible,
            Replace { from, .. } => ReadOther(from),
            _ => Read(None),
        };
        if let Write(to) | Replace { to, .. } | Update(to) = response {
            value = to;
        }
        if request.entry.returned.is_some() {
            *operation = response;
            if !matches!(response, ReadOther(_)) {
                *seen = value.or(*seen);
            }
        }
    }
}

#[test]
fn histories_of_a_correct_service_are_checked_fast() {
    for case in 0..HISTORIES {
        let (is_linearizable, dead_ends) = search(&simulated(case, 0));
        assert!(is_linearizable, "case {case}");
        assert!(dead_ends <= MAX_DEAD_ENDS, "case {case}: {dead_ends}");
    }
}

#[test]
fn histories_of_a_service_that_loses_updates_are_checked_fast() {
    let mut rejected = 0;
    for case in 0..HISTORIES {
        let (is_linearizable, dead_ends) = search(&simulated(case, 20));
        rejected += u32::from(!is_linearizable);
        assert!(dead_ends <= MAX_DEAD_ENDS, "case {case}: {dead_ends}");
    }
    assert!(rejected >= HISTORIES / 2, "only {rejected} are rejected");
}

#[test]
fn nearly_all_large_histories_are_minimised_to_a_few_operations() {
    let rejected = (0..HISTORIES / 4)
        .map(|case| simulated(case, 20))
        .filter(|entries| !is_linearizable(entries));
    let minimised: Vec<_> = rejected.map(minimise).collect();
    assert!(minimised.iter().all(|entries| !is_linearizable(entries)));
    let few = minimised.iter().filter(|entries| entries.len() <= 6);
    let sizes: Vec<_> = minimised.iter().map(Vec::len).collect();
    assert!(10 * few.count() >= 9 * sizes.len(), "{sizes:?}");
}

#[test]
fn histories_with_a_stale_read_at_the_end_are_checked_fast() {
    for case in 0..HISTORIES {
        let mut entries = simulated(case, 0);
        entries.extend(stale_read());
        let (is_linearizable, dead_ends) = search(&entries);
        assert!(!is_linearizable, "case {case}");
        assert!(dead_ends <= MAX_DEAD_ENDS, "case {case}: {dead_ends}");
    }
}

#[test]
fn a_hundred_concurrent_operations_are_checked_fast() {
    let writes = (0..50).map(|n| entry(Write(Some(n)), n, 1000 + n));
    let reads = (0..50).map(|n| entry(Read(Some(n)), 100 + n, 900 + n));
    let entries: Vec<_> = writes.chain(reads).collect();
    assert_eq!(search(&entries), (true, 0));
}

#[test]
fn puts_that_are_never_read_are_checked_fast() {
    for concurrent in [8, 12] {
        let wave = |n| n / concurrent * 10;
        let waves = (0..120).map(|n| entry(Write(Some(n)), wave(n), wave(n) + 9));
        let mut entries: Vec<_> = waves.collect();
        entries.push(entry(Read(Some(0)), 1000, 1001));
        let (is_linearizable, dead_ends) = search(&entries);
        assert!(!is_linearizable);
        assert!(dead_ends <= 2 * entries.len(), "{dead_ends} dead ends");
    }
}

#[test]
fn many_ambiguous_writes_are_checked_fast() {
    // Eight clients send one PUT after another. Every fourth response is lost, and half of those writes are read late.
    let puts = (0..88).map(|n| {
        let begin = n / 8 * 10;
        entry(Write(Some(n)), begin, (n % 4 > 0).then_some(begin + 9))
    });
    let late = (0..11).map(|n| entry(Read(Some(8 * n)), 200 + 2 * n, 201 + 2 * n));
    let mut entries: Vec<_> = puts.chain(late).collect();
    let (is_linearizable, dead_ends) = search(&entries);
    assert!(is_linearizable);
    assert!(dead_ends <= entries.len(), "{dead_ends} dead ends");
    // A value that was read, and replaced since, cannot be read again.
    entries.push(entry(Read(Some(8)), 300, 301));
    let (is_linearizable, dead_ends) = search(&entries);
    assert!(!is_linearizable);
    assert!(dead_ends <= entries.len(), "{dead_ends} dead ends");
}

#[test]
fn ambiguous_operations_that_became_impossible_are_checked_fast() {
    // Each value was replaced or deleted by an ambiguous operation before the next one was put.
    let mut entries = Vec::new();
    for n in 0..24 {
        let (value, time) = (Some(n), 10 * n);
        let other = Some(100 + n);
        entries.push(entry(Write(value), time, time + 1));
        let replacement = Replace {
            from: value,
            to: other,
        };
        entries.push(entry(replacement, time, None));
        entries.push(entry(Write(None), time, None));
        entries.push(entry(ReadOther(value), time + 2, time + 3));
    }
    entries.extend([
        entry(ReadOther(None), 500, 501),
        entry(Read(None), 500, 501),
    ]);
    entries.extend(stale_read());
    let (is_linearizable, dead_ends) = search(&entries);
    assert!(!is_linearizable);
    assert!(dead_ends <= MAX_DEAD_ENDS, "{dead_ends} dead ends");
}

#[test]
fn chains_of_ambiguous_operations_are_checked_fast() {
    // Any of the values may have been created and deleted any number of times before the next one is read.
    let values = 0..16;
    let created = values.clone().map(|n| Replace {
        from: None,
        to: Some(n),
    });
    let deleted = values.clone().map(|_| Update(None));
    let ambiguous = created.chain(deleted);
    let mut entries: Vec<_> = ambiguous
        .map(|operation| entry(operation, 0, None))
        .collect();
    for n in values {
        entries.push(entry(Read(Some(n)), 10 * n + 1, 10 * n + 2));
    }
    entries.extend(stale_read());
    let (is_linearizable, dead_ends) = search(&entries);
    assert!(!is_linearizable);
    assert!(dead_ends <= MAX_DEAD_ENDS, "{dead_ends} dead ends");
}
