//! Plans for concurrent clients: each client's PUTs, DELETEs and GETs, with and without conditions, and lists.

use proptest::bool::weighted;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::toolkit::dynamodb::fault::Fault;
use crate::toolkit::dynamodb::faulty_response::{FAULTY_RESPONSES, FailureKind, FaultyResponse};

/// The maximum number of items that the clients contend for.
const MAX_CONTENDED_ITEMS: usize = 3;

/// The number of items that no client changes after they are put: every list must show them, whatever happens to the
/// contended items.
const BYSTANDERS: usize = 2;

/// The maximum number of items of a plan. The first ones are the bystanders.
pub const MAX_ITEMS: usize = BYSTANDERS + MAX_CONTENDED_ITEMS;

/// The actions of every client, and the faults of the table.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The actions of a single client before the concurrent clients start.
    pub initial: Vec<Action>,
    /// The actions of each concurrent client.
    pub clients: Vec<Vec<Action>>,
    /// The faults of the requests to the table meanwhile, if there is a proxy.
    pub faults: Vec<Fault>,
}

/// One action of a client. The number of a PUT, DELETE or GET is that of the item.
#[derive(Clone, Copy, Debug)]
pub enum Action {
    /// Puts a new value, on this condition.
    Put(usize, Condition),
    /// Deletes the item, on this condition.
    Delete(usize, Condition),
    /// Reads the item; with `true` only if it has changed since the client has seen it.
    Get(usize, bool),
    /// Follows the list to its end, with this limit of each page.
    List(u16),
}

/// The condition of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// None.
    Always,
    /// The item has the latest tag that the client has seen of it (`If-Match: "…"`). If it has seen none, a PUT needs
    /// the item not to exist, and a DELETE needs it to exist.
    Unchanged,
    /// The item does not exist (`If-None-Match: *`).
    Absent,
    /// The item exists (`If-Match: *`).
    Present,
}

/// Draws plans of 2 to 8 clients with up to 120 actions in total, sometimes with only one contended item. Some plans
/// have no conditions, because a condition hides some bugs of writes.
pub fn plan() -> impl Strategy<Value = Plan> {
    (1..=MAX_CONTENDED_ITEMS, weighted(0.6)).prop_flat_map(|(keys, has_conditions)| {
        let client = vec(action(keys, has_conditions), 1..=14);
        let initial = vec(action(keys, has_conditions), 0..=6);
        (initial, vec(client, 2..=8), faults()).prop_map(|(initial, clients, faults)| {
            let bystanders = (0..BYSTANDERS).map(|key| Action::Put(key, Condition::Always));
            Plan {
                initial: bystanders.chain(initial).collect(),
                clients,
                faults,
            }
        })
    })
}

fn action(keys: usize, has_conditions: bool) -> impl Strategy<Value = Action> {
    let key = move || BYSTANDERS..BYSTANDERS + keys;
    let conditional = u32::from(has_conditions);
    let put = (
        key(),
        condition(4, 6 * conditional, 3 * conditional, conditional),
    );
    let delete = (key(), condition(3, conditional, 0, conditional));
    let get = (key(), weighted(if has_conditions { 0.3 } else { 0.0 }));
    prop_oneof![
        9 => put.prop_map(|(key, condition)| Action::Put(key, condition)),
        3 => delete.prop_map(|(key, condition)| Action::Delete(key, condition)),
        6 => get.prop_map(|(key, if_changed)| Action::Get(key, if_changed)),
        2 => (1_u16..=3).prop_map(Action::List),
    ]
}

/// Draws a condition with these weights.
fn condition(
    always: u32,
    unchanged: u32,
    absent: u32,
    present: u32,
) -> impl Strategy<Value = Condition> {
    prop_oneof![
        always => Just(Condition::Always),
        unchanged => Just(Condition::Unchanged),
        absent => Just(Condition::Absent),
        present => Just(Condition::Present),
    ]
}

/// Draws single faults, and throttling of several requests in a row, after which the service may give up.
fn faults() -> impl Strategy<Value = Vec<Fault>> {
    let throttled = response(|response| response.kind == FailureKind::Throttled);
    let group = prop_oneof![
        12 => fault().prop_map(|fault| vec![fault]),
        1 => (throttled, 4_usize..=12).prop_map(|(fault, times)| vec![fault; times]),
    ];
    vec(group, 0..=40).prop_map(|groups| groups.concat())
}

/// Draws a fault, in about half of the cases [`Fault::Pass`]. A request that hangs makes the case long, and a conflict
/// or a rejection only ends a request, so these are rare here.
fn fault() -> impl Strategy<Value = Fault> {
    let kind = |kind| response(move |response| response.kind == kind && response.status != 200);
    prop_oneof![
        55 => Just(Fault::Pass),
        5 => Just(Fault::Slow),
        7 => kind(FailureKind::Throttled),
        1 => kind(FailureKind::Conflict),
        6 => kind(FailureKind::Ambiguous),
        9 => response(|response| response.status == 200),
        4 => Just(Fault::DropBeforeApply),
        6 => Just(Fault::DropAfterApply),
        10 => Just(Fault::ApplyLater),
        1 => select(vec![Fault::Hang, Fault::HangAfterApply]),
        1 => kind(FailureKind::Rejected),
    ]
}

/// Draws one of these faulty responses.
fn response(is_wanted: impl Fn(&FaultyResponse) -> bool) -> impl Strategy<Value = Fault> {
    let wanted = FAULTY_RESPONSES
        .iter()
        .filter(|response| is_wanted(response));
    select(wanted.map(Fault::Response).collect::<Vec<_>>())
}
