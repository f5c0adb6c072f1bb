//! The features of a case: the kinds of operations that its sequence may have.

use proptest::bool::weighted;
use proptest::prelude::*;

/// The weights of kinds of operations in one case. PUTs of items and GETs are in every case; their weight is 25 each.
/// A weight of zero leaves a kind out.
///
/// Each case has a random subset of them ("swarm testing"). A sequence with everything in it has little of each, and
/// one kind can hide the effect of another: an item that is soon deleted is not listed. Expensive kinds take time in
/// their cases only.
///
/// Source: Groce et al., "Swarm Testing", ISSTA 2012.
#[derive(Clone, Copy, Debug)]
pub struct Features {
    /// PUTs that must be refused, and requests without a route.
    pub refusals: u32,
    /// DELETEs.
    pub deletes: u32,
    /// Lists, as one page or page by page.
    pub lists: u32,
    /// Requests with conditions.
    pub conditions: u32,
    /// PUTs of many small items.
    pub many: u32,
    /// PUTs of a few heavy items.
    pub heavy: u32,
}

/// Draws the features of a case.
pub fn features() -> impl Strategy<Value = Features> {
    let included = (
        weighted(0.7),
        weighted(0.7),
        weighted(0.7),
        weighted(0.5),
        weighted(0.25),
        weighted(0.1),
    );
    included.prop_map(|(refusals, deletes, lists, conditions, many, heavy)| {
        let weight = |is_included, weight| if is_included { weight } else { 0 };
        Features {
            refusals: weight(refusals, 15),
            deletes: weight(deletes, 15),
            lists: weight(lists, 15),
            conditions: weight(conditions, 20),
            many: weight(many, 2),
            heavy: weight(heavy, 2),
        }
    })
}
