//! The least of a rejected history that is still rejected, found without running anything again.

use crate::concurrency::history::{Effect, Event};
use crate::concurrency::linearize::is_linearizable;

/// Leaves out all that the rejection does not need. Only what cannot make a history worse is ever left
/// out: a read, or a write whose value nobody reads in what is left.
#[must_use]
pub fn minimise(mut events: Vec<Event>) -> Vec<Event> {
    let mut at = 0;
    while at < events.len() {
        let mut fewer = events.clone();
        let removed = fewer.remove(at);
        let sound = match removed.effect {
            Effect::Read(_) => true,
            Effect::Write(value) => fewer.iter().all(|event| event.read() != Some(value)),
        };
        if sound && !is_linearizable(&fewer) {
            // What stood in the way of an earlier removal may be gone now.
            events = fewer;
            at = 0;
        } else {
            at += 1;
        }
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(effect: Effect, at: u64) -> Event {
        Event {
            client: 0,
            effect,
            invoked: at,
            returned: Some(at + 1),
        }
    }

    #[test]
    fn a_lost_write_is_two_operations() {
        let effects = [
            Effect::Write(Some(1)),
            Effect::Read(Some(1)),
            Effect::Write(None),
            Effect::Read(None),
            Effect::Write(Some(2)),
            Effect::Write(Some(3)),
            Effect::Read(Some(2)),
            Effect::Read(Some(2)),
        ];
        let events = effects
            .into_iter()
            .zip(0..)
            .map(|(effect, at)| event(effect, 2 * at));
        let least = minimise(events.collect());
        let effects: Vec<_> = least.iter().map(|event| event.effect).collect();
        assert_eq!(
            effects,
            [
                Effect::Write(Some(2)),
                Effect::Write(Some(3)),
                Effect::Read(Some(2))
            ]
        );
    }
}
