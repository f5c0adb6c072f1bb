//! What several clients do at once: few items, and values that no two writes share.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::toolkit::dynamodb::fault::Fault;

/// The most items that there are to fight for.
const CONTENDED_ITEMS: usize = 3;

/// How many items there are besides, which nobody touches once they are there: every list must show
/// them, whatever is done to the others meanwhile.
const BYSTANDERS: usize = 2;

/// How many items there are at most. The first of them are the bystanders.
pub const ITEMS: usize = BYSTANDERS + CONTENDED_ITEMS;

/// Who does what.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What is done first, by one client alone.
    pub initial: Vec<Action>,
    /// What each client does then, all at once.
    pub clients: Vec<Vec<Action>>,
    /// What the service's requests to the table come to meanwhile, where there is a proxy.
    pub faults: Vec<Fault>,
}

/// One thing that a client does.
#[derive(Clone, Copy, Debug)]
pub enum Action {
    /// Puts a new value.
    Put(usize),
    /// Deletes the item.
    Delete(usize),
    /// Reads the item.
    Get(usize),
    /// Follows the list to its end, in pages of so many.
    List(u16),
}

/// Plans of 2 to 8 clients, who do up to 120 things, at times all to the same item.
pub fn plan() -> impl Strategy<Value = Plan> {
    (1..=CONTENDED_ITEMS).prop_flat_map(|keys| {
        let client = vec(action(keys), 1..=14);
        let initial = vec(action(keys), 0..=6);
        (initial, vec(client, 2..=8), faults()).prop_map(|(initial, clients, faults)| Plan {
            initial: (0..BYSTANDERS).map(Action::Put).chain(initial).collect(),
            clients,
            faults,
        })
    })
}

fn action(keys: usize) -> impl Strategy<Value = Action> {
    let key = move || BYSTANDERS..BYSTANDERS + keys;
    prop_oneof![
        9 => key().prop_map(Action::Put),
        3 => key().prop_map(Action::Delete),
        6 => key().prop_map(Action::Get),
        2 => (1_u16..=3).prop_map(Action::List),
    ]
}

/// Faults that come alone, and throttling that goes on until the service gives up.
fn faults() -> impl Strategy<Value = Vec<Fault>> {
    let group = prop_oneof![
        12 => fault().prop_map(|fault| vec![fault]),
        1 => (4_usize..=12).prop_map(|times| vec![Fault::Throttle; times]),
    ];
    vec(group, 0..=40).prop_map(|groups| groups.concat())
}

/// Mostly nothing unusual. What hangs makes every case long, so it is rare here.
fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        55 => Just(Fault::Pass),
        5 => Just(Fault::Slow),
        8 => Just(Fault::Throttle),
        6 => Just(Fault::InternalError),
        6 => Just(Fault::Empty),
        3 => Just(Fault::Malformed),
        4 => Just(Fault::DropBeforeApply),
        6 => Just(Fault::DropAfterApply),
        10 => Just(Fault::ApplyLater),
        1 => Just(Fault::HangAfterApply),
        1 => Just(Fault::Denied),
    ]
}
